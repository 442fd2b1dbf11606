//! Who may do what with recommendations.

use crate::auth::permit::actions;

actions! {
    /// Read recommendations; a school those issued to it, a region those issued.
    ReadRecommendations = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [RecommendationsRead];
    /// Draft, issue, cancel and track recommendations of the own municipality.
    WriteRecommendations = writes [MunicipalHead, MunicipalOfficer];
    /// Verify, reopen and cancel the part of a school.
    ReviewAddressees = writes [MunicipalHead, MunicipalOfficer];
    /// Read what the own draft of a road map could take over from recommendations.
    ReadOfferedMeasures = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator];
    /// Make offered recommendations measures of the own draft.
    TakeOfferedMeasures = writes [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator];
    /// Acknowledge, start and complete for the own school.
    FollowRecommendations = writes [SchoolHead];
}
