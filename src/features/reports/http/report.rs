//! Operations on reports.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::lifecycle::ReportStep;
use super::super::store::{self, ReportRow};
use super::super::store_views::{self, HistoryRow};
use super::super::view::ReportView;
use super::super::{flow, flow_remarks, policy};
use super::bodies::{ReportFilter, ReportHistoryFilter, ReportPatch, ReportReturn};
use super::reader::Reader;
use super::rights::demand;
use super::shape::{ReportOut, ReportPage};
use crate::auth::Permit;
use crate::db::page::Listed;
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::id::{RemarkId, ReportId};
use crate::web::query::{One, PageOut};
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

pub(super) fn configure(operations: &mut Operations) {
    operations
        .service(list_reports)
        .service(get_report)
        .service(update_report)
        .service(submit_report)
        .service(withdraw_report)
        .service(start_report_review)
        .service(return_report)
        .service(accept_report)
        .service(get_report_history);
}

/// A step in the life of a report.
#[derive(Serialize, ToSchema)]
struct ReportHistoryEntry {
    /// Its number in the journal; `id=` names these.
    seq: i64,
    at: DateTime<Utc>,
    /// What was done, e.g. `submit`.
    action: String,
    /// Code of the role whose rights were used.
    actor_role: String,
    /// With a head's rights by `acting_until`.
    acting: bool,
    /// State before.
    from: Option<String>,
    /// State after.
    to: Option<String>,
    /// Why, in the words of the person who did it.
    reason: Option<String>,
    /// The remark it is about; null: the report itself.
    remark_id: Option<RemarkId>,
}

/// A page of the life of a report.
#[derive(Serialize, ToSchema)]
struct ReportHistoryPage {
    items: Vec<ReportHistoryEntry>,
    page: PageOut,
}

/// Takes a step: the checks in the order of the contract, then `act`.
///
/// What his role may do does not say whose report it is, so 403 follows 404.
async fn step<A, T: Send + 'static>(
    permit: Permit<A>,
    db: &Db,
    writing: Writing,
    id: Path<ReportId>,
    body: Body<T>,
    step: ReportStep,
    act: impl FnOnce(&mut Tx, &Reader, ReportView, T) -> Result<ReportRow, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let hash = body.hash().to_owned();
    writing
        .run(db, reader.caller.actor(), &hash, move |tx, writing| {
            let view = flow::open_for_step(tx, &reader.scope, &id)?;
            demand(reader.rights(&view.row).allow(step))?;
            writing.admit(tx, &body)?;
            writing.expect_version(view.row.version)?;
            flow::require(tx, &view, step)?;
            let row = act(tx, &reader, view, body.checked()?)?;
            reader.report(tx, row, false)
        })
        .await
}

/// List reports within the scope, without texts and items; regional readers see accepted ones.
#[utoipa::path(tag = "reports", params(ReportFilter, Paging), responses((status = 200, description = "A page", body = ReportPage)))]
#[get("/reports")]
async fn list_reports(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<ReportFilter>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let (scope, page) = (reader.scope.clone(), query.page.clone());
    let narrowed = query.filter.narrowed(reader.today);
    let listed = db
        .read(move |conn| {
            let listed = store::list(conn, &scope, &narrowed, &page)?;
            let rows = store_views::views(conn, listed.rows)?;
            Ok::<_, Error>(Listed { rows, count: listed.count })
        })
        .await?;
    Ok(Listing::of(&query, listed, &info, |view| ReportOut::of(&view, &reader))?.read(&info))
}

/// Read a report.
///
/// The own side sees its texts and items as they are; others as they were submitted last, see
/// `content`. `embed=items` adds the items, each with its evidence.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ("embed" = Option<String>, Query, description = "`items`, `evidence`: the items with their evidence")), responses((status = 200, description = "The report", body = ReportOut)))]
#[get("/reports/{id}")]
async fn get_report(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    request: HttpRequest,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let one = One::read(&request, &["items", "evidence"])?;
    let embeds = !one.embed.is_empty();
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let answer = db
        .read(move |conn| {
            let row = store::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            reader.report(conn, row, embeds)
        })
        .await?;
    Ok(answer.read(&info, &one))
}

