//! Operations on municipalities.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post};

use super::shape::{
    MunicipalityFilter, MunicipalityIn, MunicipalityOut, MunicipalityPage, MunicipalityPatch,
};
use super::{flow, policy, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::id::MunicipalityId;
use crate::web::query::One;
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_municipalities)
        .service(create_municipality)
        .service(get_municipality)
        .service(update_municipality);
}

/// List municipalities.
#[utoipa::path(tag = "municipalities", params(MunicipalityFilter, Paging), responses((status = 200, description = "A page", body = MunicipalityPage)))]
#[get("/municipalities")]
async fn list_municipalities(
    permit: Permit<policy::ReadMunicipalities>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<MunicipalityFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |row| MunicipalityOut::of(row, info.lang, &permit.caller))?
        .read(&info))
}

/// Create a municipality.
///
/// Answers 409 `municipality-exists` when the region has one of this name.
#[utoipa::path(tag = "municipalities", request_body = MunicipalityIn, responses((status = 201, description = "Created", body = MunicipalityOut)))]
#[post("/municipalities")]
async fn create_municipality(
    permit: Permit<policy::WriteMunicipalities>,
    db: Data<Db>,
    writing: Writing,
    body: Body<MunicipalityIn>,
) -> Result<HttpResponse, Error> {
    let caller = permit.caller;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = body.checked()?.into_row(tx.now());
            let row = flow::create(tx, row)?;
            let location = format!("/api/v1/municipalities/{}", row.id);
            Ok(MunicipalityOut::answer(row, writing.info.lang, &caller)?.created(location))
        })
        .await
}

/// Read a municipality.
#[utoipa::path(tag = "municipalities", params(("id" = MunicipalityId, Path)), responses((status = 200, description = "The municipality", body = MunicipalityOut)))]
#[get("/municipalities/{id}")]
async fn get_municipality(
    permit: Permit<policy::ReadMunicipalities>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<MunicipalityId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let row = db.read(move |conn| store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(MunicipalityOut::answer(row, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change a municipality; an unchanged one keeps its version.
#[utoipa::path(tag = "municipalities", params(("id" = MunicipalityId, Path)), request_body = MunicipalityPatch, responses((status = 200, description = "The municipality", body = MunicipalityOut)))]
#[patch("/municipalities/{id}")]
async fn update_municipality(
    permit: Permit<policy::WriteMunicipalities>,
    db: Data<Db>,
    writing: Writing,
    id: Path<MunicipalityId>,
    body: Body<MunicipalityPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let row = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            let changed = body.checked()?.over(&row);
            MunicipalityOut::answer(flow::update(tx, &row, changed)?, writing.info.lang, &caller)
        })
        .await
}
