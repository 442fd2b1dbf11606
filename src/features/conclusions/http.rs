//! Operations on conclusions.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch};
use serde::Deserialize;

use super::flow::{self, Conclusions};
use super::policy;
use super::shape::{ConclusionFilter, ConclusionOut, ConclusionPage, ConclusionPatch};
use crate::auth::{Permit, Scope};
use crate::db::page::page_of;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::features::monitorings::{self, MonitoringRow};
use crate::kit::id::MonitoringId;
use crate::web::query::One;
use crate::web::{Body, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, Writing, resource};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(list_conclusions).service(get_conclusion).service(update_conclusion);
}

/// Which conclusion.
#[derive(Debug, Clone, Deserialize)]
struct ConclusionPath {
    id: MonitoringId,
    code: String,
}

/// The monitoring and its conclusions; a region sees those of a signed note.
fn read(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MonitoringId,
) -> Result<(MonitoringRow, Conclusions), Error> {
    let monitoring = monitorings::find(conn, scope, id)?
        .filter(|monitoring| scope.sees_work() || monitoring.frozen_at.is_some())
        .ok_or_else(Error::not_found)?;
    let conclusions = flow::derive_all(conn, &monitoring)?;
    Ok((monitoring, conclusions))
}

/// List the conclusions of a monitoring in the order of the template, each with its explanation.
///
/// `id=` names their numbers. Until the note is signed they are derived from the reports accepted now; then they stand
/// as signed. Answers 409 `monitoring-state` before the monitoring is opened.
#[utoipa::path(tag = "conclusions", params(("id" = MonitoringId, Path), ConclusionFilter, Paging), responses((status = 200, description = "A page", body = ConclusionPage)))]
#[get("/monitorings/{id}/conclusions")]
async fn list_conclusions(
    permit: Permit<policy::ReadConclusions>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<ConclusionFilter>,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let (monitoring, conclusions) = db.read(move |conn| read(conn, &scope, &id)).await?;
    let items = ConclusionOut::all(&conclusions, &monitoring, info.lang, &permit.caller);
    let items = items.into_iter().filter(|item| query.filter.takes(item)).collect();
    let listed = page_of(&query.page, ConclusionFilter::LAST_KEY, items);
    Ok(Listing::of(&query, listed, &info, |item| item)?.read(&info))
}

/// Read a conclusion with its explanation.
#[utoipa::path(tag = "conclusions", params(("id" = MonitoringId, Path), ("code" = String, Path, description = "Code of the conclusion in its template.", example = "2.3")), responses((status = 200, description = "The conclusion", body = ConclusionOut)))]
#[get("/monitorings/{id}/conclusions/{code}")]
async fn get_conclusion(
    permit: Permit<policy::ReadConclusions>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    path: Path<ConclusionPath>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let ConclusionPath { id, code } = path.into_inner();
    let (monitoring, conclusions) = db.read(move |conn| read(conn, &scope, &id)).await?;
    let item = conclusions.find(&code)?.clone();
    let out = ConclusionOut::of(item, &conclusions, &monitoring, info.lang, &permit.caller);
    Ok(resource(out.version(), &out)?.read(&info, &one))
}

/// Edit the text of a conclusion; null puts the generated one in force again.
///
/// The generated text and the verdict stay beside it. Answers 409 `monitoring-frozen` once
/// a note is signed.
#[utoipa::path(tag = "conclusions", params(("id" = MonitoringId, Path), ("code" = String, Path, description = "Code of the conclusion in its template.", example = "2.3")), request_body = ConclusionPatch, responses((status = 200, description = "The conclusion", body = ConclusionOut)))]
#[patch("/monitorings/{id}/conclusions/{code}")]
async fn update_conclusion(
    permit: Permit<policy::EditConclusions>,
    db: Data<Db>,
    writing: Writing,
    path: Path<ConclusionPath>,
    body: Body<ConclusionPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let ConclusionPath { id, code } = path.into_inner();
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let monitoring = monitorings::lock(tx, &scope, &id)?;
            let conclusions = flow::derive_all(tx, &monitoring)?;
            let mut item = conclusions.find(&code)?.clone();
            writing.admit(tx, &body)?;
            writing.expect_version(item.version)?;
            flow::require(&monitoring)?;
            if let Some(text) = body.checked()?.edited_text {
                item = flow::edit(tx, &monitoring, item, text)?;
            }
            let out = ConclusionOut::of(item, &conclusions, &monitoring, writing.info.lang, &caller);
            resource(out.version(), &out)
        })
        .await
}
