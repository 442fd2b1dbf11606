//! Who may do what with road maps and measures; whose map it is decides the scope.

use crate::auth::permit::actions;

actions! {
    /// Read road maps and measures.
    ReadRoadMaps = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [PlansRead];
    /// Draft, change, delete and cancel drafts; start a new edition or a copy.
    DraftRoadMaps = writes [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator];
    /// Approve a draft.
    ApproveRoadMaps = writes [MunicipalHead, SchoolHead];
    /// Close an approved map.
    CloseRoadMaps = writes [MunicipalHead, MunicipalOfficer, SchoolHead];
}
