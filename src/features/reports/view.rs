//! A report with all that its counts and steps depend on; the questions asked of it.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};

use super::domain::{Item, ReportStatus, is_late};
use super::lifecycle::Circumstances;
use super::store::ReportRow;
use super::store_items::ItemRow;
use super::submission::{Completeness, completeness, needs_final};
use crate::db::page::Keyed;
use crate::features::monitorings::{MonitoringRow, MonitoringStatus};
use crate::features::road_maps::Measure;
use crate::kit::clock::{moscow_date, utc};
use crate::kit::id::{MeasureId, ReportId, SchoolId};

/// A report as conclusions and notes count it.
#[derive(Debug, Clone)]
pub struct ReportSubject {
    /// Its id.
    pub report_id: ReportId,
    /// The school; `None`: the municipality's own report.
    pub school_id: Option<SchoolId>,
    /// Its version.
    pub version: i32,
    /// State.
    pub status: ReportStatus,
    /// How often it was submitted.
    pub submission: i32,
    /// When it was accepted, UTC.
    pub accepted_at: Option<NaiveDateTime>,
    /// Its items, in the order of the road map.
    pub items: Vec<Item>,
}

/// A report in its monitoring.
#[derive(Debug, Clone)]
pub struct ReportView {
    /// The report.
    pub row: ReportRow,
    /// Its monitoring.
    pub monitoring: Arc<MonitoringRow>,
    /// Every measure of the road map.
    pub road_map: Arc<Vec<Measure>>,
    /// The school's name in the snapshot.
    pub school_name: Option<String>,
    /// Until when an extension covers the school.
    pub extension_until: Option<NaiveDate>,
    /// Its items as they are now.
    pub items: Vec<Item>,
    /// How many remarks wait for an answer.
    pub open_remarks: i64,
}

/// One item of a report, with all that its change depends on.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// The report.
    pub row: ReportRow,
    /// Its monitoring.
    pub monitoring: MonitoringRow,
    /// Until when an extension covers the school.
    pub extension_until: Option<NaiveDate>,
    /// The measure.
    pub measure: Measure,
    /// The item as it is now.
    pub item: ItemRow,
    /// Whether evidence is attached to it.
    pub has_evidence: bool,
}

impl ItemView {
    /// What the steps of its report depend on.
    #[must_use]
    pub fn circumstances(&self, today: NaiveDate) -> Circumstances {
        circumstances(&self.row, &self.monitoring, self.extension_until, today)
    }
}

impl Keyed for ReportView {
    fn key(&self, name: &str) -> String {
        self.row.key(name)
    }
}

impl ReportView {
    /// The measures that stand in the report, in the order of the road map.
    #[must_use]
    pub fn measures(&self) -> Vec<Measure> {
        let reported: HashSet<&MeasureId> = self.items.iter().map(|item| &item.measure_id).collect();
        self.road_map.iter().filter(|measure| reported.contains(&measure.id)).cloned().collect()
    }

    /// The measure, when it stands in the road map.
    #[must_use]
    pub fn measure(&self, id: &MeasureId) -> Option<&Measure> {
        self.road_map.iter().find(|measure| measure.id == *id)
    }

    /// The last day on which the report is in time, extensions included.
    #[must_use]
    pub fn deadline(&self) -> NaiveDate {
        deadline_of(self.monitoring.report_deadline, self.extension_until)
    }

    /// Whether it still has to be submitted though its deadline has passed.
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        is_overdue(self.row.status, self.monitoring.status, self.deadline(), today)
    }

    /// Whether it was first submitted after its deadline: what was in time and went back for
    /// correction stays in time.
    #[must_use]
    pub fn is_late(&self) -> bool {
        was_late(self.row.first_submitted_at, self.deadline())
    }

    /// How many measures are filled.
    #[must_use]
    pub fn completeness(&self) -> Completeness {
        completeness(&self.measures(), &self.items, self.monitoring.report_deadline)
    }

    /// How many measures were done after their due day.
    #[must_use]
    pub fn late_items(&self) -> usize {
        let late =
            |item: &&Item| self.measure(&item.measure_id).is_some_and(|measure| is_late(measure, item));
        self.items.iter().filter(late).count()
    }

    /// How many counted measures are past their due day without a final status.
    #[must_use]
    pub fn overdue_items(&self, today: NaiveDate) -> usize {
        let is_open = |item: &&Item| !item.said().is_final();
        let past = |item: &&Item| self.measure(&item.measure_id).is_some_and(|m| is_past(m, today));
        self.items.iter().filter(is_open).filter(past).count()
    }

    /// How many items were carried over and nobody has looked at since.
    #[must_use]
    pub fn carried_over_items(&self) -> usize {
        self.items.iter().filter(|item| item.carried_over).count()
    }

    /// What its steps depend on.
    #[must_use]
    pub fn circumstances(&self, today: NaiveDate) -> Circumstances {
        circumstances(&self.row, &self.monitoring, self.extension_until, today)
    }
}

/// The last day on which a report is in time, its extension included.
#[must_use]
pub fn deadline_of(report_deadline: NaiveDate, extension_until: Option<NaiveDate>) -> NaiveDate {
    extension_until.map_or(report_deadline, |until| until.max(report_deadline))
}

/// Whether a report still has to be submitted though its `deadline` has passed.
#[must_use]
pub fn is_overdue(
    status: ReportStatus,
    monitoring: MonitoringStatus,
    deadline: NaiveDate,
    today: NaiveDate,
) -> bool {
    matches!(status, ReportStatus::Draft | ReportStatus::Returned)
        && monitoring != MonitoringStatus::Cancelled
        && today > deadline
}

/// Whether a report was first submitted (UTC) after its `deadline` in Moscow.
#[must_use]
pub fn was_late(first_submitted_at: Option<NaiveDateTime>, deadline: NaiveDate) -> bool {
    first_submitted_at.is_some_and(|at| moscow_date(utc(at)) > deadline)
}

fn circumstances(
    row: &ReportRow,
    monitoring: &MonitoringRow,
    extension_until: Option<NaiveDate>,
    today: NaiveDate,
) -> Circumstances {
    Circumstances {
        status: row.status,
        review_started: row.review_started_at.is_some(),
        monitoring: monitoring.status,
        frozen: monitoring.frozen_at.is_some(),
        extension_until,
        today,
    }
}

/// Whether the measure counts and its due day lies before `today`.
#[must_use]
pub fn is_past(measure: &Measure, today: NaiveDate) -> bool {
    today.pred_opt().is_some_and(|yesterday| needs_final(measure, yesterday))
}
