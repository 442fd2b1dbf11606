//! Operations on the catalogue of indicators.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post};

use super::super::policy;
use super::shape::{IndicatorFilter, IndicatorIn, IndicatorOut, IndicatorPage, IndicatorPatch};
use super::{flow, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::IndicatorId;
use crate::web::query::One;
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_indicators)
        .service(create_indicator)
        .service(get_indicator)
        .service(update_indicator);
}

/// List indicators: the shipped ones and those of the own municipality or region.
#[utoipa::path(tag = "indicators", params(IndicatorFilter, Paging), responses((status = 200, description = "A page", body = IndicatorPage)))]
#[get("/indicators")]
async fn list_indicators(
    permit: Permit<policy::ReadIndicators>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<IndicatorFilter>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |row| IndicatorOut::of(row, info.lang, &caller))?.read(&info))
}

/// Add an indicator of the municipality.
///
/// Answers 409 `indicator-exists` for a code taken. What its numbers mean cannot be changed
/// later, its wording can.
#[utoipa::path(tag = "indicators", request_body = IndicatorIn, responses((status = 201, description = "Created", body = IndicatorOut)))]
#[post("/indicators")]
async fn create_indicator(
    permit: Permit<policy::WriteIndicators>,
    db: Data<Db>,
    writing: Writing,
    body: Body<IndicatorIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/indicators/{}", row.id);
            Ok(IndicatorOut::answer(row, writing.info.lang, &caller)?.created(location))
        })
        .await
}

/// Read an indicator.
#[utoipa::path(tag = "indicators", params(("id" = IndicatorId, Path)), responses((status = 200, description = "The indicator", body = IndicatorOut)))]
#[get("/indicators/{id}")]
async fn get_indicator(
    permit: Permit<policy::ReadIndicators>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<IndicatorId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let row = db.read(move |conn| store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(IndicatorOut::answer(row, info.lang, &caller)?.read(&info, &one))
}

/// Change the wording of an indicator of the municipality, or archive it.
///
/// The shipped ones do not change: 403.
#[utoipa::path(tag = "indicators", params(("id" = IndicatorId, Path)), request_body = IndicatorPatch, responses((status = 200, description = "The indicator", body = IndicatorOut)))]
#[patch("/indicators/{id}")]
async fn update_indicator(
    permit: Permit<policy::WriteIndicators>,
    db: Data<Db>,
    writing: Writing,
    id: Path<IndicatorId>,
    body: Body<IndicatorPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            let wording = body.checked()?.over(&row);
            let row = flow::update(tx, row, wording)?;
            IndicatorOut::answer(row, writing.info.lang, &caller)
        })
        .await
}
