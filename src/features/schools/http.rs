//! Operations on schools; closing is served where reports are known.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post, put};

use super::bodies::{SchoolIn, SchoolPatch, SchoolTransfer};
use super::domain::Step;
use super::shape::{SchoolFilter, SchoolOut, SchoolPage};
use super::store_work::School;
use super::{flow, policy, store, store_work};
use crate::auth::Permit;
use crate::auth::session::Sessions;
use crate::db::Db;
use crate::error::Error;
use crate::kit::clock::moscow_date;
use crate::kit::id::SchoolId;
use crate::web::query::One;
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_schools)
        .service(create_school)
        .service(get_school_by_ogrn)
        .service(put_school_by_ogrn)
        .service(get_school)
        .service(update_school)
        .service(transfer_school);
}

/// List schools.
#[utoipa::path(tag = "schools", params(SchoolFilter, Paging), responses((status = 200, description = "A page", body = SchoolPage)))]
#[get("/schools")]
async fn list_schools(
    permit: Permit<policy::ReadSchools>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<SchoolFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) =
        (query.filter.narrowed(moscow_date(info.now)), query.page.clone(), permit.scope);
    let transfers = permit.caller.may::<policy::TransferSchools>();
    let listed =
        db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page, transfers)?)).await?;
    let listing =
        Listing::try_of(&query, listed, &info, |school| SchoolOut::of(school, info.lang, &permit.caller))?;
    Ok(listing.read(&info))
}

/// Create a school of the own municipality.
///
/// Answers 409 `ogrn-registered-elsewhere` when another municipality has this OGRN,
/// 409 `school-exists` when the own one has it, the INN or the name.
#[utoipa::path(tag = "schools", request_body = SchoolIn, responses((status = 201, description = "Created", body = SchoolOut)))]
#[post("/schools")]
async fn create_school(
    permit: Permit<policy::WriteSchools>,
    db: Data<Db>,
    writing: Writing,
    body: Body<SchoolIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let given = body.checked()?;
            given.refuse_contradictions(None)?;
            let municipality = flow::municipality_of(tx, &scope, given.municipality_id.clone(), None)?;
            let school = flow::create(tx, &scope, given.into_row(&municipality, None, tx.now())?)?;
            let location = format!("/api/v1/schools/{}", school.row.id);
            Ok(SchoolOut::answer(school, writing.info.lang, &caller)?.created(location))
        })
        .await
}

/// Read a school.
#[utoipa::path(tag = "schools", params(("id" = SchoolId, Path)), responses((status = 200, description = "The school", body = SchoolOut)))]
#[get("/schools/{id}")]
async fn get_school(
    permit: Permit<policy::ReadSchools>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<SchoolId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let transfers = permit.caller.may::<policy::TransferSchools>();
    let school = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            Ok::<_, Error>(if transfers { store_work::with_its_work(conn, row)? } else { School::idle(row) })
        })
        .await?;
    Ok(SchoolOut::answer(school, info.lang, &permit.caller)?.read(&info, &one))
}

/// Read a school by its OGRN.
#[utoipa::path(tag = "schools", params(("ogrn" = String, Path, description = "OGRN of the school, 13 digits.")), responses((status = 200, description = "The school", body = SchoolOut)))]
#[get("/schools/by-ogrn/{ogrn}")]
async fn get_school_by_ogrn(
    permit: Permit<policy::ReadSchools>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    ogrn: Path<String>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let transfers = permit.caller.may::<policy::TransferSchools>();
    let school = db
        .read(move |conn| {
            let row = store::find_by_ogrn(conn, &scope, &ogrn)?.ok_or_else(Error::not_found)?;
            Ok::<_, Error>(if transfers { store_work::with_its_work(conn, row)? } else { School::idle(row) })
        })
        .await?;
    Ok(SchoolOut::answer(school, info.lang, &permit.caller)?.read(&info, &one))
}

/// Create a school, or replace the one with this OGRN.
///
/// `If-Match` is optional. An unchanged school answers 200 and keeps its version; a
/// foreign OGRN or INN answers 409 `ogrn-registered-elsewhere` and nothing else.
#[utoipa::path(tag = "schools", params(("ogrn" = String, Path, description = "OGRN of the school, 13 digits.")), request_body = SchoolIn, responses(
    (status = 200, description = "Replaced", body = SchoolOut),
    (status = 201, description = "Created", body = SchoolOut),
))]
#[put("/schools/by-ogrn/{ogrn}")]
async fn put_school_by_ogrn(
    permit: Permit<policy::WriteSchools>,
    db: Data<Db>,
    writing: Writing,
    ogrn: Path<String>,
    body: Body<SchoolIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let old = flow::open_by_ogrn(tx, &scope, &ogrn)?;
            if let Some(school) = &old {
                writing.allow_version(school.row.version)?;
                flow::require(school, Step::Update)?;
            }
            let given = body.checked()?;
            given.refuse_contradictions(Some(&ogrn))?;
            let old_row = old.as_ref().map(|school| &school.row);
            let municipality = flow::municipality_of(tx, &scope, given.municipality_id.clone(), old_row)?;
            let mut wanted = given.into_row(&municipality, old_row, tx.now())?;
            if let Some(row) = old_row.filter(|_| !caller.may::<policy::ReadPrivateCodes>()) {
                // Who does not see them must not clear them by leaving them out.
                wanted.vpr_login = wanted.vpr_login.or(row.vpr_login.clone());
                wanted.gia_code = wanted.gia_code.or(row.gia_code.clone());
            }
            match old {
                Some(school) => {
                    SchoolOut::answer(flow::update(tx, &scope, school, wanted)?, writing.info.lang, &caller)
                }
                None => {
                    let school = flow::create(tx, &scope, wanted)?;
                    let location = format!("/api/v1/schools/{}", school.row.id);
                    Ok(SchoolOut::answer(school, writing.info.lang, &caller)?.created(location))
                }
            }
        })
        .await
}

/// Change a school; an unchanged one keeps its version. The OGRN is its key and stays.
#[utoipa::path(tag = "schools", params(("id" = SchoolId, Path)), request_body = SchoolPatch, responses((status = 200, description = "The school", body = SchoolOut)))]
#[patch("/schools/{id}")]
async fn update_school(
    permit: Permit<policy::WriteSchools>,
    db: Data<Db>,
    writing: Writing,
    id: Path<SchoolId>,
    body: Body<SchoolPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let school = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(school.row.version)?;
            flow::require(&school, Step::Update)?;
            let changed = body.checked()?.over(&school.row)?;
            SchoolOut::answer(flow::update(tx, &scope, school, changed)?, writing.info.lang, &caller)
        })
        .await
}

/// Move a school to another municipality.
///
/// The accounts of its people go with it; its curators, its lists and its reports stay where
/// they were made. Answers 409 `school-busy` while it has a report that is neither accepted
/// nor cancelled, or takes part in a monitoring that is neither completed nor cancelled;
/// 409 `school-exists` when the other municipality has an active school of this name.
#[utoipa::path(tag = "schools", params(("id" = SchoolId, Path)), request_body = SchoolTransfer, responses((status = 200, description = "The school", body = SchoolOut)))]
#[post("/schools/{id}/transfer")]
async fn transfer_school(
    permit: Permit<policy::TransferSchools>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<SchoolId>,
    body: Body<SchoolTransfer>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    let response = writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let school = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(school.row.version)?;
            flow::require(&school, Step::Transfer)?;
            let to = body.checked()?.municipality_id;
            SchoolOut::answer(flow::transfer(tx, school, to)?, writing.info.lang, &caller)
        })
        .await?;
    sessions.forget();
    Ok(response)
}
