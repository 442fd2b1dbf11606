//! Who may ask for hints.

use crate::auth::permit::actions;

actions! {
    /// Read which schools of the own municipality fall under the criterion of support lists.
    ReadHints = reads [MunicipalHead, MunicipalOfficer];
}
