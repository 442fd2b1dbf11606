//! Who may do what with support lists.

use crate::auth::permit::actions;

actions! {
    /// Read lists and entries.
    ReadLists = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [ListsRead];
    /// Draft a list; clients do so by an import.
    CreateLists = writes [MunicipalHead, MunicipalOfficer];
    /// Change drafts; enter, change and exclude schools.
    DraftLists = writes [MunicipalHead, MunicipalOfficer] or [ListsWrite];
    /// Approve and cancel.
    ApproveLists = writes [MunicipalHead];
}
