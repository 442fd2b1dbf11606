//! The progress of a monitoring, counted: reports with their counts, schools by measures.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::super::content::ContentShown;
use super::super::domain::{Item, ItemStatus, ReportStatus, is_late};
use super::super::submission::{Completeness, Timeliness, is_expected, is_timely};
use super::super::view::{deadline_of, is_overdue, is_past, was_late};
use super::store::{self, ReportBrief};
use crate::auth::Scope;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::monitorings::{self, MonitoringRow};
use crate::features::road_maps::{self, Measure, MeasureLevel};
use crate::kit::id::{MeasureId, MonitoringId, ReportId};

/// The progress of a monitoring as one reader sees it.
#[derive(Debug)]
pub struct Grid {
    /// The monitoring.
    pub monitoring: MonitoringRow,
    /// Title of its road map.
    pub title: String,
    /// The measures of schools that stand in any of these reports, in the order of the road map.
    pub columns: Vec<Measure>,
    /// The reports: the municipality's own first, then by the school's name.
    pub lines: Vec<Line>,
    /// The day it is asked for.
    pub today: NaiveDate,
}

/// How far one report is.
#[derive(Debug)]
pub struct Line {
    /// The report.
    pub report: ReportBrief,
    /// The last day on which it is in time.
    pub deadline: NaiveDate,
    /// Whether it still has to be submitted though its deadline has passed.
    pub overdue: bool,
    /// Whether it was first submitted after its deadline.
    pub late: bool,
    /// Filled measures.
    pub completeness: Completeness,
    /// Measures done in time.
    pub timeliness: Timeliness,
    /// Measures done after their due day.
    pub late_items: usize,
    /// Counted measures past their due day without a final status.
    pub overdue_items: usize,
    /// Which state of its items the reader is shown.
    pub shown: ContentShown,
    /// By the columns: what the reader is shown; `None`: the measure does not concern the
    /// subject, or nothing is shown.
    pub cells: Vec<Option<ItemStatus>>,
}

impl Line {
    /// Whether it is a row of the table: a school that still takes part.
    #[must_use]
    pub fn is_row(&self) -> bool {
        self.report.school_id.is_some() && self.report.status != ReportStatus::Cancelled
    }
}

impl Grid {
    /// The rows of the table.
    pub fn rows(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.is_row())
    }

    /// How many cells of the table show this status.
    #[must_use]
    pub fn count(&self, status: ItemStatus) -> usize {
        self.rows().flat_map(|line| &line.cells).filter(|cell| **cell == Some(status)).count()
    }

    /// As [`count`](Self::count), in one column.
    #[must_use]
    pub fn count_in(&self, column: usize, status: ItemStatus) -> usize {
        self.rows().filter(|line| line.cells.get(column) == Some(&Some(status))).count()
    }
}

