//! The content of a report: as data, and as documents to print and open in an office suite.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::super::content::ContentShown;
use super::super::domain::ReportStatus;
use super::super::render::{self, Documented, FORMATS, ReportDocument};
use super::super::view::ReportView;
use super::super::{flow_numbers, policy, store, store_views};
use super::reader::Reader;
use super::version::{is_accepted, number_of, submitted};
use crate::auth::Permit;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::features::{municipalities, road_maps, schools};
use crate::kit::clock::{moscow_date, utc};
use crate::kit::id::ReportId;
use crate::kit::lang::Bi;
use crate::print::text::short_date;
use crate::problems;
use crate::web::{Format, Operations, Printed, RequestInfo, query};

/// Who signs where the school does not say how its head is called.
const HEAD_OF_SCHOOL: &str = "Руководитель образовательной организации";
/// Who signs the municipality's own report.
const HEAD_OF_AUTHORITY: &str = "Руководитель органа управления образованием";

pub(super) fn configure(operations: &mut Operations) {
    operations.service(get_report_content);
}

/// Read what a report says: as data, a page to print, a document or a table of an office suite.
///
/// `format` (`json`, `html`, `docx`, `xlsx`, `csv`) goes before `Accept`. It shows what
/// `GET /reports/{id}` shows, or the submission that `version` names; 404 when the report was never
/// submitted and is not the reader's own. Anything that is not accepted carries «ПРОЕКТ». Evidence
/// that holds personal data is left out for readers who may not open it. The document is in Russian;
/// no text of a table is a formula. The workbook says above its table whose report it is and how far
/// it has got, and below it what is told of the whole; each row of the CSV names school, period,
/// version and state in its last columns.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ("format" = Option<String>, Query, description = "In this form, whatever `Accept` says.", example = "docx"), ("version" = Option<i32>, Query, description = "This submission, by its number.", minimum = 1, example = 1)), responses((status = 200, description = "The content", content(
    (ReportDocument = "application/json"), (String = "text/html"), (String = "text/csv"),
    (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
))))]
#[get("/reports/{id}/content")]
async fn get_report_content(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    request: HttpRequest,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let asked = query::plain(&request, &["format", "version"]).and_then(|given| {
        let number = number_of("version", given.get("version"))?;
        Ok((number, Format::chosen(&request, given.get("format").map(String::as_str), &FORMATS)?))
    });
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let printed = db
        .read(move |conn| {
            let row = store::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            let (number, format) = asked?;
            let view = store_views::view(conn, row)?;
            let document = document(conn, &reader, &view, number)?;
            // Here, not on the worker that serves everybody else: a document takes its time.
            printed(&view, &document, format)
        })
        .await?;
    Ok(printed.read(&info))
}

/// What the reader is to see of the report, ready to be printed.
fn document(
    conn: &mut AnyConnection,
    reader: &Reader,
    view: &ReportView,
    number: Option<i32>,
) -> Result<ReportDocument, Error> {
    let row = &view.row;
    let last = Some(row.submission);
    let number = match (number, reader.shown(row)) {
        (Some(number), _) => Some(number),
        (None, ContentShown::Current) => {
            last.filter(|_| matches!(row.status, ReportStatus::Submitted | ReportStatus::Accepted))
        }
        (None, ContentShown::LastSubmitted) => last,
        (None, ContentShown::Hidden) => return Err(not_submitted()),
    };
    let (content, submitted_on) = match number {
        Some(number) => {
            let (content, at) = submitted(conn, reader, row, number)?;
            (content, Some(moscow_date(at)))
        }
        None => (reader.content(conn, row)?, None),
    };
    let is_accepted = number.is_some_and(|number| is_accepted(row, number));
    let accepted_on = row.accepted_at.filter(|_| is_accepted).map(|at| moscow_date(utc(at)));
    let map_id = &view.monitoring.road_map_id;
    let map = road_maps::find(conn, &reader.scope, map_id)?.ok_or_else(Error::not_found)?;
    let measures = road_maps::measure_rows_of(conn, map_id)?;
    let indicators = flow_numbers::declared(conn, view)?;
    let (subject, position) = signatory(conn, reader, view)?;
    Ok(ReportDocument::of(Documented {
        view,
        content,
        number,
        is_accepted,
        submitted_on,
        accepted_on,
        measures,
        indicators,
        subject,
        road_map_title: map.title,
        position,
    }))
}

/// Whose report it is, and the position of the person who signs it.
fn signatory(
    conn: &mut AnyConnection,
    reader: &Reader,
    view: &ReportView,
) -> Result<(String, String), Error> {
    let Some(school) = &view.row.school_id else {
        let municipality = municipalities::find(conn, &reader.scope, &view.row.municipality_id)?;
        let authority = municipality.ok_or_else(Error::not_found)?.authority_name;
        return Ok((authority, HEAD_OF_AUTHORITY.to_owned()));
    };
    // A school that has moved to another municipality keeps the name it had here.
    let school = schools::find(conn, &reader.scope, school)?;
    let full_name = school.as_ref().and_then(|school| school.full_name.clone());
    let position = school.and_then(|school| school.head_position).map(|position| capitalised(&position));
    let name = full_name.or_else(|| view.school_name.clone()).unwrap_or_default();
    Ok((name, position.unwrap_or_else(|| HEAD_OF_SCHOOL.to_owned())))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn printed(view: &ReportView, document: &ReportDocument, format: Format) -> Result<Printed, Error> {
    let bytes = render::print(document, format, utc(view.row.updated_at));
    let subject = view.school_name.as_ref().unwrap_or(&document.subject).replace(['/', '\\'], " ");
    let period = format!("{}-{}", short_date(document.period_start), short_date(document.period_end));
    let mark = match document.accepted_on {
        Some(on) => format!("принят {}", short_date(on)),
        None => "проект".to_owned(),
    };
    Ok(Printed {
        format,
        bytes: bytes.map_err(|cause| Error::Internal(cause.into()))?,
        version: Some(view.row.version),
        name: format!("Отчет {subject} за {period} ({mark})"),
        plain_name: "report",
    })
}

fn not_submitted() -> Error {
    let detail = Bi::fixed(
        "Отчёт ещё не представлен: читать пока нечего",
        "The report was never submitted: there is nothing to read yet",
    );
    Error::because(&problems::NOT_FOUND, detail)
}
