//! Who may do what with municipalities.

use crate::auth::permit::actions;

actions! {
    /// Read municipalities within the scope.
    ReadMunicipalities = reads [Admin, MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [SchoolsRead];
    /// Create and change municipalities.
    WriteMunicipalities = writes [Admin];
}
