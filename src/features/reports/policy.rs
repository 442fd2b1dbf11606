//! Who may do what with reports. Whose report it is, is asked besides: see `http::rights`.

use crate::auth::permit::actions;

actions! {
    /// Read reports within the scope.
    ReadReports = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [ReportsRead];
    /// Fill the own report and attach evidence.
    FillReports = writes [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator];
    /// Submit the own report and take it back.
    SubmitReports = writes [MunicipalHead, MunicipalOfficer, SchoolHead];
    /// Review the reports of schools.
    ReviewReports = writes [MunicipalHead, MunicipalOfficer];
    /// Review the municipality's own report.
    ReviewOwnReport = writes [MunicipalHead];
    /// Read the remarks on reports within the scope.
    ReadRemarks = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator];
    /// Write and resolve remarks on the reports of schools.
    WriteRemarks = writes [MunicipalHead, MunicipalOfficer, Curator];
    /// Read evidence that holds personal data.
    ReadPersonalData = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator];
}
