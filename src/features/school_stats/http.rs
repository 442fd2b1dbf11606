//! Operations on the statistics of schools.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, put};
use serde::Deserialize;

use super::bodies::SchoolStatIn;
use super::shape::{SchoolStatFilter, SchoolStatOut, SchoolStatPage};
use super::{flow, policy, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::features::schools;
use crate::kit::academic_year::AcademicYear;
use crate::kit::id::SchoolId;
use crate::web::query::One;
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(list_school_stats).service(get_school_stat).service(put_school_stat);
}

/// Which year of which school; what is no academic year is not found.
#[derive(Debug, Clone, Deserialize)]
struct StatPath {
    id: SchoolId,
    academic_year: AcademicYear,
}

/// List the statistics of a school, the latest academic year first.
///
/// `id=` names academic years. They are sorted by year alone: nothing is sorted by results.
#[utoipa::path(tag = "schools", params(("id" = SchoolId, Path), SchoolStatFilter, Paging), responses((status = 200, description = "A page", body = SchoolStatPage)))]
#[get("/schools/{id}/stats")]
async fn list_school_stats(
    permit: Permit<policy::ReadStats>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<SchoolStatFilter>,
    id: Path<SchoolId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (years, page) = (query.filter.years(), query.page.clone());
    let (school, listed) = db
        .read(move |conn| {
            let school = schools::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            let listed = store::years_of(conn, &school, years.as_deref(), &page)?;
            Ok::<_, Error>((school, listed))
        })
        .await?;
    let out = |stat| SchoolStatOut::of(stat, &school, info.lang, &caller);
    Ok(Listing::of(&query, listed, &info, out)?.read(&info))
}

/// Read the statistics of a school in an academic year, named by its first calendar year.
///
/// For the school, its department and its curators; counts only, never pupils.
#[utoipa::path(tag = "schools", params(("id" = SchoolId, Path), ("academic_year" = i32, Path, description = "First calendar year of the academic year.", minimum = 2000, maximum = 2099, example = 2023)), responses((status = 200, description = "The statistics", body = SchoolStatOut)))]
#[get("/schools/{id}/stats/{academic_year}")]
async fn get_school_stat(
    permit: Permit<policy::ReadStats>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    path: Path<StatPath>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let StatPath { id, academic_year } = path.into_inner();
    let answer = db
        .read(move |conn| {
            let school = schools::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            let stat = store::of_year(conn, &school, academic_year)?.ok_or_else(Error::not_found)?;
            SchoolStatOut::answer(stat, &school, info.lang, &caller)
        })
        .await?;
    Ok(answer.read(&info, &one))
}

/// Enter the statistics of a school in an academic year, or replace them whole.
///
/// `If-Match` is optional. Unchanged statistics answer 200 and keep their version; a closed
/// school answers 409 `school-closed`. A result (assessment, subject, grade, calendar year)
/// stands in one academic year of the school only.
#[utoipa::path(tag = "schools", params(("id" = SchoolId, Path), ("academic_year" = i32, Path, description = "First calendar year of the academic year.", minimum = 2000, maximum = 2099, example = 2023)), request_body = SchoolStatIn, responses(
    (status = 200, description = "Replaced", body = SchoolStatOut),
    (status = 201, description = "Created", body = SchoolStatOut),
))]
#[put("/schools/{id}/stats/{academic_year}")]
async fn put_school_stat(
    permit: Permit<policy::WriteStats>,
    db: Data<Db>,
    writing: Writing,
    path: Path<StatPath>,
    body: Body<SchoolStatIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let StatPath { id, academic_year } = path.into_inner();
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let school = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            let old = store::of_year(tx, &school, academic_year)?;
            // What is not there has no version that anybody could have seen.
            writing.allow_version(old.as_ref().map_or(0, |old| old.row.version))?;
            flow::require_active(&school)?;
            let created = old.is_none();
            let stat = flow::put(tx, &school, academic_year, old, body.checked()?.into())?;
            let location = format!("/api/v1/schools/{}/stats/{}", school.id, stat.row.academic_year);
            let answer = SchoolStatOut::answer(stat, &school, writing.info.lang, &caller)?;
            Ok(if created { answer.created(location) } else { answer })
        })
        .await
}
