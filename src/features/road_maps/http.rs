//! Operations on road maps; their transitions are in the file beside.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::flow;
use super::shape::{RoadMapFilter, RoadMapIn, RoadMapOut, RoadMapPage, RoadMapPatch};
use super::steps::Step;
use super::{policy, store, store_facts};
use crate::auth::Permit;
use crate::db::Db;
use crate::db::page::Listed;
use crate::error::Error;
use crate::kit::id::RoadMapId;
use crate::web::query::One;
use crate::web::{Answer, Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_road_maps)
        .service(create_road_map)
        .service(get_road_map)
        .service(update_road_map)
        .service(delete_road_map);
}

/// List road maps.
///
/// The department reads all of its municipality; a school its own, and municipal ones once
/// approved; curators and the region what is approved or later.
#[utoipa::path(tag = "road-maps", params(RoadMapFilter, Paging), responses((status = 200, description = "A page", body = RoadMapPage)))]
#[get("/road-maps")]
async fn list_road_maps(
    permit: Permit<policy::ReadRoadMaps>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<RoadMapFilter>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (narrowed, page, reach) = (query.filter.narrowed(), query.page.clone(), scope.clone());
    let listed = db
        .read(move |conn| {
            let Listed { rows, count } = store::list(conn, &reach, &narrowed, &page)?;
            Ok::<_, Error>(Listed { rows: store_facts::views(conn, rows)?, count })
        })
        .await?;
    let out = |view| RoadMapOut::of(view, info.lang, &caller, &scope);
    Ok(Listing::of(&query, listed, &info, out)?.read(&info))
}

/// Draft a road map: the municipality's, or the school's own.
///
/// A school's own map names the approved municipal map that it belongs to, takes its
/// conclusion template, and never carries a monitoring.
#[utoipa::path(tag = "road-maps", request_body = RoadMapIn, responses((status = 201, description = "Created", body = RoadMapOut)))]
#[post("/road-maps")]
async fn create_road_map(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    body: Body<RoadMapIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let view = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/road-maps/{}", view.row.id);
            Ok(RoadMapOut::answer(view, writing.info.lang, &caller, &scope)?.created(location))
        })
        .await
}

/// Read a road map; its measures are at `/measures?road_map_id=`.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), responses((status = 200, description = "The road map", body = RoadMapOut)))]
#[get("/road-maps/{id}")]
async fn get_road_map(
    permit: Permit<policy::ReadRoadMaps>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<RoadMapId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let reach = scope.clone();
    let view = db
        .read(move |conn| {
            let row = store::find(conn, &reach, &id)?.ok_or_else(Error::not_found)?;
            Ok::<_, Error>(store_facts::view(conn, row)?)
        })
        .await?;
    Ok(RoadMapOut::answer(view, info.lang, &caller, &scope)?.read(&info, &one))
}

/// Change a draft; an unchanged one keeps its version.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), request_body = RoadMapPatch, responses((status = 200, description = "The road map", body = RoadMapOut)))]
#[patch("/road-maps/{id}")]
async fn update_road_map(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<RoadMapPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &scope, &row, Step::Update)?;
            let text = body.checked()?.over(flow::text_of(&row));
            let view = flow::update(tx, &scope, row, text)?;
            RoadMapOut::answer(view, writing.info.lang, &caller, &scope)
        })
        .await
}

/// Delete a draft with its measures.
///
/// Answers 409 `road-map-in-use` when a planned monitoring refers to it.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/road-maps/{id}")]
async fn delete_road_map(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &scope, &row, Step::Delete)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}
