//! Who may do what with conclusion templates.

use crate::auth::permit::actions;

actions! {
    /// Read templates.
    ReadTemplates = reads [Admin, MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [PlansRead];
    /// Make the municipality's next version.
    MakeTemplates = writes [MunicipalHead, MunicipalOfficer];
}
