//! Who may do what with recommendations.

use crate::auth::permit::actions;

actions! {
    /// Read recommendations; a school those issued to it, a region those issued.
    ReadRecommendations = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer];
    /// Draft, issue, cancel and track recommendations of the own municipality.
    WriteRecommendations = writes [MunicipalHead, MunicipalOfficer];
    /// Verify, reopen and cancel the part of a school.
    ReviewAddressees = writes [MunicipalHead, MunicipalOfficer];
    /// Acknowledge, start and complete for the own school.
    FollowRecommendations = writes [SchoolHead];
}
