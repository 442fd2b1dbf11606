//! Operations on the versions of a report: what was submitted each time, and what changed.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::super::content::Content;
use super::super::diff::{Difference, differences};
use super::super::domain::ReportStatus;
use super::super::place::ReportField;
use super::super::store::{self, ReportRow};
use super::super::store_versions::{self, VersionEntry};
use super::super::{policy, store_views};
use super::reader::Reader;
use super::shape::{ReportItemOut, items_blocked};
use crate::auth::Permit;
use crate::db::page::page_of;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, ReportId};
use crate::kit::lang::{Bi, Lang};
use crate::kit::violation::Violation;
use crate::problems;
use crate::web::query::{One, PageOut, plain};
use crate::web::{Answer, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, resource};

/// A version never changes.
const VERSION: i32 = 1;

pub(super) fn configure(operations: &mut Operations) {
    operations.service(list_report_versions).service(get_report_version).service(get_report_diff);
}

/// Versions have no filters of their own.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReportVersionFilter {}

impl Filter for ReportVersionFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "number";
    const LAST_KEY: &'static str = "number";
}

/// A version as the list shows it.
#[derive(Debug, Serialize, ToSchema)]
struct ReportVersionEntry {
    /// 1 for the first submission; `id=` names these.
    number: i32,
    submitted_at: DateTime<Utc>,
    /// This is what was accepted and what conclusions count.
    accepted: bool,
}

/// A page of versions.
#[derive(Serialize, ToSchema)]
struct ReportVersionPage {
    items: Vec<ReportVersionEntry>,
    page: PageOut,
}

/// What was submitted once.
#[derive(Debug, Serialize, ToSchema)]
struct ReportVersionOut {
    report_id: ReportId,
    /// 1 for the first submission.
    number: i32,
    /// Always 1: a version is never changed.
    version: i32,
    submitted_at: DateTime<Utc>,
    /// This is what was accepted and what conclusions count.
    accepted: bool,
    summary: Option<String>,
    problems: Option<String>,
    items: Vec<ReportItemOut>,
}

/// What changed between two versions of a report.
#[derive(Debug, Serialize, ToSchema)]
struct ReportDiffOut {
    /// The older version.
    from: i32,
    /// The newer one.
    to: i32,
    /// Every changed place: the report's own texts, then the items in the order of the road map.
    changes: Vec<ReportDifferenceOut>,
}

/// One changed place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "pointer": "/items/S1.1/status", "measure_id": "0192f0c1-0000-7000-8000-000000000000", "code": "S1.1",
    "field": "status", "field_label": "отметка об исполнении", "old": "in_progress", "new": "done"
}))]
struct ReportDifferenceOut {
    /// `/summary`, `/problems`, `/items/{code}/{field}`; evidence by its id, a number by the code of
    /// its indicator.
    pointer: String,
    /// Null: the place belongs to the whole report.
    measure_id: Option<MeasureId>,
    /// The measure's code.
    code: Option<String>,
    field: ReportField,
    field_label: &'static str,
    /// Null: there was nothing.
    old: Value,
    /// Null: nothing is left.
    new: Value,
}

/// List the versions of a report: what was submitted each time, oldest first.
///
/// Regional readers see the accepted one.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ReportVersionFilter, Paging), responses((status = 200, description = "A page", body = ReportVersionPage)))]
#[get("/reports/{id}/versions")]
async fn list_report_versions(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<ReportVersionFilter>,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let (row, versions) = db
        .read(move |conn| {
            let row = store::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            let mut versions = store_versions::list(conn, &row.id)?;
            versions.retain(|version| shows(&reader, &row, version.number));
            Ok::<_, Error>((row, versions))
        })
        .await?;
    let listed = page_of(&query.page, "id", versions);
    let entry = |version: VersionEntry| ReportVersionEntry {
        number: version.number,
        submitted_at: utc(version.submitted_at),
        accepted: is_accepted(&row, version.number),
    };
    Ok(Listing::of(&query, listed, &info, entry)?.read(&info))
}

