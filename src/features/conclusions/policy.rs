//! Who may do what with conclusions.

use crate::auth::permit::actions;

actions! {
    /// Read conclusions; a region those of a signed note.
    ReadConclusions = reads [MunicipalHead, MunicipalOfficer, Curator, RegionalViewer] or [ReportsRead];
    /// Edit the text of conclusions of the own municipality.
    EditConclusions = writes [MunicipalHead, MunicipalOfficer];
}
