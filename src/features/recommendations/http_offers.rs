//! Operations on what a draft of a road map takes over from recommendations, and the copy of a
//! road map, which points at them.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};

use super::shape_offers::{
    OfferFilter, OfferedMeasureOut, OfferedMeasurePage, OfferedMeasuresIn, OfferedMeasuresTaken, OffersOut,
    RoadMapCopied,
};
use super::{flow_offers, policy};
use crate::auth::Permit;
use crate::db::Db;
use crate::db::page::page_of;
use crate::error::Error;
use crate::features::road_maps::{self, DraftRoadMaps, MeasureOut, RoadMapCopy, RoadMapOut, Step};
use crate::kit::clock::moscow_date;
use crate::kit::id::RoadMapId;
use crate::problems;
use crate::web::{
    Answer, Body, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, Writing, resource,
};

/// Registers the operations.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(copy_road_map).service(list_offered_measures).service(take_offered_measures);
}

/// Copy a road map to a year to come.
///
/// The draft has every date shifted by whole years, the verbatim `deadline.text` kept, no
/// order, and `needs_review` on each measure whose dates moved: the approval waits until
/// somebody has looked at each of them. `offered_measures` tells how many unverified
/// recommendations of earlier years could be measures of it, and where they are.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), request_body = RoadMapCopy, responses((status = 201, description = "The draft", body = RoadMapCopied)))]
#[post("/road-maps/{id}/copy")]
async fn copy_road_map(
    permit: Permit<DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<RoadMapCopy>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = road_maps::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            road_maps::require(tx, &scope, &row, Step::Copy)?;
            let given = body.checked()?;
            let today = tx.today();
            let view = road_maps::copy(tx, &row, given.year_shift, given.title)?;
            let count = flow_offers::offers_to(tx, &scope, &view.row, today)?.len();
            let (version, location) = (view.row.version, format!("/api/v1/road-maps/{}", view.row.id));
            let offered_measures = OffersOut::of(&view.row.id, count, writing.is_rehearsal());
            let map = RoadMapOut::of(view, writing.info.lang, &caller, &scope);
            Ok(resource(version, &RoadMapCopied { map, offered_measures })?.created(location))
        })
        .await
}

/// List what a draft of a road map could take over: unverified recommendations of earlier years.
///
/// Of an earlier year is what was issued before the map's first day, or comes from a monitoring
/// whose period ended before it. Offered to every draft, be it copied, amended or new: to the
/// municipality's what schools and the department have not had verified, to a school's own what
/// was recommended to the school. What a measure follows up already (`recommendation_id`) is not
/// offered again; nothing is offered to what is no draft. `id=` names recommendations.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path), Paging), responses((status = 200, description = "A page", body = OfferedMeasurePage)))]
#[get("/road-maps/{id}/offered-measures")]
async fn list_offered_measures(
    permit: Permit<policy::ReadOfferedMeasures>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<OfferFilter>,
    id: Path<RoadMapId>,
) -> Result<HttpResponse, Error> {
    let (scope, today) = (permit.scope, moscow_date(info.now));
    let offers = db
        .read(move |conn| {
            let map = road_maps::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            if !map.is_of(&scope) {
                return Err(Error::refuse(&problems::FORBIDDEN));
            }
            flow_offers::offers_to(conn, &scope, &map, today)
        })
        .await?;
    let offers = offers.into_iter().map(|offer| OfferedMeasureOut::of(offer, info.lang)).collect();
    let listed = page_of(&query.page, OfferFilter::LAST_KEY, offers);
    Ok(Listing::of(&query, listed, &info, |offer| offer)?.read(&info))
}

/// Make offered recommendations measures of a draft, all or none.
///
/// Each measure is the one that was offered, and keeps the recommendation it follows up
/// (`recommendation_id`) through amendments and copies. Needs the road map's version and raises
/// it. Answers 409 `road-map-state` outside a draft, 422 `not-offered` for what is not offered
/// (any more). The recommendation itself stays as it is: verifying it is the department's own step.
#[utoipa::path(tag = "road-maps", params(("id" = RoadMapId, Path)), request_body = OfferedMeasuresIn, responses((status = 201, description = "The measures", body = OfferedMeasuresTaken)))]
#[post("/road-maps/{id}/offered-measures")]
async fn take_offered_measures(
    permit: Permit<policy::TakeOfferedMeasures>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<OfferedMeasuresIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let map = road_maps::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(map.version)?;
            road_maps::require_draft(&map)?;
            let rows = flow_offers::take(tx, &scope, map, &body.checked()?.recommendation_ids)?;
            let views = road_maps::measure_views(tx, &scope, rows)?;
            let map = road_maps::find(tx, &scope, &id)?.ok_or_else(Error::not_found)?;
            let out = |view| MeasureOut::of(view, writing.info.lang, &caller);
            let items = views.into_iter().map(out).collect();
            let taken = OfferedMeasuresTaken { items, road_map_version: map.version };
            Ok(Answer::plain(&taken)?.created(format!("/api/v1/measures?road_map_id={id}")))
        })
        .await
}
