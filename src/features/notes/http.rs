//! Operations on notes.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post};

use super::domain::Step;
use super::flow;
use super::policy;
use super::shape::{NoteFilter, NoteIn, NoteOut, NotePage, NotePatch};
use super::store;
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::features::monitorings;
use crate::kit::id::{MonitoringId, NoteId};
use crate::web::query::One;
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(list_notes).service(create_note).service(get_note).service(update_note);
}

/// List notes.
///
/// Schools and curators read those published in their municipality, regional readers those
/// signed or later.
#[utoipa::path(tag = "notes", params(NoteFilter, Paging), responses((status = 200, description = "A page", body = NotePage)))]
#[get("/notes")]
async fn list_notes(
    permit: Permit<policy::ReadNotes>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<NoteFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |row| NoteOut::of(row, info.lang, &permit.caller))?.read(&info))
}

/// Draft the note of a monitoring whose collection is closed.
///
/// Answers 409 `note-exists` while another note of the monitoring is in work or in force.
#[utoipa::path(tag = "notes", params(("id" = MonitoringId, Path)), request_body = NoteIn, responses((status = 201, description = "Created", body = NoteOut)))]
#[post("/monitorings/{id}/note")]
async fn create_note(
    permit: Permit<policy::DraftNotes>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MonitoringId>,
    body: Body<NoteIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let monitoring = monitorings::lock(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            flow::require_noteless(tx, &monitoring)?;
            let row = flow::create(tx, &scope, &monitoring, body.checked()?.into())?;
            let location = format!("/api/v1/notes/{}", row.id);
            Ok(NoteOut::answer(row, writing.info.lang, &caller)?.created(location))
        })
        .await
}

/// Read a note.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), responses((status = 200, description = "The note", body = NoteOut)))]
#[get("/notes/{id}")]
async fn get_note(
    permit: Permit<policy::ReadNotes>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let row = db.read(move |conn| store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(NoteOut::answer(row, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change a draft; an unchanged one keeps its version.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), request_body = NotePatch, responses((status = 200, description = "The note", body = NoteOut)))]
#[patch("/notes/{id}")]
async fn update_note(
    permit: Permit<policy::DraftNotes>,
    db: Data<Db>,
    writing: Writing,
    id: Path<NoteId>,
    body: Body<NotePatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Update)?;
            let text = body.checked()?.over(flow::text_of(&row));
            NoteOut::answer(flow::update(tx, &scope, row, text)?, writing.info.lang, &caller)
        })
        .await
}
