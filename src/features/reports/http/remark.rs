//! Operations on remarks.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::flow_remarks::{self, Answered, NewRemark};
use super::super::lifecycle::ReportStep;
use super::super::remark::{RemarkStatus, RemarkStep};
use super::super::store_remarks::{self, Narrowed, RemarkRow};
use super::super::view::ReportView;
use super::super::{flow, policy, store, store_views};
use super::reader::Reader;
use super::rights::demand;
use crate::auth::{Permit, Role};
use crate::db::Db;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, RemarkId, ReportId};
use crate::web::query::{One, PageOut};
use crate::web::{
    ActionOut, Answer, AnyOf, Body, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, Writing,
    resource,
};

pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(list_remarks)
        .service(create_remark)
        .service(get_remark)
        .service(answer_remark)
        .service(resolve_remark);
}

/// Filters of the list of remarks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RemarkFilter {
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "open,answered")]
    status: Option<AnyOf<RemarkStatus>>,
    /// About any of these measures.
    #[param(value_type = Option<String>)]
    measure_id: Option<AnyOf<MeasureId>>,
}

impl Filter for RemarkFilter {
    const SORTS: &'static [&'static str] = &[];
}

/// A new remark: about a measure, or about the place that a JSON pointer names.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"pointer": "/items/S1/result", "text": "Укажите номер и дату приказа"}))]
struct RemarkIn {
    /// The measure.
    measure_id: Option<MeasureId>,
    /// `/summary`, `/problems`, `/items/{code}`, `/items/{code}/{field}`; empty: the whole report.
    #[schema(max_length = 200)]
    pointer: Option<String>,
    /// What is to be done.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// What looks like personal data in the text is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    personal_data_confirmed: bool,
}

/// What was done about a remark.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answer": "Номер и дата приказа указаны"}))]
struct RemarkAnswer {
    /// In words.
    #[schema(min_length = 1, max_length = 4000)]
    answer: String,
    /// What looks like personal data in the answer is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    personal_data_confirmed: bool,
}

/// A remark on a report.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RemarkOut {
    id: RemarkId,
    version: i32,
    report_id: ReportId,
    /// The version of the report it is about.
    submission: i32,
    /// The measure it is about; null: the report as a whole.
    measure_id: Option<MeasureId>,
    /// The measure's code.
    code: Option<String>,
    /// JSON pointer of the place it is about; empty: the whole report.
    pointer: String,
    text: String,
    status: RemarkStatus,
    status_label: &'static str,
    /// The role that wrote it.
    author_role: Role,
    author_role_label: &'static str,
    /// What the school did about it.
    answer: Option<String>,
    answered_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of remarks.
#[derive(Serialize, ToSchema)]
struct RemarkPage {
    items: Vec<RemarkOut>,
    page: PageOut,
}

impl RemarkOut {
    /// A remark on the report that `view` shows.
    pub(super) fn of(view: &ReportView, row: RemarkRow, reader: &Reader) -> Self {
        let measure = row.measure_id.as_ref().and_then(|id| view.measure(id));
        Self {
            actions: actions(view, &row, reader),
            code: measure.map(|measure| measure.code.clone()),
            id: row.id,
            version: row.version,
            report_id: row.report_id,
            submission: row.submission,
            measure_id: row.measure_id,
            pointer: row.pointer,
            text: row.text,
            status: row.status,
            status_label: row.status.label(reader.lang),
            author_role: row.author_role,
            author_role_label: row.author_role.label(reader.lang),
            answer: row.answer,
            answered_at: row.answered_at.map(utc),
            resolved_at: row.resolved_at.map(utc),
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    fn answer(view: &ReportView, row: RemarkRow, reader: &Reader) -> Result<Answer, Error> {
        resource(row.version, &Self::of(view, row, reader))
    }
}

fn actions(view: &ReportView, row: &RemarkRow, reader: &Reader) -> Vec<ActionOut> {
    let rights = reader.rights(&view.row);
    let action = |name, may, step| {
        let mut blockers = view.circumstances(reader.today).blockers(ReportStep::Discuss);
        blockers.extend(row.status.blocker(step));
        ActionOut::new(name, may, &blockers)
    };
    vec![
        action("answer", rights.fills, RemarkStep::Answer),
        action("resolve", resolves(row, reader, view), RemarkStep::Resolve),
    ]
}

/// The department resolves every remark, a curator his own.
fn resolves(row: &RemarkRow, reader: &Reader, view: &ReportView) -> bool {
    let rights = reader.rights(&view.row);
    rights.reviews || (rights.remarks && reader.caller.is(&row.created_by))
}

/// List the remarks on a report, oldest first.
#[utoipa::path(tag = "remarks", params(("id" = ReportId, Path), RemarkFilter, Paging), responses((status = 200, description = "A page", body = RemarkPage)))]
#[get("/reports/{id}/remarks")]
async fn list_remarks(
    permit: Permit<policy::ReadRemarks>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<RemarkFilter>,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let (scope, page) = (reader.scope.clone(), query.page.clone());
    let narrowed = Narrowed {
        status: query.filter.status.clone().map(|any| any.0),
        measure_id: query.filter.measure_id.clone().map(|any| any.0),
    };
    let (view, listed) = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            let listed = store_remarks::list(conn, &row.id, &narrowed, &page)?;
            Ok::<_, Error>((store_views::view(conn, row)?, listed))
        })
        .await?;
    Ok(Listing::of(&query, listed, &info, |row| RemarkOut::of(&view, row, &reader))?.read(&info))
}

