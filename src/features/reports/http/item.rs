//! Operations on the items of a report.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, put};

use super::super::lifecycle::ReportStep;
use super::super::{flow, flow_items, policy, store};
use super::bodies::{ReportItemFilter, ReportItemIn};
use super::reader::Reader;
use super::rights::demand;
use super::shape::{ReportItemOut, ReportItemPage};
use crate::auth::Permit;
use crate::db::Db;
use crate::db::page::page_of;
use crate::error::Error;
use crate::kit::id::{MeasureId, ReportId};
use crate::web::query::One;
use crate::web::{Body, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

pub(super) fn configure(operations: &mut Operations) {
    operations.service(list_report_items).service(get_report_item).service(put_report_item);
}

/// List the items of a report with their measures and evidence, in the order of the road map.
///
/// `id=` names measures; `content` tells which state of the report the page is taken from.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ReportItemFilter, Paging), responses((status = 200, description = "A page", body = ReportItemPage)))]
#[get("/reports/{id}/items")]
async fn list_report_items(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<ReportItemFilter>,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let (shown, items) = db
        .read(move |conn| {
            let row = store::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            reader.items(conn, row)
        })
        .await?;
    let items = items.into_iter().filter(|item| query.filter.takes(item)).collect();
    let listed = page_of(&query.page, ReportItemFilter::LAST_KEY, items);
    Ok(Listing::of(&query, listed, &info, |item| item)?.with("content", &shown)?.read(&info))
}

/// Read one item; its version is its own.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ("measure_id" = MeasureId, Path)), responses((status = 200, description = "The item", body = ReportItemOut)))]
#[get("/reports/{id}/items/{measure_id}")]
async fn get_report_item(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    path: Path<(ReportId, MeasureId)>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let (id, measure) = path.into_inner();
    let answer = db
        .read(move |conn| {
            let view = flow_items::find_item(conn, &reader.scope, &id, &measure)?;
            reader.item(conn, &view)
        })
        .await?;
    Ok(answer.read(&info, &one))
}

/// Write one item of the own report.
///
/// `If-Match` names the item's version; the report's version rises too. An unchanged item
/// keeps both, unless it was carried over from an earlier report: writing it, even as it is, says
/// that somebody has looked at it.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path), ("measure_id" = MeasureId, Path)), request_body = ReportItemIn, responses((status = 200, description = "The item", body = ReportItemOut)))]
#[put("/reports/{id}/items/{measure_id}")]
async fn put_report_item(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    writing: Writing,
    path: Path<(ReportId, MeasureId)>,
    body: Body<ReportItemIn>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let (id, measure_id) = path.into_inner();
    let hash = body.hash().to_owned();
    writing
        .run(&db, reader.caller.actor(), &hash, move |tx, writing| {
            let view = flow_items::open_item(tx, &reader.scope, &id, &measure_id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.admit(tx, &body)?;
            writing.expect_version(view.item.version)?;
            flow::require_in(view.circumstances(tx.today()), ReportStep::Update)?;
            let given = body.checked()?;
            let confirmed = given.personal_data_confirmed;
            let view = flow_items::write_item(tx, view, given.into(), confirmed)?;
            reader.item(tx, &view)
        })
        .await
}
