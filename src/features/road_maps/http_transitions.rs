//! Transitions of road maps; copying is served where recommendations are known.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};

use super::shape::{RoadMapApproval, RoadMapCancel, RoadMapOut};
use super::steps::Step;
use super::store::RoadMapRow;
use super::store_facts::RoadMapView;
use super::{flow, flow_lifecycle, policy};
use crate::auth::{Permit, Scope};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::kit::id::RoadMapId;
use crate::web::{Body, Operations, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(approve_road_map)
        .service(amend_road_map)
        .service(close_road_map)
        .service(cancel_road_map);
}

/// Where every transition begins: the checks in the order of the contract.
fn begin<T>(
    tx: &mut Tx,
    scope: &Scope,
    writing: &Writing,
    id: &RoadMapId,
    body: &Body<T>,
    step: Step,
) -> Result<RoadMapRow, Error> {
    let row = flow::open(tx, scope, id)?;
    writing.admit(tx, body)?;
    writing.expect_version(row.version)?;
    flow::require(tx, scope, &row, step)?;
    Ok(row)
}

/// Takes a step that moves the road map itself.
async fn step<A, T: Send + 'static>(
    permit: Permit<A>,
    db: &Db,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<T>,
    step: Step,
    act: impl FnOnce(&mut Tx, &Scope, RoadMapRow, T) -> Result<RoadMapView, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(db, caller.actor(), &hash, move |tx, writing| {
            let row = begin(tx, &scope, writing, &id, &body, step)?;
            let view = act(tx, &scope, row, body.checked()?)?;
            RoadMapOut::answer(view, writing.info.lang, &caller, &scope)
        })
        .await
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
    step(permit, &db, writing, id, body, Step::Approve, |tx, scope, row, given| {
        flow_lifecycle::approve(tx, scope, row, given.approval.map(Into::into))
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
            let row = begin(tx, &scope, writing, &id, &Body::none(), Step::Amend)?;
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
    let act = |tx: &mut Tx, _: &Scope, row, ()| flow_lifecycle::close(tx, row);
    step(permit, &db, writing, id, Body::none(), Step::Close, act).await
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
    step(permit, &db, writing, id, body, Step::Cancel, |tx, _, row, given| {
        flow_lifecycle::cancel(tx, row, given.reason)
    })
    .await
}
