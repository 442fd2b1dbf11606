//! Who may do what with schools.

use crate::auth::permit::actions;

actions! {
    /// Read schools within the scope.
    ReadSchools = reads [Admin, MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [SchoolsRead];
    /// Create and change schools within the reach.
    WriteSchools = writes [MunicipalHead, MunicipalOfficer] or [SchoolsWrite];
    /// Close schools of the own municipality.
    CloseSchools = writes [MunicipalHead, MunicipalOfficer];
    /// Move a school to another municipality.
    TransferSchools = writes [Admin];
    /// Read the codes that give access to the national tests.
    ReadPrivateCodes = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator];
}
