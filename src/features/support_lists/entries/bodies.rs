//! What the schools in a support list look like on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::policy;
use super::super::store::SupportListRow;
use super::domain::{EntryStep, ExclusionReason, SupportListReason};
use super::flow::{Exclusion, NewEntry};
use super::store::EntryView;
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{EntryId, OrderId, SchoolId, SupportListId};
use crate::kit::lang::Lang;
use crate::web::{ActionOut, Answer, resource};

/// A school to enter into a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab",
    "reasons": [{
        "assessment": "vpr", "subject": "математика", "grade": 5, "year": 2022,
        "participants": 12, "below_minimum": 5
    }]
}))]
pub struct SupportListEntryIn {
    /// An active school of the list's municipality.
    school_id: SchoolId,
    /// Results by which it stands in the list.
    #[serde(default)]
    #[schema(max_items = 100)]
    reasons: Vec<SupportListReason>,
    /// The registered order by which it joins a list in force; none in a draft.
    order_id: Option<OrderId>,
    /// Its first day in a list in force; none in a draft.
    included_on: Option<NaiveDate>,
}

/// Schools to enter into a list, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_items = 1, max_items = 1000)]
pub struct SupportListEntriesMany(Vec<SupportListEntryIn>);

/// One school, or an array of schools that are entered all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(example = json!([
    {"school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab"},
    {"school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ac"}
]))]
pub enum SupportListEntriesIn {
    /// One.
    One(SupportListEntryIn),
    /// Several.
    Many(SupportListEntriesMany),
}

/// Changes of an entry of a draft: absent members stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reasons": []}))]
pub struct SupportListEntryPatch {
    /// Results by which the school stands in the list.
    #[schema(max_items = 100, nullable = false)]
    pub reasons: Option<Vec<SupportListReason>>,
}

/// How a school leaves a list in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "order_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "excluded_on": "2023-09-01", "reason": "improved"
}))]
pub struct SupportListExclusion {
    /// The registered order by which it leaves.
    order_id: OrderId,
    /// The first day without it.
    excluded_on: NaiveDate,
    /// Why.
    reason: ExclusionReason,
}

/// A school in a support list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupportListEntryOut {
    id: EntryId,
    version: i32,
    list_id: SupportListId,
    school_id: SchoolId,
    /// The school's short name today.
    school_short_name: String,
    /// Results by which it stands in the list.
    reasons: Vec<SupportListReason>,
    /// The order by which it joined; null: the list's own.
    included_by_order_id: Option<OrderId>,
    /// Its first day; null: the list's first.
    included_on: Option<NaiveDate>,
    /// The order by which it left; null also when the school was closed without one.
    excluded_by_order_id: Option<OrderId>,
    /// The first day without it.
    excluded_on: Option<NaiveDate>,
    exclusion_reason: Option<ExclusionReason>,
    exclusion_reason_label: Option<&'static str>,
    /// Whether it is in force today.
    in_force: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of entries.
#[derive(Serialize, ToSchema)]
pub struct SupportListEntryPage {
    items: Vec<SupportListEntryOut>,
    page: crate::web::query::PageOut,
}

/// The entries that were made, in the order of the request; one alone stands by itself.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SupportListEntriesMade {
    /// Of one school.
    One(Box<SupportListEntryOut>),
    /// Of several.
    Many {
        /// The entries.
        items: Vec<SupportListEntryOut>,
    },
}

/// What an entry looks like depends on all this.
pub struct Onlooker<'a> {
    /// The list.
    pub list: &'a SupportListRow,
    /// Today in Europe/Moscow.
    pub today: NaiveDate,
    /// The language of labels.
    pub lang: Lang,
    /// Who looks.
    pub caller: &'a Caller,
}

impl SupportListEntryOut {
    /// The entry for the caller.
    #[must_use]
    pub fn of(view: EntryView, by: &Onlooker) -> Self {
        let EntryView { row, school_short_name } = view;
        let (list, may) = (by.list, by.caller.may::<policy::DraftLists>());
        let excluded = row.excluded_on.is_some();
        let action = |name, step: EntryStep| ActionOut::new(name, may, &step.blockers(list.status, excluded));
        let in_force = list.span().holds(by.today, row.included_on, row.excluded_on);
        Self {
            actions: vec![
                action("update", EntryStep::Update),
                action("delete", EntryStep::Delete),
                action("exclude", EntryStep::Exclude),
            ],
            id: row.id,
            version: row.version,
            list_id: row.list_id,
            school_id: row.school_id,
            school_short_name,
            reasons: row.reasons.into_inner(),
            included_by_order_id: row.included_by_order_id,
            included_on: row.included_on,
            excluded_by_order_id: row.excluded_by_order_id,
            excluded_on: row.excluded_on,
            exclusion_reason: row.exclusion_reason,
            exclusion_reason_label: row.exclusion_reason.map(|reason| reason.label(by.lang)),
            in_force,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    /// The answer with one entry.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub fn answer(view: EntryView, by: &Onlooker) -> Result<Answer, Error> {
        resource(view.row.version, &Self::of(view, by))
    }
}

impl SupportListEntriesMade {
    /// The answer with what was made: as an array asked for it, or the one entry alone.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub fn answer(views: Vec<EntryView>, is_array: bool, by: &Onlooker) -> Result<Answer, Error> {
        match <[EntryView; 1]>::try_from(views) {
            Ok([view]) if !is_array => {
                let version = view.row.version;
                let one = Box::new(SupportListEntryOut::of(view, by));
                resource(version, &Self::One(one))
            }
            several => {
                let views = several.map_or_else(|views| views, Vec::from);
                let items = views.into_iter().map(|view| SupportListEntryOut::of(view, by)).collect();
                Answer::plain(&Self::Many { items })
            }
        }
    }
}

impl From<SupportListEntryIn> for NewEntry {
    fn from(given: SupportListEntryIn) -> Self {
        Self {
            school_id: given.school_id,
            reasons: given.reasons,
            order_id: given.order_id,
            included_on: given.included_on,
        }
    }
}

impl SupportListEntriesIn {
    /// The entries, and whether the request was an array.
    #[must_use]
    pub fn entries(self) -> (Vec<NewEntry>, bool) {
        match self {
            Self::One(one) => (vec![one.into()], false),
            Self::Many(many) => (many.0.into_iter().map(NewEntry::from).collect(), true),
        }
    }
}

impl From<SupportListExclusion> for Exclusion {
    fn from(given: SupportListExclusion) -> Self {
        Self { order_id: given.order_id, excluded_on: given.excluded_on, reason: given.reason }
    }
}
