//! Monitorings as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{MonitoringStatus, Step};
use super::flow::{Extension, Plan};
use super::policy;
use super::store::{MonitoringRow, Narrowed, SnapshotSchool};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, MunicipalityId, OrderId, RoadMapId, SchoolId, SupportListId, TemplateId};
use crate::kit::lang::Lang;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new monitoring.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "road_map_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "order_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ac",
    "support_list_ids": ["0192f0c1-2a3b-7c4d-8e5f-0123456789ad"],
    "period_start": "2023-01-01", "period_end": "2023-12-31", "report_deadline": "2023-12-22"
}))]
pub(super) struct MonitoringIn {
    /// The municipality's road map.
    road_map_id: RoadMapId,
    /// The order that opens it; registered before opening.
    order_id: OrderId,
    /// The lists whose schools take part.
    #[schema(min_items = 1, max_items = 20)]
    support_list_ids: Vec<SupportListId>,
    /// First day of the period.
    period_start: NaiveDate,
    /// Last day of the period.
    period_end: NaiveDate,
    /// Last day on which a report is in time.
    report_deadline: NaiveDate,
}

/// Changes of a planned monitoring: absent members stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"report_deadline": "2023-12-25"}))]
pub(super) struct MonitoringPatch {
    /// The municipality's road map.
    #[schema(nullable = false)]
    road_map_id: Option<RoadMapId>,
    /// The order that opens it.
    #[schema(nullable = false)]
    order_id: Option<OrderId>,
    /// The lists whose schools take part.
    #[schema(min_items = 1, max_items = 20, nullable = false)]
    support_list_ids: Option<Vec<SupportListId>>,
    /// First day of the period.
    #[schema(nullable = false)]
    period_start: Option<NaiveDate>,
    /// Last day of the period.
    #[schema(nullable = false)]
    period_end: Option<NaiveDate>,
    /// Last day on which a report is in time.
    #[schema(nullable = false)]
    report_deadline: Option<NaiveDate>,
}

/// More time for some schools.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "school_ids": ["0192f0c1-2a3b-7c4d-8e5f-0123456789ab"], "until": "2023-12-30", "reason": "Карантин в школе",
    "order_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ac"
}))]
pub(super) struct DeadlineExtensionIn {
    /// The schools; each must take part.
    #[schema(min_items = 1, max_items = 1000)]
    school_ids: Vec<SchoolId>,
    /// Last day on which they may submit; not before the deadline of the reports.
    until: NaiveDate,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
    /// The registered order that gives it.
    order_id: OrderId,
}

/// A school of the snapshot.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonitoringSchoolOut {
    school_id: SchoolId,
    /// Its name on the day of the snapshot.
    short_name: String,
    /// When it left the list within the period.
    left_list_on: Option<NaiveDate>,
    added_on: NaiveDate,
    released_on: Option<NaiveDate>,
    release_reason: Option<String>,
}

/// A monitoring.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonitoringOut {
    id: MonitoringId,
    version: i32,
    municipality_id: MunicipalityId,
    status: MonitoringStatus,
    status_label: &'static str,
    road_map_id: RoadMapId,
    /// Set by opening.
    conclusion_template_id: Option<TemplateId>,
    order_id: OrderId,
    support_list_ids: Vec<SupportListId>,
    period_start: NaiveDate,
    period_end: NaiveDate,
    report_deadline: NaiveDate,
    opened_at: Option<DateTime<Utc>>,
    /// Since when a signed note holds the reports.
    frozen_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    /// The snapshot; a school sees itself only. In lists it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    schools: Option<Vec<MonitoringSchoolOut>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of monitorings.
#[derive(Serialize, ToSchema)]
pub(super) struct MonitoringPage {
    items: Vec<MonitoringOut>,
    page: PageOut,
}