/// Reads the progress of a monitoring: six queries, and one per hundred returned reports. `shown` says
/// which state of a report's items the reader is shown.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn read(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MonitoringId,
    today: NaiveDate,
    shown: impl Fn(&ReportBrief) -> ContentShown,
) -> Result<Grid, Error> {
    let monitoring = monitorings::find(conn, scope, id)?.ok_or_else(Error::not_found)?;
    let road_map = road_maps::find(conn, scope, &monitoring.road_map_id)?.ok_or_else(Error::not_found)?;
    let measures = road_maps::measures_of(conn, &monitoring.road_map_id)?;
    let reports = store::reports_within(conn, scope, id)?;
    let items = store::items_within(conn, scope, id)?;
    let kept: Vec<&ReportBrief> =
        reports.iter().filter(|report| shown(report) == ContentShown::LastSubmitted).collect();
    let submitted = store::last_submitted(conn, &kept)?;

    let places: HashMap<&MeasureId, usize> =
        measures.iter().enumerate().map(|(place, measure)| (&measure.id, place)).collect();
    let mut by_report: HashMap<ReportId, Vec<(usize, ItemStatus, Option<NaiveDate>)>> = HashMap::new();
    for (report, measure, status, actual) in items {
        if let Some(place) = places.get(&measure) {
            by_report.entry(report).or_default().push((*place, status, actual));
        }
    }
    let rules: Vec<Rules<'_>> =
        measures.iter().map(|measure| Rules::of(measure, &monitoring, today)).collect();
    let mut stands = vec![false; measures.len()];
    let mut lines = Vec::with_capacity(reports.len());
    for report in reports {
        let items = by_report.remove(&report.id).unwrap_or_default();
        let mut line = Line::of(report, &monitoring, today);
        line.shown = shown(&line.report);
        line.cells = vec![None; measures.len()];
        for (place, status, actual) in items {
            let Some(rules) = rules.get(place) else { continue };
            rules.count(&mut line, status, actual);
            let told = match line.shown {
                ContentShown::Current => Some(status),
                ContentShown::LastSubmitted => {
                    submitted.get(&line.report.id).and_then(|kept| kept.get(&rules.measure.id)).copied()
                }
                ContentShown::Hidden => None,
            };
            if let Some(cell) = line.cells.get_mut(place) {
                *cell = told;
            }
            if let Some(stands) = stands.get_mut(place) {
                *stands = true;
            }
        }
        lines.push(line);
    }
    let kept = |measure: &Measure, stands: bool| stands && measure.level == MeasureLevel::School;
    let is_column: Vec<bool> =
        measures.iter().zip(&stands).map(|(measure, stands)| kept(measure, *stands)).collect();
    for line in &mut lines {
        let mut is_column = is_column.iter();
        line.cells.retain(|_| is_column.next().is_some_and(|column| *column));
    }
    drop(rules);
    let columns =
        measures.into_iter().zip(is_column).filter(|(_, column)| *column).map(|(measure, _)| measure);
    Ok(Grid { columns: columns.collect(), monitoring, title: road_map.title, lines, today })
}

impl Line {
    fn of(report: ReportBrief, monitoring: &MonitoringRow, today: NaiveDate) -> Self {
        let deadline = deadline_of(monitoring.report_deadline, report.extension_until);
        Self {
            deadline,
            overdue: is_overdue(report.status, monitoring.status, deadline, today),
            late: was_late(report.first_submitted_at, deadline),
            completeness: Completeness { filled: 0, total: 0 },
            timeliness: Timeliness::default(),
            late_items: 0,
            overdue_items: 0,
            shown: ContentShown::Hidden,
            cells: Vec::new(),
            report,
        }
    }
}

/// What a measure asks of every report, asked once.
struct Rules<'a> {
    measure: &'a Measure,
    monitoring: &'a MonitoringRow,
    expected: bool,
    past: bool,
}

impl<'a> Rules<'a> {
    fn of(measure: &'a Measure, monitoring: &'a MonitoringRow, today: NaiveDate) -> Self {
        let expected = is_expected(measure, monitoring.report_deadline);
        Self { measure, monitoring, expected, past: is_past(measure, today) }
    }

    /// Counts the item of this measure.
    fn count(&self, line: &mut Line, status: ItemStatus, actual_date: Option<NaiveDate>) {
        let measure_id = self.measure.id.clone();
        let (result, reason) = (None, None);
        let item =
            Item { measure_id, status, actual_date, result, reason, evidence_count: 0, carried_over: false };
        let filled = status != ItemStatus::NotStarted;
        line.completeness.total += usize::from(self.expected);
        line.completeness.filled += usize::from(self.expected && filled);
        let (start, end) = (self.monitoring.period_start, self.monitoring.period_end);
        let timely = is_timely(self.measure, Some(&item), start, end, self.monitoring.report_deadline);
        line.timeliness.due += usize::from(timely.is_some());
        line.timeliness.done_in_time += usize::from(timely == Some(true));
        line.late_items += usize::from(is_late(self.measure, &item));
        line.overdue_items += usize::from(self.past && !status.is_final());
    }
}
