//! Queries on the progress of a monitoring: no texts, no query per report.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Deserialize;

use super::super::domain::{ItemStatus, ReportStatus};
use super::super::store;
use crate::auth::Scope;
use crate::db::schema::{
    deadline_extensions as extensions, monitoring_schools as snapshot, report_items, report_versions, reports,
};
use crate::db::{AnyConnection, Json};
use crate::kit::id::{MeasureId, MonitoringId, MunicipalityId, ReportId, SchoolId};

/// Versions read at once: each holds the texts of a whole report.
const VERSIONS_AT_ONCE: usize = 100;

/// A report without its texts.
#[derive(Debug, Clone, Queryable)]
pub struct ReportBrief {
    /// Its id.
    pub id: ReportId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The school; `None`: the municipality's own report.
    pub school_id: Option<SchoolId>,
    /// State.
    pub status: ReportStatus,
    /// How often it was submitted.
    pub submission: i32,
    /// When it was submitted first, UTC.
    pub first_submitted_at: Option<NaiveDateTime>,
    /// Until when an extension covers the school.
    pub extension_until: Option<NaiveDate>,
    /// The school's name in the snapshot.
    pub school_name: Option<String>,
}

/// The reports of a monitoring within `scope`: the municipality's own first, then by the
/// school's name.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn reports_within(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MonitoringId,
) -> QueryResult<Vec<ReportBrief>> {
    let its_extension = extensions::monitoring_id
        .eq(reports::monitoring_id)
        .and(extensions::school_id.nullable().eq(reports::school_id));
    let its_place = snapshot::monitoring_id
        .eq(reports::monitoring_id)
        .and(snapshot::school_id.nullable().eq(reports::school_id));
    let mut found: Vec<ReportBrief> = store::scoped(scope)
        .left_join(extensions::table.on(its_extension))
        .left_join(snapshot::table.on(its_place))
        .filter(reports::monitoring_id.eq(id))
        .select((
            reports::id,
            reports::municipality_id,
            reports::school_id,
            reports::status,
            reports::submission,
            reports::first_submitted_at,
            extensions::until.nullable(),
            snapshot::short_name.nullable(),
        ))
        .load(conn)?;
    found.sort_by(|one, other| (&one.school_name, &one.id).cmp(&(&other.school_name, &other.id)));
    Ok(found)
}

/// How far a measure is by what a report says of this period: report, measure, status, the day it
/// was done.
pub(super) type ItemBrief = (ReportId, MeasureId, ItemStatus, Option<NaiveDate>);

/// The items of the reports of a monitoring within `scope`, in no order.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn items_within(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MonitoringId,
) -> QueryResult<Vec<ItemBrief>> {
    let found: Vec<(ItemBrief, bool)> = store::scoped(scope)
        .inner_join(report_items::table)
        .filter(reports::monitoring_id.eq(id))
        .select((
            (
                report_items::report_id,
                report_items::measure_id,
                report_items::status,
                report_items::actual_date,
            ),
            report_items::carried_over,
        ))
        .load(conn)?;
    let said = |((report, measure, status, done_on), carried_over): (ItemBrief, bool)| {
        (report, measure, status.of_this_period(carried_over), done_on.filter(|_| !carried_over))
    };
    Ok(found.into_iter().map(said).collect())
}

/// What a kept version says of measures; its texts are passed over.
#[derive(Debug, Deserialize)]
struct KeptItems {
    items: Vec<KeptItem>,
}

#[derive(Debug, Deserialize)]
struct KeptItem {
    measure_id: MeasureId,
    status: ItemStatus,
    #[serde(default)]
    carried_over: bool,
}

impl KeptItem {
    /// How far the measure is by what is said of this period.
    fn said(self) -> (MeasureId, ItemStatus) {
        (self.measure_id, self.status.of_this_period(self.carried_over))
    }
}

/// How far measures are by the last submission of these reports. Takes no scope: the caller
/// holds the reports.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when a kept version is broken.
pub(super) fn last_submitted(
    conn: &mut AnyConnection,
    of: &[&ReportBrief],
) -> QueryResult<HashMap<ReportId, HashMap<MeasureId, ItemStatus>>> {
    let mut found = HashMap::new();
    for some in of.chunks(VERSIONS_AT_ONCE) {
        let kept: Vec<(ReportId, Json<KeptItems>)> = report_versions::table
            .inner_join(reports::table)
            .filter(report_versions::report_id.eq_any(some.iter().map(|report| &report.id)))
            .filter(report_versions::number.eq(reports::submission))
            .select((report_versions::report_id, report_versions::content))
            .load(conn)?;
        for (id, kept) in kept {
            found.insert(id, kept.into_inner().items.into_iter().map(KeptItem::said).collect());
        }
    }
    Ok(found)
}
