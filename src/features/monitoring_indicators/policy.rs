//! Who may do what with the indicators of monitorings.

use crate::auth::permit::actions;

actions! {
    /// Read the indicators of monitorings within the scope; a region those of a signed note.
    ReadMonitoringIndicators = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [IndicatorsRead];
}
