//! The content of a note in each of its forms.

use super::flow_snapshot::Sources;
use super::render::{self, RenderInput, Replacement};
use super::snapshot::NoteSnapshot;
use super::store::{self, NoteRow};
use crate::auth::Scope;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::monitoring_indicators::SmallCells;
use crate::features::monitorings;
use crate::web::{Format, Printed};

/// The forms in which a note is read; the first is the one without asking.
pub const FORMATS: [Format; 4] = [Format::Json, Format::Html, Format::Markdown, Format::Docx];

/// All that a printed form shows.
pub struct Content {
    row: NoteRow,
    snapshot: NoteSnapshot,
    replaced_by: Option<NoteRow>,
}

/// The content of a signed note as it was frozen; `None` for an unsigned one.
///
/// # Errors
///
/// Database failures only.
pub fn signed(conn: &mut AnyConnection, row: &NoteRow) -> Result<Option<Content>, Error> {
    let Some(snapshot) = store::snapshot_of(conn, row)? else { return Ok(None) };
    let replaced_by = store::replacement_of(conn, row)?;
    Ok(Some(Content { row: row.clone(), snapshot, replaced_by }))
}

/// The content of a note: frozen, or of a draft as it would be signed on the day `today`, where
/// `small` values are not published.
///
/// # Errors
///
/// Database failures only.
pub fn of(
    conn: &mut AnyConnection,
    scope: &Scope,
    row: NoteRow,
    today: chrono::NaiveDate,
    small: SmallCells,
) -> Result<Content, Error> {
    if let Some(content) = signed(conn, &row)? {
        return Ok(content);
    }
    let monitoring = monitorings::find(conn, scope, &row.monitoring_id)?.ok_or(diesel::NotFound)?;
    let snapshot = Sources::read(conn, scope, monitoring, small)?.snapshot(&row, today);
    Ok(Content { row, snapshot, replaced_by: None })
}

impl Content {
    /// Prints it in one of [`FORMATS`]; `public_url` is where the service is reached from outside.
    ///
    /// # Errors
    ///
    /// A form cannot be made: a fault of the service.
    pub fn print(&self, format: Format, public_url: &str) -> Result<Printed, Error> {
        let row = &self.row;
        let verify_url = row.hash.as_ref().map(|hash| format!("{public_url}/api/v1/verify/{hash}"));
        let input = RenderInput {
            snapshot: &self.snapshot,
            is_signed: row.status.is_signed(),
            number: row.number.as_deref(),
            registered_on: row.registered_on,
            hash: row.hash.as_deref(),
            verify_url: verify_url.as_deref(),
            replaced_by: self
                .replaced_by
                .as_ref()
                .and_then(|by| Some(Replacement { number: by.number.as_deref(), date: by.date? })),
        };
        let broken = |cause: render::RenderError| Error::Internal(cause.into());
        let bytes = match format {
            Format::Html => render::html(&input).map_err(broken)?.into_bytes(),
            Format::Markdown => render::markdown(&input).into_bytes(),
            Format::Docx => render::docx(&input).map_err(broken)?,
            _ => serde_json::to_vec(&self.snapshot)?,
        };
        Ok(Printed { format, bytes, version: Some(row.version), name: self.name(), plain_name: "note" })
    }

    fn name(&self) -> String {
        let date = self.snapshot.date.format("%d.%m.%Y");
        match (&self.row.number, self.row.status.is_signed()) {
            (_, false) => format!("{} (проект)", self.snapshot.kind),
            (Some(number), true) => format!("{} от {date} № {number}", self.snapshot.kind),
            (None, true) => format!("{} от {date}", self.snapshot.kind),
        }
    }
}