/// Change the texts of the own report; unchanged ones keep its version.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), request_body = ReportPatch, responses((status = 200, description = "The report", body = ReportOut)))]
#[patch("/reports/{id}")]
async fn update_report(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
    body: Body<ReportPatch>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let hash = body.hash().to_owned();
    writing
        .run(&db, reader.caller.actor(), &hash, move |tx, writing| {
            let view = flow::open(tx, &reader.scope, &id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.admit(tx, &body)?;
            writing.expect_version(view.row.version)?;
            flow::require(tx, &view, ReportStep::Update)?;
            let given = body.checked()?;
            let confirmed = given.personal_data_confirmed;
            let text = given.over(flow::text_of(&view.row));
            let row = flow::update_text(tx, view.row, text, confirmed)?;
            reader.report(tx, row, false)
        })
        .await
}

/// Submit the own report.
///
/// Answers 422 with everything that is missing, pointers `/items/{code}`; 409
/// `collection-closed` for a draft after the collection, unless an extension covers the school;
/// 409 `remarks-open` with every remark that waits for an answer.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), responses((status = 200, description = "The report", body = ReportOut)))]
#[post("/reports/{id}/submit")]
async fn submit_report(
    permit: Permit<policy::SubmitReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, Body::none(), ReportStep::Submit, |tx, reader, view, ()| {
        flow_remarks::require_answered(tx, &view)?;
        flow::submit(tx, view, reader.caller.account()?)
    })
    .await
}

/// Take a submitted report back, until its review starts.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), responses((status = 200, description = "The report", body = ReportOut)))]
#[post("/reports/{id}/withdraw")]
async fn withdraw_report(
    permit: Permit<policy::SubmitReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let act = |tx: &mut Tx, _: &Reader, view: ReportView, ()| flow::withdraw(tx, view.row);
    step(permit, &db, writing, id, Body::none(), ReportStep::Withdraw, act).await
}

/// Start the review of a submitted report: from now on it is not taken back.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), responses((status = 200, description = "The report", body = ReportOut)))]
#[post("/reports/{id}/start-review")]
async fn start_report_review(
    permit: Permit<policy::ReviewReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let act = |tx: &mut Tx, _: &Reader, view: ReportView, ()| flow::start_review(tx, view.row);
    step(permit, &db, writing, id, Body::none(), ReportStep::StartReview, act).await
}

/// Send a submitted report back with a reason or open remarks; an accepted one too, until the
/// note is signed.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), request_body = ReportReturn, responses((status = 200, description = "The report", body = ReportOut)))]
#[post("/reports/{id}/return")]
async fn return_report(
    permit: Permit<policy::ReviewReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
    body: Body<ReportReturn>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, body, ReportStep::Return, |tx, _, view, given| {
        flow_remarks::require_words(&view, given.reason.as_deref())?;
        flow::send_back(tx, view.row, given.reason, given.personal_data_confirmed)
    })
    .await
}

/// Accept a submitted report; not by the person who submitted it (409 `own-report`).
///
/// The numbers that it tells become confirmed values of their indicators; 409 `value-from-report`
/// when an accepted report of another monitoring told another number for the same period.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), responses((status = 200, description = "The report", body = ReportOut)))]
#[post("/reports/{id}/accept")]
async fn accept_report(
    permit: Permit<policy::ReviewReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    step(permit, &db, writing, id, Body::none(), ReportStep::Accept, |tx, reader, view, ()| {
        flow::accept(tx, view, reader.caller.account()?)
    })
    .await
}

/// List what happened to a report, oldest first; regional readers see its acceptances.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ReportHistoryFilter, Paging), responses((status = 200, description = "A page", body = ReportHistoryPage)))]
#[get("/reports/{id}/history")]
async fn get_report_history(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<ReportHistoryFilter>,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let (scope, page) = (permit.scope, query.page.clone());
    let actions = query.filter.actions(scope.sees_work());
    let listed = db
        .read(move |conn| {
            let row = store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            Ok::<_, Error>(store_views::history(conn, &row.id, actions.as_deref(), &page)?)
        })
        .await?;
    Ok(Listing::of(&query, listed, &info, ReportHistoryEntry::from)?.read(&info))
}

impl From<HistoryRow> for ReportHistoryEntry {
    fn from(row: HistoryRow) -> Self {
        Self {
            seq: row.seq,
            at: utc(row.at),
            action: row.action,
            actor_role: row.actor_role,
            acting: row.acting,
            from: row.from_status,
            to: row.to_status,
            reason: row.reason,
            remark_id: (row.resource == "remarks").then_some(RemarkId(row.resource_id)),
        }
    }
}
