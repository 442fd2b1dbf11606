//! Who may import, and read what became of it.

use crate::auth::permit::actions;

actions! {
    /// Read the imports of the own municipality and what was wrong with their rows; a client its own.
    ReadJobs = reads [MunicipalHead, MunicipalOfficer] or [SchoolsWrite, ListsWrite];
    /// Import rows; each kind also asks who may write such a row by itself.
    ImportRows = writes [MunicipalHead, MunicipalOfficer] or [SchoolsWrite, ListsWrite];
}
