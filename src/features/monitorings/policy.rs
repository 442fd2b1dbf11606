//! Who may do what with monitorings.

use crate::auth::permit::actions;

actions! {
    /// Read monitorings within the scope.
    ReadMonitorings = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [ReportsRead];
    /// Plan, open and lead monitorings of the own municipality.
    PlanMonitorings = writes [MunicipalHead, MunicipalOfficer];
}
