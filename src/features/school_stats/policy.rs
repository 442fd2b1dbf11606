//! Who may do what with the statistics of schools.

use crate::auth::permit::actions;

actions! {
    /// Read the statistics of schools within the scope.
    ReadStats = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator];
    /// Enter and correct the statistics of schools of the own municipality.
    WriteStats = writes [MunicipalHead, MunicipalOfficer];
}
