//! Transitions of road maps.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::http_shape::{RoadMapApproval, RoadMapCancel, RoadMapCopy, RoadMapOut};
use super::steps::Step;
use super::{flow, flow_lifecycle, policy};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::RoadMapId;
use crate::web::{Body, Writing};

/// Registers the operations.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(approve_road_map)
        .service(amend_road_map)
        .service(close_road_map)
        .service(cancel_road_map)
        .service(copy_road_map);
}

/// Approve a draft: it is in force, its measures are frozen, and the edition before is archived.
///
/// A municipal map needs a registered order and the department's head; a school's own map
/// needs the school's head and his act, given as `approval`. Answers 409
/// `road-map-not-ready` with all that is missing; criteria without measures are only
/// named in `warnings`.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), request_body = RoadMapApproval, responses((status = 200, description = "The road map", body = RoadMapOut)))]
#[post("/road-maps/{id}/approve")]
async fn approve_road_map(
    permit: Permit<policy::ApproveRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<RoadMapApproval>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &row, Step::Approve)?;
            let approval = body.checked()?.approval.map(Into::into);
            let view = flow_lifecycle::approve(tx, &scope, row, approval)?;
            RoadMapOut::answer(view, writing.info.lang, &caller, &scope)
        })
        .await
}

/// Amend an approved road map: make the draft of its next edition.
///
/// The draft has the same measures with the same `lineage_id` and no order yet. The
/// approved edition stays in force until the draft is approved. Answers 409
/// `amendment-exists` while there is such a draft.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), responses((status = 201, description = "The draft of the next edition", body = RoadMapOut)))]
#[post("/road-maps/{id}/amend")]
async fn amend_road_map(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.replay(tx)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &row, Step::Amend)?;
            let view = flow_lifecycle::amend(tx, &row)?;
            let location = format!("/api/v1/road-maps/{}", view.row.id);
            Ok(RoadMapOut::answer(view, writing.info.lang, &caller, &scope)?.created(location))
        })
        .await
}

/// Close an approved road map: its year is over.
///
/// Answers 409 `road-map-in-use` while a monitoring of it is open, collected or analysed,
/// and `amendment-exists` while its next edition is a draft.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), responses((status = 200, description = "The road map", body = RoadMapOut)))]
#[post("/road-maps/{id}/close")]
async fn close_road_map(
    permit: Permit<policy::CloseRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.replay(tx)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &row, Step::Close)?;
            let view = flow_lifecycle::close(tx, row)?;
            RoadMapOut::answer(view, writing.info.lang, &caller, &scope)
        })
        .await
}

/// Cancel a draft: it is dropped and stays readable.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), request_body = RoadMapCancel, responses((status = 200, description = "The road map", body = RoadMapOut)))]
#[post("/road-maps/{id}/cancel")]
async fn cancel_road_map(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<RoadMapCancel>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &row, Step::Cancel)?;
            let view = flow_lifecycle::cancel(tx, row, body.checked()?.reason)?;
            RoadMapOut::answer(view, writing.info.lang, &caller, &scope)
        })
        .await
}

/// Copy a road map to a year to come.
///
/// The draft has every date shifted by whole years, the verbatim `deadline.text` kept, no
/// order, and `needs_review` on each measure whose dates moved: the approval waits until
/// somebody has looked at each of them.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), request_body = RoadMapCopy, responses((status = 201, description = "The draft", body = RoadMapOut)))]
#[post("/road-maps/{id}/copy")]
async fn copy_road_map(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<RoadMapCopy>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &row, Step::Copy)?;
            let given = body.checked()?;
            let view = flow_lifecycle::copy(tx, &row, given.year_shift, given.title)?;
            let location = format!("/api/v1/road-maps/{}", view.row.id);
            Ok(RoadMapOut::answer(view, writing.info.lang, &caller, &scope)?.created(location))
        })
        .await
}