/// Read a version of a report: its texts and items as they were submitted.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ("n" = i32, Path, description = "Number of the submission, from 1.", minimum = 1)), responses((status = 200, description = "The version", body = ReportVersionOut)))]
#[get("/reports/{id}/versions/{n}")]
async fn get_report_version(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    path: Path<(ReportId, i32)>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let (id, number) = path.into_inner();
    let answer = db
        .read(move |conn| {
            let row = store::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            let (content, submitted_at) = submitted(conn, &reader, &row, number)?;
            let view = store_views::view(conn, row)?;
            let out = ReportVersionOut {
                report_id: id,
                number,
                version: VERSION,
                submitted_at,
                accepted: is_accepted(&view.row, number),
                summary: content.summary,
                problems: content.problems,
                items: items_blocked(&view, content.items, &["version-frozen"], &reader),
            };
            resource(VERSION, &out)
        })
        .await?;
    Ok(answer.read(&info, &one))
}

/// Compare two versions of a report: every changed field with its old and new value.
///
/// `to` is the last version unless given, `from` the one before it.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ("from" = Option<i32>, Query, description = "Number of the earlier submission; left out: the one before `to`.", minimum = 1, example = 1), ("to" = Option<i32>, Query, description = "Number of the later submission; left out: the last one.", minimum = 1, example = 2)), responses((status = 200, description = "The differences", body = ReportDiffOut)))]
#[get("/reports/{id}/diff")]
async fn get_report_diff(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    request: HttpRequest,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let given = plain(&request, &["from", "to"])?;
    let (from, to) = (number_of("from", given.get("from"))?, number_of("to", given.get("to"))?);
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let answer = db
        .read(move |conn| {
            let row = store::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            let to = to.unwrap_or(row.submission);
            let from = from.unwrap_or(to.saturating_sub(1));
            let (old, _) = submitted(conn, &reader, &row, from)?;
            let (new, _) = submitted(conn, &reader, &row, to)?;
            let view = store_views::view(conn, row)?;
            let found = differences(&old, &new, &view.road_map);
            let changes = found.into_iter().map(|one| ReportDifferenceOut::of(one, reader.lang)).collect();
            Answer::plain(&ReportDiffOut { from, to, changes })
        })
        .await?;
    Ok(answer.read(&info, &One::default()))
}

/// What was submitted as the `number`th, as the reader may see it; 404 when there is no such
/// version, or not for him.
pub(super) fn submitted(
    conn: &mut AnyConnection,
    reader: &Reader,
    row: &ReportRow,
    number: i32,
) -> Result<(Content, DateTime<Utc>), Error> {
    let kept = match shows(reader, row, number) {
        true => store_versions::find(conn, &row.id, number)?,
        false => None,
    };
    let kept = kept.ok_or_else(|| no_version(number))?;
    let content: Content = serde_json::from_str(&kept.content)?;
    let all = reader.rights(row).personal_data;
    Ok((if all { content } else { content.without_personal_data() }, utc(kept.submitted_at)))
}

/// Those who see work see every version; regional readers what was accepted.
fn shows(reader: &Reader, row: &ReportRow, number: i32) -> bool {
    reader.scope.sees_work() || is_accepted(row, number)
}

/// Whether it is what was accepted and what conclusions count.
pub(super) fn is_accepted(row: &ReportRow, number: i32) -> bool {
    row.status == ReportStatus::Accepted && row.submission == number
}

fn no_version(number: i32) -> Error {
    let detail = Bi::of(
        format!("У отчёта нет версии {number}: версия появляется при каждом представлении"),
        format!("The report has no version {number}: each submission makes one"),
    );
    Error::because(&problems::NOT_FOUND, detail)
}

/// The number of a version in the parameter `name`.
///
/// # Errors
///
/// 400 unless it is a whole number from 1.
pub(super) fn number_of(name: &str, text: Option<&String>) -> Result<Option<i32>, Error> {
    text.map(|text| text.parse::<i32>().ok().filter(|number| *number > 0))
        .map(|read| {
            let detail = Bi::fixed("Номер версии: целое число от 1", "The number of a version: 1 or more");
            read.ok_or_else(|| {
                Error::malformed(vec![Violation::new(format!("?{name}"), "invalid-parameter", detail)])
            })
        })
        .transpose()
}

impl ReportDifferenceOut {
    fn of(given: Difference<'_>, lang: Lang) -> Self {
        Self {
            pointer: given.pointer,
            measure_id: given.measure.map(|measure| measure.id.clone()),
            code: given.measure.map(|measure| measure.code.clone()),
            field: given.field,
            field_label: given.field.label(lang),
            old: given.old,
            new: given.new,
        }
    }
}
