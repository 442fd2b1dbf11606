//! Transitions of notes.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};

use super::domain::Step;
use super::flow_snapshot::Sources;
use super::policy;
use super::shape::{NoteOut, NoteRegistration, NoteReturn};
use super::store::NoteRow;
use super::{flow, flow_sign};
use crate::auth::{Permit, Scope};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::features::monitoring_indicators::SmallCells;
use crate::features::monitorings;
use crate::kit::id::NoteId;
use crate::web::{Body, Operations, Writing};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(submit_note)
        .service(return_note)
        .service(sign_note)
        .service(register_note)
        .service(publish_note)
        .service(replace_note);
}

/// Takes a step: the checks in the order of the contract, then `act`.
async fn step<A, T: Send + 'static>(
    permit: Permit<A>,
    db: &Db,
    writing: Writing,
    id: Path<NoteId>,
    body: Body<T>,
    step: Step,
    act: impl FnOnce(&mut Tx, &Scope, NoteRow, T) -> Result<NoteRow, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&row, step)?;
            let row = act(tx, &scope, row, body.checked()?)?;
            NoteOut::answer(row, writing.info.lang, &caller)
        })
        .await
}

/// Give a draft to the head.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), responses((status = 200, description = "The note", body = NoteOut)))]
#[post("/notes/{id}/submit")]
async fn submit_note(
    permit: Permit<policy::DraftNotes>,
    db: Data<Db>,
    writing: Writing,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, Body::none(), Step::Submit, |tx, _, row, ()| flow::submit(tx, row)).await
}

/// Give a note back to its author, for a reason.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), request_body = NoteReturn, responses((status = 200, description = "The note", body = NoteOut)))]
#[post("/notes/{id}/return")]
async fn return_note(
    permit: Permit<policy::SignNotes>,
    db: Data<Db>,
    writing: Writing,
    id: Path<NoteId>,
    body: Body<NoteReturn>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::Return, |tx, _, row, given| {
        flow::give_back(tx, row, given.reason)
    })
    .await
}

/// Sign a note: text, conclusions and reports are frozen, the recommendations issued.
///
/// Answers 409 `note-not-ready` while the monitoring is not analysed or a report is neither
/// accepted nor named as missing; 422 for a date before the monitoring's order or after today.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), responses((status = 200, description = "The note", body = NoteOut)))]
#[post("/notes/{id}/sign")]
async fn sign_note(
    permit: Permit<policy::SignNotes>,
    db: Data<Db>,
    writing: Writing,
    small: Data<SmallCells>,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    let small = **small;
    step(permit, &db, writing, id, Body::none(), Step::Sign, move |tx, scope, row, ()| {
        let monitoring = monitorings::lock(tx, scope, &row.monitoring_id)?;
        let sources = Sources::read(tx, scope, monitoring, small)?;
        flow_sign::require_ready(&row, &sources)?;
        flow_sign::sign(tx, row, &sources)
    })
    .await
}

/// Enter number and day of registration; the note that this one replaces ends.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), request_body = NoteRegistration, responses((status = 200, description = "The note", body = NoteOut)))]
#[post("/notes/{id}/register")]
async fn register_note(
    permit: Permit<policy::RegisterNotes>,
    db: Data<Db>,
    writing: Writing,
    id: Path<NoteId>,
    body: Body<NoteRegistration>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, Step::Register, |tx, scope, row, given| {
        flow_sign::register(tx, scope, row, given.number, given.date)
    })
    .await
}

/// Open a registered note to everybody.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), responses((status = 200, description = "The note", body = NoteOut)))]
#[post("/notes/{id}/publish")]
async fn publish_note(
    permit: Permit<policy::RegisterNotes>,
    db: Data<Db>,
    writing: Writing,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, Body::none(), Step::Publish, |tx, _, row, ()| flow_sign::publish(tx, row))
        .await
}

/// Begin a note in the place of a signed one.
///
/// The monitoring thaws; the signed note stands until the new one is registered.
#[utoipa::path(tag = "notes", params(("id" = NoteId, Path)), responses((status = 201, description = "The draft of the new note", body = NoteOut)))]
#[post("/notes/{id}/replace")]
async fn replace_note(
    permit: Permit<policy::SignNotes>,
    db: Data<Db>,
    writing: Writing,
    id: Path<NoteId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.replay(tx)?;
            writing.expect_version(row.version)?;
            flow::require(&row, Step::Replace)?;
            let monitoring = monitorings::lock(tx, &scope, &row.monitoring_id)?;
            let draft = flow_sign::replace(tx, &row, &monitoring)?;
            let location = format!("/api/v1/notes/{}", draft.id);
            Ok(NoteOut::answer(draft, writing.info.lang, &caller)?.created(location))
        })
        .await
}
