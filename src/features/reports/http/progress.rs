//! How far a monitoring is: as data, as a picture, as a page and as a table.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::super::content::ContentShown;
use super::super::policy;
use super::super::progress::{self, ReportBrief};
use super::rights::is_own_side;
use super::shape_progress::MonitoringProgress;
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::kit::clock::{moscow_date, utc};
use crate::kit::id::MonitoringId;
use crate::web::format::Format;
use crate::web::printed::Printed;
use crate::web::query::{One, plain};
use crate::web::{Answer, Operations, RequestInfo};

/// The forms that there are, the usual one first.
const FORMS: [Format; 5] = [Format::Json, Format::Svg, Format::Html, Format::Xlsx, Format::Csv];

pub(super) fn configure(operations: &mut Operations) {
    operations.service(get_monitoring_progress);
}

/// Read how far a monitoring is, by the reports within the scope.
///
/// `format` (`json`, `svg`, `html`, `xlsx`, `csv`) goes before `Accept`; `fields` narrows JSON.
/// The matrix has schools by name and measures in the order of the road map; a cell shows what
/// the report itself shows to the caller: nothing of a report that was never submitted, the
/// last submission of one that was returned. The documents are in Russian: a picture to embed,
/// a page to annex to the note, tables for office suites.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path), ("format" = Option<String>, Query, description = "In this form, whatever `Accept` says.", example = "svg"), ("fields" = Option<String>, Query, description = "Only these members, comma-separated; of JSON.", example = "by_status,overdue")), responses((status = 200, description = "The progress", content(
    (MonitoringProgress = "application/json"), (String = "image/svg+xml"), (String = "text/html"),
    (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv"),
))))]
#[get("/monitorings/{id}/progress")]
async fn get_monitoring_progress(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    req: HttpRequest,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let asked = plain(&req, &["format", "fields"]).and_then(|given| {
        let fields = given.get("fields").map(|text| text.split(',').map(str::to_owned).collect());
        Ok((Format::chosen(&req, given.get("format").map(String::as_str), &FORMS)?, fields))
    });
    let (scope, now, lang) = (permit.scope, info.now, info.lang);
    let (grid, fields, printed) = db
        .read(move |conn| {
            let shown = |report: &ReportBrief| {
                let own_side = is_own_side(&scope, &report.municipality_id, report.school_id.as_ref());
                ContentShown::to(own_side, report.status, report.submission)
            };
            let grid = progress::read(conn, &scope, &id, moscow_date(now), shown)?;
            let (format, fields) = asked?;
            if format == Format::Json {
                return Ok((grid, fields, None));
            }
            // The day, not the instant: the same table keeps its tag. Made here, not on the worker
            // that serves everybody else: a workbook takes its time.
            let bytes = progress::printed(&grid, format, utc(grid.today.into()))?;
            Ok::<_, Error>((grid, fields, Some((format, bytes))))
        })
        .await?;
    let Some((format, bytes)) = printed else {
        let one = One { fields, ..One::default() };
        return Ok(Answer::plain(&MonitoringProgress::of(&grid, lang))?.read(&info, &one));
    };
    let name = "Ход мониторинга".to_owned();
    Ok(Printed { format, bytes, version: None, name, plain_name: "progress" }.read(&info))
}
