//! Operations on school calendars.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, put};
use serde::Deserialize;

use super::flow::{self, Calendar};
use super::shape::{SchoolCalendarFilter, SchoolCalendarIn, SchoolCalendarOut, SchoolCalendarPage};
use super::{policy, store};
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::academic_year::AcademicYear;
use crate::kit::id::MunicipalityId;
use crate::web::query::One;
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations.service(list_school_calendars).service(get_school_calendar).service(put_school_calendar);
}

/// Which year of which municipality; what is no academic year is not found.
#[derive(Debug, Clone, Deserialize)]
struct CalendarPath {
    id: MunicipalityId,
    academic_year: AcademicYear,
}

/// List the school calendars that a municipality has given, the latest academic year first.
///
/// A year that is not listed has the usual quarters: read it by itself. `id=` names academic years.
#[utoipa::path(tag = "municipalities", params(("id" = MunicipalityId, Path), SchoolCalendarFilter, Paging), responses((status = 200, description = "A page", body = SchoolCalendarPage)))]
#[get("/municipalities/{id}/school-calendars")]
async fn list_school_calendars(
    permit: Permit<policy::ReadSchoolCalendars>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<SchoolCalendarFilter>,
    id: Path<MunicipalityId>,
) -> Result<HttpResponse, Error> {
    let (years, page, scope) = (query.filter.years(), query.page.clone(), permit.scope);
    let listed = db
        .read(move |conn| {
            let municipality = flow::municipality(conn, &scope, &id)?;
            Ok::<_, Error>(store::calendars_of(conn, &municipality.id, years.as_deref(), &page)?)
        })
        .await?;
    let out = |row| SchoolCalendarOut::given(row, info.lang, &permit.caller);
    Ok(Listing::of(&query, listed, &info, out)?.read(&info))
}

/// Read the school calendar of an academic year, named by its first calendar year.
///
/// Where the municipality has given none, the usual quarters (01.09-27.10, 07.11-29.12,
/// 09.01-22.03, 01.04-24.05) with `is_default` and version 0.
#[utoipa::path(tag = "municipalities", params(("id" = MunicipalityId, Path), ("academic_year" = i32, Path, description = "First calendar year of the academic year.", minimum = 2000, maximum = 2099, example = 2023)), responses((status = 200, description = "The calendar", body = SchoolCalendarOut)))]
#[get("/municipalities/{id}/school-calendars/{academic_year}")]
async fn get_school_calendar(
    permit: Permit<policy::ReadSchoolCalendars>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    path: Path<CalendarPath>,
) -> Result<HttpResponse, Error> {
    let CalendarPath { id, academic_year } = path.into_inner();
    let scope = permit.scope;
    let calendar = db
        .read(move |conn| {
            let municipality = flow::municipality(conn, &scope, &id)?;
            flow::of_year(conn, &municipality, academic_year)
        })
        .await?;
    Ok(SchoolCalendarOut::answer(calendar, info.lang, &permit.caller)?.read(&info, &one))
}

/// Give the school calendar of an academic year, or replace it whole.
///
/// `If-Match` is optional; `"0"` stands for the usual quarters. Due days of what comes round
/// once an academic quarter follow it from then on. Unchanged terms answer 200 and keep
/// their version.
#[utoipa::path(tag = "municipalities", params(("id" = MunicipalityId, Path), ("academic_year" = i32, Path, description = "First calendar year of the academic year.", minimum = 2000, maximum = 2099, example = 2023)), request_body = SchoolCalendarIn, responses(
    (status = 200, description = "Replaced", body = SchoolCalendarOut),
    (status = 201, description = "Created", body = SchoolCalendarOut),
))]
#[put("/municipalities/{id}/school-calendars/{academic_year}")]
async fn put_school_calendar(
    permit: Permit<policy::WriteSchoolCalendars>,
    db: Data<Db>,
    writing: Writing,
    path: Path<CalendarPath>,
    body: Body<SchoolCalendarIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let CalendarPath { id, academic_year } = path.into_inner();
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let municipality = flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            let old = store::of_year(tx, &municipality.id, academic_year)?;
            writing.allow_version(old.as_ref().map_or(0, |old| old.version))?;
            let created = old.is_none();
            let terms = body.checked()?.into_terms();
            let row = flow::put(tx, &municipality, academic_year, old, terms)?;
            let location = format!(
                "/api/v1/municipalities/{}/school-calendars/{}",
                row.municipality_id, row.academic_year
            );
            let answer = SchoolCalendarOut::answer(Calendar::Given(row), writing.info.lang, &caller)?;
            Ok(if created { answer.created(location) } else { answer })
        })
        .await
}