/// Write a remark on a submitted, returned or accepted report.
///
/// The department writes on every school's report, a curator on those of his schools. While a
/// remark is open, the report is not submitted again. A remark of the department starts the
/// review of a submitted report.
#[utoipa::path(tag = "remarks", params(("id" = ReportId, Path)), request_body = RemarkIn, responses((status = 201, description = "Created", body = RemarkOut)))]
#[post("/reports/{id}/remarks")]
async fn create_remark(
    permit: Permit<policy::WriteRemarks>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
    body: Body<RemarkIn>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let hash = body.hash().to_owned();
    writing
        .run(&db, reader.caller.actor(), &hash, move |tx, writing| {
            let view = flow::open(tx, &reader.scope, &id)?;
            let rights = reader.rights(&view.row);
            demand(rights.remarks)?;
            writing.admit(tx, &body)?;
            flow::require(tx, &view, ReportStep::Remark)?;
            let new = body.checked()?.into();
            let (view, row) = flow_remarks::write(tx, view, new, &reader.caller, rights.reviews)?;
            let location = format!("/api/v1/remarks/{}", row.id);
            Ok(RemarkOut::answer(&view, row, &reader)?.created(location))
        })
        .await
}

/// Read a remark.
#[utoipa::path(tag = "remarks", params(("id" = RemarkId, Path)), responses((status = 200, description = "The remark", body = RemarkOut)))]
#[get("/remarks/{id}")]
async fn get_remark(
    permit: Permit<policy::ReadRemarks>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<RemarkId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let answer = db
        .read(move |conn| {
            let (view, row) = flow_remarks::find(conn, &reader.scope, &id)?;
            RemarkOut::answer(&view, row, &reader)
        })
        .await?;
    Ok(answer.read(&info, &one))
}

/// Answer a remark on the own report; an answer may be corrected until the remark is resolved.
#[utoipa::path(tag = "remarks", params(("id" = RemarkId, Path)), request_body = RemarkAnswer, responses((status = 200, description = "The remark", body = RemarkOut)))]
#[post("/remarks/{id}/answer")]
async fn answer_remark(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RemarkId>,
    body: Body<RemarkAnswer>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let hash = body.hash().to_owned();
    writing
        .run(&db, reader.caller.actor(), &hash, move |tx, writing| {
            let (view, row) = flow_remarks::open(tx, &reader.scope, &id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &view, ReportStep::Discuss)?;
            flow_remarks::require(&row, RemarkStep::Answer)?;
            let given = body.checked()?;
            let answer =
                Answered { text: given.answer, personal_data_confirmed: given.personal_data_confirmed };
            let row = flow_remarks::answer(tx, &view, row, answer, reader.caller.account()?)?;
            RemarkOut::answer(&view, row, &reader)
        })
        .await
}

/// Resolve a remark: nothing more is expected. The department resolves any, a curator his own.
#[utoipa::path(tag = "remarks", params(("id" = RemarkId, Path)), responses((status = 200, description = "The remark", body = RemarkOut)))]
#[post("/remarks/{id}/resolve")]
async fn resolve_remark(
    permit: Permit<policy::WriteRemarks>,
    db: Data<Db>,
    writing: Writing,
    id: Path<RemarkId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let body = Body::none();
    writing
        .run(&db, reader.caller.actor(), "", move |tx, writing| {
            let (view, row) = flow_remarks::open(tx, &reader.scope, &id)?;
            demand(resolves(&row, &reader, &view))?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(tx, &view, ReportStep::Discuss)?;
            flow_remarks::require(&row, RemarkStep::Resolve)?;
            let row = flow_remarks::resolve(tx, &view, row, reader.caller.account()?)?;
            RemarkOut::answer(&view, row, &reader)
        })
        .await
}

impl From<RemarkIn> for NewRemark {
    fn from(given: RemarkIn) -> Self {
        Self {
            measure_id: given.measure_id,
            pointer: given.pointer,
            text: given.text,
            personal_data_confirmed: given.personal_data_confirmed,
        }
    }
}
