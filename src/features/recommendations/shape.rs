//! Recommendations as JSON.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{
    AddresseeStatus, AddresseeStep, RecommendationAddressee, RecommendationStatus, Step, is_overdue,
};
use super::flow::RecommendationText;
use super::flow_addressees::blockers;
use super::policy;
use super::store::{Narrowed, RecommendationRow};
use super::store_addressees::{AddresseeRow, NamedAddressee};
use crate::auth::Caller;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, MunicipalityId, NoteId, RecommendationId, SchoolId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, AnyOf, Filter};

/// A new recommendation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "4", "addressee": "all_schools", "due_date": "2024-03-01", "position": 4,
    "text": "Разместить на официальном сайте школы раздел о методической работе по преодолению низких результатов."
}))]
pub(super) struct RecommendationIn {
    /// The monitoring it comes from; absent: outside of a note.
    monitoring_id: Option<MonitoringId>,
    /// Its number in the note.
    #[schema(min_length = 1, max_length = 20)]
    code: String,
    /// Its place among those of the monitoring.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000, nullable = false)]
    position: Option<i32>,
    /// What is recommended.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// To whom.
    addressee: RecommendationAddressee,
    /// The schools, for `schools`.
    #[serde(default)]
    #[schema(max_items = 1000, nullable = false)]
    school_ids: Option<Vec<SchoolId>>,
    /// The last day for carrying it out.
    due_date: Option<NaiveDate>,
    /// The conclusions it comes from; empty: standing.
    #[serde(default)]
    #[schema(max_items = 100, nullable = false)]
    conclusion_codes: Option<Vec<String>>,
}

/// Changes of a draft, absent members stay, null clears; of an issued one only
/// `department_status`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"due_date": "2024-04-01"}))]
pub(super) struct RecommendationPatch {
    /// The monitoring it comes from.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MonitoringId>)]
    monitoring_id: Option<Option<MonitoringId>>,
    /// Its number in the note.
    #[schema(min_length = 1, max_length = 20, nullable = false)]
    code: Option<String>,
    /// Its place among those of the monitoring.
    #[schema(minimum = 0, maximum = 10000, nullable = false)]
    position: Option<i32>,
    /// What is recommended.
    #[schema(min_length = 1, max_length = 4000, nullable = false)]
    text: Option<String>,
    /// To whom.
    #[schema(nullable = false)]
    addressee: Option<RecommendationAddressee>,
    /// The schools, for `schools`.
    #[schema(max_items = 1000, nullable = false)]
    school_ids: Option<Vec<SchoolId>>,
    /// The last day for carrying it out.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    due_date: Option<Option<NaiveDate>>,
    /// The conclusions it comes from.
    #[schema(max_items = 100, nullable = false)]
    conclusion_codes: Option<Vec<String>>,
    /// How far the department is, once the recommendation is issued to it.
    #[schema(nullable = false)]
    pub(super) department_status: Option<AddresseeStatus>,
}

/// Why something ends or begins anew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "На сайте школы нет раздела о методической работе"}))]
pub(super) struct RecommendationReason {
    /// Why, for the audit and the addressees.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
}

/// What a school says when it is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"comment": "Раздел размещен на сайте 15.02.2024"}))]
pub(super) struct RecommendationCompletion {
    /// What was done.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) comment: Option<String>,
}

/// A recommendation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecommendationOut {
    id: RecommendationId,
    version: i32,
    status: RecommendationStatus,
    status_label: &'static str,
    municipality_id: MunicipalityId,
    monitoring_id: Option<MonitoringId>,
    /// The note that issued it.
    note_id: Option<NoteId>,
    code: String,
    position: i32,
    text: String,
    addressee: RecommendationAddressee,
    addressee_label: &'static str,
    /// The schools named in the draft; those it was issued to are in `addressees`.
    school_ids: Vec<SchoolId>,
    due_date: Option<NaiveDate>,
    /// Whether an addressee that you see has missed the due day.
    overdue: bool,
    conclusion_codes: Vec<String>,
    /// How far the department is, when it is the addressee.
    department_status: Option<AddresseeStatus>,
    department_status_label: Option<&'static str>,
    /// The schools it was issued to; a school sees itself alone.
    addressees: Vec<RecommendationAddresseeOut>,
    issued_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// How far a school is with a recommendation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecommendationAddresseeOut {
    recommendation_id: RecommendationId,
    school_id: SchoolId,
    short_name: String,
    version: i32,
    status: AddresseeStatus,
    status_label: &'static str,
    /// Whether the due day has passed and it is not done.
    overdue: bool,
    /// What was last said about it.
    comment: Option<String>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of recommendations.
#[derive(Serialize, ToSchema)]
pub(super) struct RecommendationPage {
    items: Vec<RecommendationOut>,
    page: PageOut,
}

/// Filters of the list of recommendations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RecommendationFilter {
    /// Of any of these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// Of any of these monitorings, comma-separated.
    #[param(value_type = Option<String>)]
    monitoring_id: Option<AnyOf<MonitoringId>>,
    /// Issued to any of these schools, comma-separated.
    #[param(value_type = Option<String>)]
    school_id: Option<AnyOf<SchoolId>>,
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "issued")]
    status: Option<AnyOf<RecommendationStatus>>,
    /// Any of these kinds of addressee, comma-separated.
    #[param(value_type = Option<String>, example = "all_schools,list_schools")]
    addressee: Option<AnyOf<RecommendationAddressee>>,
    /// `true`: an addressee that you see has missed the due day; `false`: none has.
    #[param(value_type = Option<bool>)]
    overdue: Option<AnyOf<bool>>,
    /// Text to find in code and text.
    q: Option<String>,
}

