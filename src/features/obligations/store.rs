//! Queries on the reports and remarks that wait for somebody. Each is one query, whatever it finds.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::auth::Scope;
use crate::db::AnyConnection;
use crate::db::schema::{
    deadline_extensions as extensions, measures, monitoring_schools as snapshot, monitorings, remarks,
    report_items, reports, road_maps,
};
use crate::features::monitorings::MonitoringStatus;
use crate::features::reports::{Circumstances, Item, ItemStatus, RemarkStatus, ReportStatus, deadline_of};
use crate::features::road_maps::{Measure, MeasureRow, RoadMapStatus};
use crate::kit::id::{AccountId, MeasureId, RemarkId, ReportId, SchoolId};

/// A report that something is to be done about, with what that depends on.
#[derive(Debug, Clone, Queryable)]
pub struct ReportLine {
    /// Its id.
    pub id: ReportId,
    /// The school; `None`: the municipality's own report.
    pub school_id: Option<SchoolId>,
    /// State.
    pub status: ReportStatus,
    /// When the review of this submission started, UTC.
    pub review_started_at: Option<NaiveDateTime>,
    /// Who submitted it last.
    pub submitted_by: Option<AccountId>,
    /// Its monitoring's state.
    pub monitoring: MonitoringStatus,
    /// The monitoring's deadline.
    pub report_deadline: NaiveDate,
    /// The last day of the monitoring's period.
    pub period_end: NaiveDate,
    /// Since when a signed note holds the reports, UTC.
    pub frozen_at: Option<NaiveDateTime>,
    /// Title of the road map.
    pub map_title: String,
    /// Until when an extension covers the school.
    pub extension_until: Option<NaiveDate>,
    /// The school's name in the snapshot.
    pub school_name: Option<String>,
}

impl ReportLine {
    /// The last day on which it is in time.
    #[must_use]
    pub fn deadline(&self) -> NaiveDate {
        deadline_of(self.report_deadline, self.extension_until)
    }

    /// What its steps depend on.
    #[must_use]
    pub fn circumstances(&self, today: NaiveDate) -> Circumstances {
        Circumstances {
            status: self.status,
            review_started: self.review_started_at.is_some(),
            monitoring: self.monitoring,
            frozen: self.frozen_at.is_some(),
            extension_until: self.extension_until,
            today,
        }
    }
}

/// Reports within `scope` that somebody there works on: a school's own ones, the department's
/// own one and those submitted to it, and for a curator the submitted ones of his schools. Only
/// of monitorings that go on, and of road maps whose measures may still be asked for, of which
/// they tell: those in force, and those replaced by a later edition whose last day is not before
/// `since`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn reports_within(
    conn: &mut AnyConnection,
    scope: &Scope,
    since: NaiveDate,
) -> QueryResult<Vec<ReportLine>> {
    let its_extension = extensions::monitoring_id
        .eq(reports::monitoring_id)
        .and(extensions::school_id.nullable().eq(reports::school_id));
    let its_place = snapshot::monitoring_id
        .eq(reports::monitoring_id)
        .and(snapshot::school_id.nullable().eq(reports::school_id));
    let going_on = monitorings::status.eq_any([
        MonitoringStatus::Open,
        MonitoringStatus::Collected,
        MonitoringStatus::Analysed,
    ]);
    let in_force = road_maps::status.eq(RoadMapStatus::Approved);
    let replaced = road_maps::status.eq(RoadMapStatus::Archived).and(road_maps::period_end.ge(since));
    let told_of = monitorings::status.eq(MonitoringStatus::Completed).and(in_force.or(replaced));
    let mut query = reports::table
        .inner_join(monitorings::table.inner_join(road_maps::table))
        .left_join(extensions::table.on(its_extension))
        .left_join(snapshot::table.on(its_place))
        .filter(reports::status.ne(ReportStatus::Cancelled))
        .filter(going_on.or(told_of))
        .select((
            reports::id,
            reports::school_id,
            reports::status,
            reports::review_started_at,
            reports::submitted_by,
            monitorings::status,
            monitorings::report_deadline,
            monitorings::period_end,
            monitorings::frozen_at,
            road_maps::title,
            extensions::until.nullable(),
            snapshot::short_name.nullable(),
        ))
        .order(reports::id)
        .into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(reports::municipality_id.eq(id));
    }
    match (scope.own_school(), scope.schools()) {
        (Some(own), _) => query = query.filter(reports::school_id.eq(own)),
        (None, Some(assigned)) => {
            query = query
                .filter(reports::school_id.eq_any(assigned))
                .filter(reports::status.eq(ReportStatus::Submitted));
        }
        (None, None) => {
            query =
                query.filter(reports::school_id.is_null().or(reports::status.eq(ReportStatus::Submitted)));
        }
    }
    query.load(conn)
}

