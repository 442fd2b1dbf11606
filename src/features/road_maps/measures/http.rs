//! Operations on measures.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::super::{flow as maps, policy};
use super::shape::{
    MeasureFilter, MeasureOut, MeasurePage, MeasurePatch, MeasuresCreated, MeasuresIn, MeasuresOut,
};
use super::{flow, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::{MeasureId, RoadMapId};
use crate::web::query::One;
use crate::web::{Answer, Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_measures)
        .service(create_measures)
        .service(get_measure)
        .service(update_measure)
        .service(delete_measure);
}

/// List measures, by position.
///
/// Schools and curators read those of the school level that concern the school. Sorted by
/// `due_date`, what is never late comes last.
#[utoipa::path(tag = "measures", params(MeasureFilter, Paging), responses((status = 200, description = "A page", body = MeasurePage)))]
#[get("/measures")]
async fn list_measures(
    permit: Permit<policy::ReadRoadMaps>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<MeasureFilter>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    let out = |view| MeasureOut::of(view, info.lang, &caller);
    Ok(Listing::of(&query, listed, &info, out)?.read(&info))
}

/// Add a measure, or an array of measures, to a draft.
///
/// An array is stored whole or not at all, and answered as `{"items": […]}` in its order.
/// Raises the road map's version. Answers 409 `road-map-state` outside a draft and
/// `measure-exists` for a code taken.
#[utoipa::path(
    tag = "measures",
    params(("id" = RoadMapId, Path)),
    request_body(content = MeasuresIn, example = json!([{
        "code": "S3.1", "section": "Школьный уровень: обучающиеся и родители", "level": "school",
        "title": "Входной контроль по русскому языку и математике",
        "deadline": {"kind": "date", "text": "до 30.09", "due_date": "2023-09-30"},
        "responsible": ["заместитель директора по УВР"], "expected_result": "аналитическая справка",
        "evidence_required": true, "applies_to": {"kind": "all"}, "criteria": ["entry_test"]
    }])),
    responses((status = 201, description = "Created", body = MeasuresCreated)),
)]
#[post("/road-maps/{id}/measures")]
async fn create_measures(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RoadMapId>,
    body: Body<MeasuresIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let map = maps::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            maps::require_draft(&map)?;
            let lang = writing.info.lang;
            match body.checked()? {
                MeasuresIn::One(one) => {
                    let rows = flow::create(tx, &scope, map, vec![(*one).into()], false)?;
                    let view = store::views(tx, &scope, rows)?.pop().ok_or_else(Error::not_found)?;
                    let location = format!("/api/v1/measures/{}", view.row.id);
                    Ok(MeasureOut::answer(view, lang, &caller)?.created(location))
                }
                MeasuresIn::Many(many) => {
                    let texts = many.into_iter().map(Into::into).collect();
                    let rows = flow::create(tx, &scope, map, texts, true)?;
                    let views = store::views(tx, &scope, rows)?;
                    let items = views.into_iter().map(|view| MeasureOut::of(view, lang, &caller)).collect();
                    let location = format!("/api/v1/measures?road_map_id={id}");
                    Ok(Answer::plain(&MeasuresOut { items })?.created(location))
                }
            }
        })
        .await
}

/// Read a measure.
#[utoipa::path(tag = "measures", params(("id" = MeasureId, Path)), responses((status = 200, description = "The measure", body = MeasureOut)))]
#[get("/measures/{id}")]
async fn get_measure(
    permit: Permit<policy::ReadRoadMaps>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<MeasureId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let view = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            store::views(conn, &scope, vec![row])?.pop().ok_or_else(Error::not_found)
        })
        .await?;
    Ok(MeasureOut::answer(view, info.lang, &caller)?.read(&info, &one))
}

/// Change a measure of a draft, or confirm its shifted dates by `{"needs_review": false}`.
///
/// Raises the road map's version too. An unchanged measure keeps both.
#[utoipa::path(tag = "measures", params(("id" = MeasureId, Path)), request_body = MeasurePatch, responses((status = 200, description = "The measure", body = MeasureOut)))]
#[patch("/measures/{id}")]
async fn update_measure(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MeasureId>,
    body: Body<MeasurePatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let (map, row) = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            maps::require_draft(&map)?;
            let text = body.checked()?.over(flow::text_of(&row))?;
            let row = flow::update(tx, &scope, map, row, text)?;
            let view = store::views(tx, &scope, vec![row])?.pop().ok_or_else(Error::not_found)?;
            MeasureOut::answer(view, writing.info.lang, &caller)
        })
        .await
}

/// Delete a measure of a draft; raises the road map's version.
#[utoipa::path(tag = "measures", params(("id" = MeasureId, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/measures/{id}")]
async fn delete_measure(
    permit: Permit<policy::DraftRoadMaps>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MeasureId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let (map, row) = flow::open(tx, &scope, &id)?;
            writing.expect_version(row.version)?;
            maps::require_draft(&map)?;
            flow::delete(tx, map, &row)?;
            Ok(Answer::empty())
        })
        .await
}