/// Filters of the list of monitorings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MonitoringFilter {
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "open,collected")]
    status: Option<AnyOf<MonitoringStatus>>,
    /// Of any of these road maps.
    #[param(value_type = Option<String>)]
    road_map_id: Option<AnyOf<RoadMapId>>,
    /// Of any of these municipalities.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
}

impl Filter for MonitoringFilter {
    const SORTS: &'static [&'static str] = &["report_deadline"];
}

impl MonitoringFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        Narrowed {
            status: self.status.clone().map(|any| any.0),
            road_map_id: self.road_map_id.clone().map(|any| any.0),
            municipality_id: self.municipality_id.clone().map(|any| any.0),
        }
    }
}

impl From<MonitoringIn> for Plan {
    fn from(given: MonitoringIn) -> Self {
        Self {
            road_map_id: given.road_map_id,
            order_id: given.order_id,
            support_list_ids: given.support_list_ids,
            period_start: given.period_start,
            period_end: given.period_end,
            report_deadline: given.report_deadline,
        }
    }
}

impl MonitoringPatch {
    pub(super) fn over(self, plan: Plan) -> Plan {
        Plan {
            road_map_id: self.road_map_id.unwrap_or(plan.road_map_id),
            order_id: self.order_id.unwrap_or(plan.order_id),
            support_list_ids: self.support_list_ids.unwrap_or(plan.support_list_ids),
            period_start: self.period_start.unwrap_or(plan.period_start),
            period_end: self.period_end.unwrap_or(plan.period_end),
            report_deadline: self.report_deadline.unwrap_or(plan.report_deadline),
        }
    }
}

impl From<DeadlineExtensionIn> for Extension {
    fn from(given: DeadlineExtensionIn) -> Self {
        Self {
            school_ids: given.school_ids,
            until: given.until,
            reason: given.reason,
            order_id: given.order_id,
        }
    }
}

impl From<SnapshotSchool> for MonitoringSchoolOut {
    fn from(row: SnapshotSchool) -> Self {
        Self {
            school_id: row.school_id,
            short_name: row.short_name,
            left_list_on: row.left_list_on,
            added_on: row.added_on,
            released_on: row.released_on,
            release_reason: row.release_reason,
        }
    }
}

impl MonitoringOut {
    /// The monitoring for the caller; `schools` only where it stands alone.
    ///
    /// # Errors
    ///
    /// The stored JSON is broken.
    pub fn of(
        row: MonitoringRow,
        schools: Option<Vec<SnapshotSchool>>,
        lang: Lang,
        caller: &Caller,
    ) -> Result<Self, Error> {
        let leads = caller.may::<policy::PlanMonitorings>();
        let action = |name, step: Step| ActionOut::new(name, leads, &step.blockers(row.status));
        Ok(Self {
            actions: vec![
                action("update", Step::Update),
                action("delete", Step::Delete),
                action("open", Step::Open),
                action("close-collection", Step::CloseCollection),
                action("analyse", Step::Analyse),
                action("complete", Step::Complete),
                action("cancel", Step::Cancel),
                action("schools", Step::ChangeSchools),
                action("deadline-extensions", Step::Extend),
            ],
            support_list_ids: row.list_ids()?,
            id: row.id,
            version: row.version,
            municipality_id: row.municipality_id,
            status: row.status,
            status_label: row.status.label(lang),
            road_map_id: row.road_map_id,
            conclusion_template_id: row.conclusion_template_id,
            order_id: row.order_id,
            period_start: row.period_start,
            period_end: row.period_end,
            report_deadline: row.report_deadline,
            opened_at: row.opened_at.map(utc),
            frozen_at: row.frozen_at.map(utc),
            cancel_reason: row.cancel_reason,
            schools: schools.map(|rows| rows.into_iter().map(MonitoringSchoolOut::from).collect()),
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }

    /// The monitoring as an answer.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn answer(
        row: MonitoringRow,
        schools: Vec<SnapshotSchool>,
        lang: Lang,
        caller: &Caller,
    ) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, Some(schools), lang, caller)?)
    }
}