impl Filter for RecommendationFilter {
    const SORTS: &'static [&'static str] = &["position"];
}

impl RecommendationFilter {
    pub(super) fn narrowed(&self, today: NaiveDate) -> Narrowed {
        Narrowed {
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            monitoring_id: self.monitoring_id.clone().map(|any| any.0),
            school_id: self.school_id.clone().map(|any| any.0),
            status: self.status.clone().map(|any| any.0),
            addressee: self.addressee.clone().map(|any| any.0),
            overdue: match self.overdue.as_ref().map(|any| any.0.as_slice()) {
                Some([overdue]) => Some((*overdue, today)),
                _ => None,
            },
            q: self.q.clone(),
        }
    }
}

/// By whom, in which language and on which day something is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) lang: Lang,
    pub(super) today: NaiveDate,
    pub(super) caller: &'a Caller,
}

/// The addressees of a page, by recommendation.
pub(super) fn by_recommendation(
    found: Vec<NamedAddressee>,
) -> HashMap<RecommendationId, Vec<NamedAddressee>> {
    let mut grouped: HashMap<RecommendationId, Vec<NamedAddressee>> = HashMap::new();
    for (addressee, name) in found {
        grouped.entry(addressee.recommendation_id.clone()).or_default().push((addressee, name));
    }
    grouped
}

impl RecommendationOut {
    pub(super) fn of(row: RecommendationRow, addressees: Vec<NamedAddressee>, reading: Reading<'_>) -> Self {
        let Reading { lang, today, caller } = reading;
        let writes = caller.may::<policy::WriteRecommendations>();
        let of_monitoring = row.monitoring_id.is_some();
        let action =
            |name, step: Step| ActionOut::new(name, writes, &step.blockers(row.status, of_monitoring));
        let tracked = row.department_status.is_some() && row.status == RecommendationStatus::Issued;
        let update = if tracked { Step::Track } else { Step::Update };
        let addressees: Vec<RecommendationAddresseeOut> = addressees
            .into_iter()
            .map(|(addressee, name)| RecommendationAddresseeOut::of(addressee, name, &row, reading))
            .collect();
        let department_late =
            row.department_status.is_some_and(|status| is_overdue(row.due_date, status, today));
        let issued = row.status == RecommendationStatus::Issued;
        Self {
            actions: vec![
                action("update", update),
                action("delete", Step::Delete),
                action("issue", Step::Issue),
                action("cancel", Step::Cancel),
            ],
            overdue: issued && (department_late || addressees.iter().any(|addressee| addressee.overdue)),
            addressees,
            id: row.id,
            version: row.version,
            status: row.status,
            status_label: row.status.label(lang),
            municipality_id: row.municipality_id,
            monitoring_id: row.monitoring_id,
            note_id: row.note_id,
            code: row.code,
            position: row.position,
            text: row.text,
            addressee: row.addressee,
            addressee_label: row.addressee.label(lang),
            school_ids: if caller.may::<policy::ReviewAddressees>() {
                row.school_ids.into_inner()
            } else {
                Vec::new()
            },
            due_date: row.due_date,
            conclusion_codes: row.conclusion_codes.into_inner(),
            department_status: row.department_status,
            department_status_label: row.department_status.map(|status| status.label(lang)),
            issued_at: row.issued_at.map(utc),
            cancel_reason: row.cancel_reason,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }
}

impl RecommendationAddresseeOut {
    pub(super) fn of(
        addressee: AddresseeRow,
        short_name: String,
        row: &RecommendationRow,
        reading: Reading<'_>,
    ) -> Self {
        let Reading { lang, today, caller } = reading;
        let may = |step| match step {
            AddresseeStep::Acknowledge | AddresseeStep::Start | AddresseeStep::Complete => {
                caller.may::<policy::FollowRecommendations>()
            }
            _ => caller.may::<policy::ReviewAddressees>(),
        };
        let action = |step: AddresseeStep| {
            ActionOut::new(step.name(), may(step), &blockers(row, addressee.status, step))
        };
        Self {
            actions: AddresseeStep::ALL.into_iter().map(action).collect(),
            overdue: row.status == RecommendationStatus::Issued
                && is_overdue(row.due_date, addressee.status, today),
            recommendation_id: addressee.recommendation_id,
            school_id: addressee.school_id,
            short_name,
            version: addressee.version,
            status: addressee.status,
            status_label: addressee.status.label(lang),
            comment: addressee.comment,
            updated_at: utc(addressee.updated_at),
        }
    }
}

impl From<RecommendationIn> for RecommendationText {
    fn from(given: RecommendationIn) -> Self {
        Self {
            monitoring_id: given.monitoring_id,
            code: given.code,
            position: given.position.unwrap_or(0),
            text: given.text,
            addressee: given.addressee,
            school_ids: given.school_ids.unwrap_or_default(),
            due_date: given.due_date,
            conclusion_codes: given.conclusion_codes.unwrap_or_default(),
        }
    }
}

impl RecommendationPatch {
    pub(super) fn over(self, text: RecommendationText) -> RecommendationText {
        RecommendationText {
            monitoring_id: self.monitoring_id.unwrap_or(text.monitoring_id),
            code: self.code.unwrap_or(text.code),
            position: self.position.unwrap_or(text.position),
            text: self.text.unwrap_or(text.text),
            addressee: self.addressee.unwrap_or(text.addressee),
            school_ids: self.school_ids.unwrap_or(text.school_ids),
            due_date: self.due_date.unwrap_or(text.due_date),
            conclusion_codes: self.conclusion_codes.unwrap_or(text.conclusion_codes),
        }
    }
}