/// What a report says of a measure, as far as obligations ask.
#[derive(Debug, Clone)]
pub struct ItemLine {
    /// The report.
    pub report_id: ReportId,
    /// The item; its texts and evidence are not asked for.
    pub item: Item,
    /// The measure.
    pub measure: Measure,
}

/// The items of these reports with their measures, in the order of the road maps. Takes no
/// scope: the caller holds the reports.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub(super) fn items_of(conn: &mut AnyConnection, ids: &[&ReportId]) -> QueryResult<Vec<ItemLine>> {
    let rows: Vec<(ReportId, MeasureId, ItemStatus, bool, MeasureRow)> = report_items::table
        .inner_join(measures::table)
        .filter(report_items::report_id.eq_any(ids))
        .select((
            report_items::report_id,
            report_items::measure_id,
            report_items::status,
            report_items::carried_over,
            MeasureRow::as_select(),
        ))
        .order((report_items::report_id, report_items::position, report_items::measure_id))
        .load(conn)?;
    let line = |(report_id, measure_id, status, carried_over, measure)| {
        let (actual_date, result, reason) = (None, None, None);
        let item = Item { measure_id, status, actual_date, result, reason, evidence_count: 0, carried_over };
        ItemLine { report_id, item, measure: MeasureRow::into(measure) }
    };
    Ok(rows.into_iter().map(line).collect())
}

/// A remark that is not resolved.
#[derive(Debug, Clone, Queryable)]
pub struct RemarkLine {
    /// Its id.
    pub id: RemarkId,
    /// What is to be done.
    pub text: String,
    /// State.
    pub status: RemarkStatus,
    /// The school of its report; `None`: the municipality's own report.
    pub school_id: Option<SchoolId>,
    /// State of its report.
    pub report: ReportStatus,
    /// The monitoring's deadline.
    pub report_deadline: NaiveDate,
    /// Until when an extension covers the school.
    pub extension_until: Option<NaiveDate>,
    /// The school's name in the snapshot.
    pub school_name: Option<String>,
}

/// Remarks within `scope` that are not resolved and can be talked about: those on the own
/// report, for the department those answered by schools, for a curator his own (`me`).
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn remarks_within(
    conn: &mut AnyConnection,
    scope: &Scope,
    me: &AccountId,
) -> QueryResult<Vec<RemarkLine>> {
    let its_extension = extensions::monitoring_id
        .eq(reports::monitoring_id)
        .and(extensions::school_id.nullable().eq(reports::school_id));
    let its_place = snapshot::monitoring_id
        .eq(reports::monitoring_id)
        .and(snapshot::school_id.nullable().eq(reports::school_id));
    let mut query = remarks::table
        .inner_join(reports::table.inner_join(monitorings::table))
        .left_join(extensions::table.on(its_extension))
        .left_join(snapshot::table.on(its_place))
        .filter(remarks::status.ne(RemarkStatus::Resolved))
        .filter(reports::status.ne(ReportStatus::Cancelled))
        .filter(monitorings::status.ne(MonitoringStatus::Cancelled))
        .filter(monitorings::frozen_at.is_null())
        .select((
            remarks::id,
            remarks::text,
            remarks::status,
            reports::school_id,
            reports::status,
            monitorings::report_deadline,
            extensions::until.nullable(),
            snapshot::short_name.nullable(),
        ))
        .order(remarks::id)
        .into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(reports::municipality_id.eq(id));
    }
    match (scope.own_school(), scope.schools()) {
        (Some(own), _) => query = query.filter(reports::school_id.eq(own)),
        (None, Some(assigned)) => {
            query = query.filter(reports::school_id.eq_any(assigned)).filter(remarks::created_by.eq(me));
        }
        (None, None) => {
            query = query.filter(reports::school_id.is_null().or(remarks::status.eq(RemarkStatus::Answered)));
        }
    }
    query.load(conn)
}
