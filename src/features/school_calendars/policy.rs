//! Who may do what with school calendars.

use crate::auth::permit::actions;

actions! {
    /// Read the calendars of municipalities within the scope.
    ReadSchoolCalendars = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [SchoolsRead];
    /// Give and change the calendars of the own municipality.
    WriteSchoolCalendars = writes [MunicipalHead, MunicipalOfficer];
}
