//! What everybody reads without signing in: published notes, and whether a copy is genuine.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::NoteStatus;
use super::flow_content;
use super::http_content::format_of;
use super::snapshot::NoteSnapshot;
use super::store::{self, Narrowed, NoteRow};
use crate::db::Db;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, NoteId};
use crate::kit::lang::Lang;
use crate::web::conventions::PublicUrl;
use crate::web::query::{One, PageOut};
use crate::web::{Answer, AnyOf, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, resource};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(list_public_notes)
        .service(get_public_note)
        .service(get_public_note_content)
        .service(verify_note);
}

/// A published note.
#[derive(Debug, Serialize, ToSchema)]
struct PublicNoteOut {
    id: NoteId,
    version: i32,
    municipality_id: MunicipalityId,
    /// Name of its municipality.
    municipality: Option<String>,
    /// Name of the authority that issued it.
    authority: Option<String>,
    /// Year of the monitoring's period.
    year: i32,
    title: String,
    date: Option<NaiveDate>,
    place: String,
    number: Option<String>,
    registered_on: Option<NaiveDate>,
    published_at: Option<DateTime<Utc>>,
    /// SHA-256 of what was signed; verified at `/verify/{hash}`.
    hash: Option<String>,
}

/// A page of published notes.
#[derive(Serialize, ToSchema)]
struct PublicNotePage {
    items: Vec<PublicNoteOut>,
    page: PageOut,
}

/// What is known of a document with a certain hash.
#[derive(Debug, Serialize, ToSchema)]
struct NoteVerification {
    /// Registration number; null when there is none.
    number: Option<String>,
    /// Date of the note.
    date: Option<NaiveDate>,
    /// Name of the authority that issued it.
    authority: Option<String>,
    status: NoteStatus,
    status_label: &'static str,
    /// The note that took its place.
    replaced_by: Option<NoteReplacement>,
}

/// The note that took the place of another.
#[derive(Debug, Serialize, ToSchema)]
struct NoteReplacement {
    number: Option<String>,
    date: Option<NaiveDate>,
    /// Its own hash.
    hash: Option<String>,
}

/// Filters of the list of published notes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PublicNoteFilter {
    /// Of any of these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// Of any of these years, comma-separated.
    #[param(value_type = Option<String>, example = "2023")]
    year: Option<AnyOf<i32>>,
}

impl Filter for PublicNoteFilter {
    const SORTS: &'static [&'static str] = &["year"];
}

impl PublicNoteFilter {
    fn narrowed(&self) -> Narrowed {
        Narrowed {
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            year: self.year.clone().map(|any| any.0),
            ..Narrowed::default()
        }
    }
}

impl From<NoteRow> for PublicNoteOut {
    fn from(row: NoteRow) -> Self {
        Self {
            municipality: row.signed_municipality,
            authority: row.signed_authority,
            id: row.id,
            version: row.version,
            municipality_id: row.municipality_id,
            year: row.year,
            title: row.title,
            date: row.date,
            place: row.place,
            number: row.number,
            registered_on: row.registered_on,
            published_at: row.published_at.map(utc),
            hash: row.hash,
        }
    }
}

impl NoteVerification {
    fn of(row: NoteRow, replaced_by: Option<NoteRow>, lang: Lang) -> Self {
        Self {
            authority: row.signed_authority,
            number: row.number,
            date: row.date,
            status: row.status,
            status_label: row.status.label(lang),
            replaced_by: replaced_by.map(|by| NoteReplacement {
                number: by.number,
                date: by.date,
                hash: by.hash,
            }),
        }
    }
}

/// List published notes, without signing in.
#[utoipa::path(tag = "public", security(()), params(PublicNoteFilter, Paging), responses((status = 200, description = "A page", body = PublicNotePage)))]
#[get("/public/notes")]
async fn list_public_notes(
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<PublicNoteFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let listed = db.read(move |conn| Ok::<_, Error>(store::list_public(conn, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, PublicNoteOut::from)?.read(&info))
}

/// Read a published note, without signing in.
#[utoipa::path(tag = "public", security(()), params(("id" = NoteId, Path)), responses((status = 200, description = "The note", body = PublicNoteOut)))]
#[get("/public/notes/{id}")]
async fn get_public_note(
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    let row = db.read(move |conn| store::find_public(conn, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(resource(row.version, &PublicNoteOut::from(row))?.read(&info, &one))
}

/// Read what a published note says, without signing in.
///
/// `format` (`json`, `html`, `md`, `docx`) goes before `Accept`.
#[utoipa::path(tag = "public", security(()), params(("id" = NoteId, Path), ("format" = Option<String>, Query, description = "In this form, whatever `Accept` says.", example = "html")), responses((status = 200, description = "The content", content(
    (NoteSnapshot = "application/json"), (String = "text/html"), (String = "text/markdown"),
    (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
))))]
#[get("/public/notes/{id}/content")]
async fn get_public_note_content(
    db: Data<Db>,
    info: RequestInfo,
    public_url: Data<PublicUrl>,
    req: HttpRequest,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    let format = format_of(&req);
    let content = db
        .read(move |conn| {
            let row = store::find_public(conn, &id)?.ok_or_else(Error::not_found)?;
            flow_content::signed(conn, &row)?.ok_or_else(Error::not_found)
        })
        .await?;
    Ok(content.print(format?, &public_url.0)?.read(&info))
}

/// Verify a printed copy by the hash in its footer, without signing in.
#[utoipa::path(tag = "public", security(()), params(("hash" = String, Path, description = "SHA-256, 64 hex digits")), responses((status = 200, description = "The document is genuine; see its state", body = NoteVerification)))]
#[get("/verify/{hash}")]
async fn verify_note(
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    hash: Path<String>,
) -> Result<HttpResponse, Error> {
    let (row, replaced_by) = db
        .read(move |conn| {
            let row = store::find_by_hash(conn, &hash.to_lowercase())?.ok_or_else(Error::not_found)?;
            let replaced_by = store::replacement_of(conn, &row)?;
            Ok::<_, Error>((row, replaced_by))
        })
        .await?;
    Ok(Answer::plain(&NoteVerification::of(row, replaced_by, info.lang))?.read(&info, &one))
}
