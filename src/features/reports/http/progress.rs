//! How far a monitoring is.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::domain::ReportStatus;
use super::super::submission::{Completeness, Timeliness};
use super::super::view::ReportView;
use super::super::{policy, store, store_views};
use super::reader::Reader;
use crate::auth::Permit;
use crate::db::Db;
use crate::error::Error;
use crate::features::monitorings::{self, MonitoringRow, MonitoringStatus};
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, ReportId, SchoolId};
use crate::web::query::One;
use crate::web::{Answer, Operations, RequestInfo};

pub(super) fn configure(operations: &mut Operations) {
    operations.service(get_monitoring_progress);
}

/// How far a monitoring is, by the reports that the caller sees.
#[derive(Serialize, ToSchema)]
struct MonitoringProgress {
    monitoring_id: MonitoringId,
    status: MonitoringStatus,
    status_label: &'static str,
    report_deadline: NaiveDate,
    /// Days until the deadline; 0 on its day, negative after it.
    due_in_days: i64,
    /// Reports by state.
    by_status: Vec<ProgressCount>,
    /// Reports still to be submitted though their deadline has passed.
    overdue: usize,
    /// Reports first submitted after their deadline.
    late: usize,
    /// Filled measures of all reports together.
    completeness: Completeness,
    /// Measures done in time of all reports together (indicator I-18 as counts).
    timeliness: Timeliness,
    /// The reports: the municipality's own first, then by the school's name.
    reports: Vec<ProgressReport>,
}

/// How many reports are in a state.
#[derive(Serialize, ToSchema)]
struct ProgressCount {
    status: ReportStatus,
    status_label: &'static str,
    count: usize,
}

/// How far one report is.
#[derive(Serialize, ToSchema)]
struct ProgressReport {
    report_id: ReportId,
    /// Null: the municipality's own report.
    school_id: Option<SchoolId>,
    school_name: Option<String>,
    status: ReportStatus,
    status_label: &'static str,
    deadline: NaiveDate,
    overdue: bool,
    late: bool,
    completeness: Completeness,
    timeliness: Timeliness,
    late_items: usize,
    overdue_items: usize,
}

/// Read how far a monitoring is, by the reports within the scope.
#[utoipa::path(tag = "monitorings", params(("id" = MonitoringId, Path)), responses((status = 200, description = "The progress", body = MonitoringProgress)))]
#[get("/monitorings/{id}/progress")]
async fn get_monitoring_progress(
    permit: Permit<policy::ReadReports>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<MonitoringId>,
) -> Result<HttpResponse, Error> {
    let reader = Reader::new(permit.caller, permit.scope, &info);
    let answer = db
        .read(move |conn| {
            let row = monitorings::find(conn, &reader.scope, &id)?.ok_or_else(Error::not_found)?;
            let rows = store::of_monitoring_within(conn, &reader.scope, &id)?;
            let mut views = store_views::views(conn, rows)?;
            views.sort_by(|one, other| one.school_name.cmp(&other.school_name));
            Answer::plain(&MonitoringProgress::of(row, &views, &reader))
        })
        .await?;
    Ok(answer.read(&info, &one))
}

impl MonitoringProgress {
    fn of(row: MonitoringRow, views: &[ReportView], reader: &Reader) -> Self {
        let count = |status| views.iter().filter(|view| view.row.status == status).count();
        let counted = |status: &ReportStatus| ProgressCount {
            status: *status,
            status_label: status.label(reader.lang),
            count: count(*status),
        };
        let reports: Vec<ProgressReport> =
            views.iter().map(|view| ProgressReport::of(view, reader)).collect();
        Self {
            monitoring_id: row.id,
            status: row.status,
            status_label: row.status.label(reader.lang),
            report_deadline: row.report_deadline,
            due_in_days: (row.report_deadline - reader.today).num_days(),
            by_status: ReportStatus::ALL.iter().map(counted).collect(),
            overdue: views.iter().filter(|view| view.is_overdue(reader.today)).count(),
            late: views.iter().filter(|view| view.is_late()).count(),
            completeness: Completeness {
                filled: reports.iter().map(|report| report.completeness.filled).sum(),
                total: reports.iter().map(|report| report.completeness.total).sum(),
            },
            timeliness: Timeliness {
                done_in_time: reports.iter().map(|report| report.timeliness.done_in_time).sum(),
                due: reports.iter().map(|report| report.timeliness.due).sum(),
            },
            reports,
        }
    }
}

impl ProgressReport {
    fn of(view: &ReportView, reader: &Reader) -> Self {
        Self {
            report_id: view.row.id.clone(),
            school_id: view.row.school_id.clone(),
            school_name: view.school_name.clone(),
            status: view.row.status,
            status_label: view.row.status.label(reader.lang),
            deadline: view.deadline(),
            overdue: view.is_overdue(reader.today),
            late: view.is_late(),
            completeness: view.completeness(),
            timeliness: view.timeliness(),
            late_items: view.late_items(),
            overdue_items: view.overdue_items(reader.today),
        }
    }
}
