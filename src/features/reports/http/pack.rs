//! Work without the network: one download to fill a report with, and the way back.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};

use super::super::flow_merge::{self, Merge};
use super::super::lifecycle::ReportStep;
use super::super::remark::RemarkStatus;
use super::super::store::ReportRow;
use super::super::{flow, flow_numbers, policy, store, store_remarks, store_views};
use super::bodies_merge::ReportMerge;
use super::reader::Reader;
use super::remark::RemarkOut;
use super::reuse;
use super::rights::demand;
use super::shape::{ReportItemOut, ReportOut, items};
use super::shape_merge::ReportMergeOut;
use super::shape_pack::{PackCodes, PackLimits, PackMeasure, PackTemplate, ReportPackOut};
use crate::auth::Permit;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::features::conclusion_templates;
use crate::features::road_maps;
use crate::kit::id::ReportId;
use crate::web::query::One;
use crate::web::upload::UploadLimits;
use crate::web::{Answer, Body, Operations, RequestInfo, Writing, resource};

pub(super) fn configure(operations: &mut Operations) {
    operations.service(get_report_pack).service(merge_report);
}

/// Download everything that a client needs to fill a report without the network.
///
/// The report with its items, the measures that concern it, the monitoring's dates, the remarks
/// that are open or answered, code lists in both languages, and the limits of what may be written.
/// What is merged later rests on the `version` of each item and on the texts as they stand here.
/// Readers see what `GET /reports/{id}` shows them. The tag leaves `server_time` out, so that 304
/// tells that nothing else has changed.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), responses((status = 200, description = "The pack", body = ReportPackOut)))]
#[get("/reports/{id}/pack")]
async fn get_report_pack(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    limits: Data<UploadLimits>,
    info: RequestInfo,
    one: One,
    id: Path<ReportId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let (limits, now) = (PackLimits::of(**limits), info.now);
    let answer = db
        .read(move |conn| {
            let row = store::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            let pack = pack(conn, &reader, row, limits)?;
            let version = pack.version;
            resource(version, &ReportPackOut { server_time: now, ..pack })
        })
        .await?;
    Ok(answer.read_but(ReportPackOut::PASSING, &info, &one))
}

/// Write what was filled without the network into the own report, by the versions it rests on.
///
/// Send the items and texts that somebody touched, each with what it rests on: `base_version` of an
/// item from the pack, `base` of a text as it stood there. An item that is sent was looked at: it is
/// no longer carried over, even when it says the same. What nobody else has changed meanwhile is
/// written by the rules of `PUT` item; the same value on both sides is no conflict; people who work
/// on different items never meet. With `base` of an item, evidence that came meanwhile is no
/// conflict either.
///
/// All or nothing: a conflict answers 409 `merge-conflict` with every value of both sides; where
/// there is none, a broken rule or a measure that the report does not have answers 422; and nothing
/// is stored. `on_conflict: skip` stores the rest, and the 200 names what is
/// still disputed; a broken rule refuses the whole request even then. `items` and `texts` of the
/// answer tell what became of each part, in the order of the request. `If-Match` is not needed;
/// where given, it names the report's version.
#[utoipa::path(tag = "reports", params(("id" = ReportId, Path)), request_body = ReportMerge, responses((status = 200, description = "What became of it", body = ReportMergeOut)))]
#[post("/reports/{id}/merge")]
async fn merge_report(
    permit: Permit<policy::FillReports>,
    db: Data<Db>,
    writing: Writing,
    id: Path<ReportId>,
    body: Body<ReportMerge>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &writing.info);
    let hash = body.hash().to_owned();
    writing
        .run(&db, reader.caller.actor(), &hash, move |tx, writing| {
            let view = flow::open(tx, &reader.scope, &id)?;
            demand(reader.rights(&view.row).fills)?;
            writing.admit(tx, &body)?;
            writing.allow_version(view.row.version)?;
            flow::require(tx, &view, ReportStep::Update)?;
            let merged = flow_merge::merge(tx, view, Merge::from(body.checked()?))?;
            answer(merged, &reader)
        })
        .await
}

fn answer(merged: flow_merge::Merged, reader: &Reader) -> Result<Answer, Error> {
    resource(merged.row.version, &ReportMergeOut::of(merged, reader.lang))
}

/// The pack, but for the time of the answer.
fn pack(
    conn: &mut AnyConnection,
    reader: &Reader,
    row: ReportRow,
    limits: PackLimits,
) -> Result<ReportPackOut, Error> {
    let view = store_views::view(conn, row)?;
    let content = reader.content(conn, &view.row)?;
    let mut items = items(&view, content.items.clone(), reader);
    reuse::mark(conn, reader, &view.row, items.iter_mut().flat_map(ReportItemOut::evidence_mut))?;
    let monitoring = &view.monitoring;
    let map = road_maps::find(conn, &reader.scope, &monitoring.road_map_id)?.ok_or_else(Error::not_found)?;
    let content_of = match &monitoring.conclusion_template_id {
        Some(id) => conclusion_templates::content_of(conn, id)?,
        None => None,
    };
    let rows = road_maps::measure_rows_of(conn, &map.id)?;
    let indicators = flow_numbers::declared(conn, &view)?;
    let concerns = |row: &road_maps::MeasureRow| view.items.iter().any(|item| item.measure_id == row.id);
    let measures: Vec<PackMeasure> = rows
        .into_iter()
        .filter(concerns)
        .map(|row| PackMeasure::of(row, &indicators, monitoring.report_deadline, reader.lang))
        .collect();
    let remarks = match reader.caller.may::<policy::ReadRemarks>() {
        true => {
            let waiting = [RemarkStatus::Open, RemarkStatus::Answered];
            let rows = store_remarks::in_states(conn, &view.row.id, &waiting)?;
            Some(rows.into_iter().map(|row| RemarkOut::of(&view, row, reader)).collect())
        }
        false => None,
    };
    Ok(ReportPackOut {
        report_id: view.row.id.clone(),
        version: view.row.version,
        template: PackTemplate::of(monitoring, map, content_of.as_ref(), &measures, reader.lang),
        report: ReportOut::with_content(&view, content, false, reader),
        measures,
        items,
        remarks,
        codes: PackCodes::all(),
        limits,
        server_time: chrono::DateTime::UNIX_EPOCH,
    })
}
