//! Who may do what with indicators and their values.

use crate::auth::permit::actions;

actions! {
    /// Read the catalogue: the shipped indicators and those within the scope.
    ReadIndicators = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [IndicatorsRead];
    /// Add and change indicators of the own municipality.
    WriteIndicators = writes [MunicipalHead, MunicipalOfficer];
    /// Read values within the scope.
    ReadIndicatorValues = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [IndicatorsRead];
    /// Enter and confirm values of the own municipality and its schools.
    WriteIndicatorValues = writes [MunicipalHead, MunicipalOfficer];
}
