//! The progress of a monitoring as JSON.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::content::ContentShown;
use super::super::domain::{ItemStatus, ReportStatus};
use super::super::progress::{Grid, Line};
use super::super::submission::{Completeness, Timeliness};
use crate::features::monitorings::MonitoringStatus;
use crate::features::road_maps::Measure;
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, MonitoringId, ReportId, SchoolId};
use crate::kit::lang::Lang;

/// How far a monitoring is, by the reports that the caller sees.
#[derive(Serialize, ToSchema)]
pub(super) struct MonitoringProgress {
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
    /// Schools by measures.
    matrix: ProgressMatrix,
}

/// How many reports are in a state.
#[derive(Serialize, ToSchema)]
pub(super) struct ProgressCount {
    status: ReportStatus,
    status_label: &'static str,
    count: usize,
}

/// How far one report is.
#[derive(Serialize, ToSchema)]
pub(super) struct ProgressReport {
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

/// Schools by measures: how far each measure is by the report of each school.
#[derive(Serialize, ToSchema)]
pub(super) struct ProgressMatrix {
    /// The columns: measures of schools that stand in any of the reports, in the order of the
    /// road map.
    measures: Vec<MatrixMeasure>,
    /// The rows: schools that take part, by name.
    rows: Vec<MatrixRow>,
    /// Cells by status, of all columns together.
    by_status: Vec<MatrixCount>,
}

/// A column of the matrix.
#[derive(Serialize, ToSchema)]
pub(super) struct MatrixMeasure {
    measure_id: MeasureId,
    code: String,
    title: String,
    /// Its cells by status.
    by_status: Vec<MatrixCount>,
}

/// How many cells have a status.
#[derive(Serialize, ToSchema)]
pub(super) struct MatrixCount {
    status: ItemStatus,
    status_label: &'static str,
    count: usize,
}

/// A row of the matrix.
#[derive(Serialize, ToSchema)]
pub(super) struct MatrixRow {
    report_id: ReportId,
    school_id: Option<SchoolId>,
    school_name: Option<String>,
    /// Which state of the report the cells show, as in the report itself.
    content: ContentShown,
    /// One for each of `measures`; null: the measure does not concern the school, or `content`
    /// is `hidden`.
    #[schema(value_type = Vec<Option<ItemStatus>>)]
    cells: Vec<Option<ItemStatus>>,
}

impl MonitoringProgress {
    pub(super) fn of(grid: &Grid, lang: Lang) -> Self {
        let lines = &grid.lines;
        let counted = |status: &ReportStatus| ProgressCount {
            status: *status,
            status_label: status.label(lang),
            count: lines.iter().filter(|line| line.report.status == *status).count(),
        };
        let monitoring = &grid.monitoring;
        Self {
            monitoring_id: monitoring.id.clone(),
            status: monitoring.status,
            status_label: monitoring.status.label(lang),
            report_deadline: monitoring.report_deadline,
            due_in_days: (monitoring.report_deadline - grid.today).num_days(),
            by_status: ReportStatus::ALL.iter().map(counted).collect(),
            overdue: lines.iter().filter(|line| line.overdue).count(),
            late: lines.iter().filter(|line| line.late).count(),
            completeness: Completeness {
                filled: lines.iter().map(|line| line.completeness.filled).sum(),
                total: lines.iter().map(|line| line.completeness.total).sum(),
            },
            timeliness: Timeliness {
                done_in_time: lines.iter().map(|line| line.timeliness.done_in_time).sum(),
                due: lines.iter().map(|line| line.timeliness.due).sum(),
            },
            reports: lines.iter().map(|line| ProgressReport::of(line, lang)).collect(),
            matrix: ProgressMatrix::of(grid, lang),
        }
    }
}

impl ProgressReport {
    fn of(line: &Line, lang: Lang) -> Self {
        let report = &line.report;
        Self {
            report_id: report.id.clone(),
            school_id: report.school_id.clone(),
            school_name: report.school_name.clone(),
            status: report.status,
            status_label: report.status.label(lang),
            deadline: line.deadline,
            overdue: line.overdue,
            late: line.late,
            completeness: line.completeness,
            timeliness: line.timeliness,
            late_items: line.late_items,
            overdue_items: line.overdue_items,
        }
    }
}

impl ProgressMatrix {
    fn of(grid: &Grid, lang: Lang) -> Self {
        let counts = |count: &dyn Fn(ItemStatus) -> usize| -> Vec<MatrixCount> {
            let one = |status: &ItemStatus| MatrixCount {
                status: *status,
                status_label: status.label(lang),
                count: count(*status),
            };
            ItemStatus::ALL.iter().map(one).collect()
        };
        let column = |(place, measure): (usize, &Measure)| MatrixMeasure {
            measure_id: measure.id.clone(),
            code: measure.code.clone(),
            title: measure.title.clone(),
            by_status: counts(&|status| grid.count_in(place, status)),
        };
        let row = |line: &Line| MatrixRow {
            report_id: line.report.id.clone(),
            school_id: line.report.school_id.clone(),
            school_name: line.report.school_name.clone(),
            content: line.shown,
            cells: line.cells.clone(),
        };
        Self {
            measures: grid.columns.iter().enumerate().map(column).collect(),
            rows: grid.rows().map(row).collect(),
            by_status: counts(&|status| grid.count(status)),
        }
    }
}
