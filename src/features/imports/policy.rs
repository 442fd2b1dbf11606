//! Who may import, and read what became of it.

use crate::auth::permit::actions;

actions! {
    /// Read the imports of the own municipality and what was wrong with their rows.
    ReadJobs = reads [MunicipalHead, MunicipalOfficer];
    /// Import rows; each kind also asks who may write such a row by itself.
    ImportRows = writes [MunicipalHead, MunicipalOfficer];
}
