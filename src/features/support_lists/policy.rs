//! Who may do what with support lists.

use crate::auth::permit::actions;

actions! {
    /// Read lists and entries.
    ReadLists = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer];
    /// Draft lists; enter, change and exclude schools.
    DraftLists = writes [MunicipalHead, MunicipalOfficer];
    /// Approve and cancel.
    ApproveLists = writes [MunicipalHead];
}
