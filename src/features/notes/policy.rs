//! Who may do what with notes.

use crate::auth::permit::actions;

actions! {
    /// Read notes; schools and curators those published, a region those signed.
    ReadNotes = reads [MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or [NotesRead];
    /// Draft, change and submit notes of the own municipality.
    DraftNotes = writes [MunicipalHead, MunicipalOfficer];
    /// Sign, return and replace.
    SignNotes = writes [MunicipalHead];
    /// Register and publish.
    RegisterNotes = writes [MunicipalHead, MunicipalOfficer];
}
