//! What support lists look like on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::domain::{ListCategory, ListLevel, ListStatus, Step};
use super::flow::ListText;
use super::policy;
use super::store::{self, ListView, SupportListRow};
use crate::auth::{Caller, Scope};
use crate::db::Tx;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, OrderId, SupportListId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::{ActionOut, Answer, resource};

/// A new support list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "level": "regional", "category": "low_results", "results_year": 2022,
    "order_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "valid_from": "2023-03-30"
}))]
pub struct SupportListIn {
    /// Level of the body that made it.
    level: ListLevel,
    /// Why schools stand in it.
    category: ListCategory,
    /// Calendar year of the results.
    #[schema(minimum = 2000, maximum = 2100)]
    results_year: i32,
    /// The order that approves it: the municipality's or the region's.
    order_id: OrderId,
    /// First day in force; null: since it was approved.
    valid_from: Option<NaiveDate>,
    /// Last day in force; null: until it is superseded or cancelled.
    valid_to: Option<NaiveDate>,
}

/// Changes of a draft: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"results_year": 2022, "valid_to": "2024-03-29"}))]
pub struct SupportListPatch {
    /// Level of the body that made it.
    #[schema(nullable = false)]
    level: Option<ListLevel>,
    /// Why schools stand in it.
    #[schema(nullable = false)]
    category: Option<ListCategory>,
    /// Calendar year of the results.
    #[schema(minimum = 2000, maximum = 2100, nullable = false)]
    results_year: Option<i32>,
    /// The order that approves it.
    #[schema(nullable = false)]
    order_id: Option<OrderId>,
    /// First day in force.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// Last day in force.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_to: Option<Option<NaiveDate>>,
}

/// Why a list ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Перечень отменён приказом от 29.12.2023 № 560"}))]
pub struct SupportListCancel {
    /// Why, for the audit and the readers.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// A support list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupportListOut {
    id: SupportListId,
    version: i32,
    status: ListStatus,
    status_label: &'static str,
    municipality_id: MunicipalityId,
    level: ListLevel,
    level_label: &'static str,
    category: ListCategory,
    category_label: &'static str,
    /// Calendar year of the results.
    results_year: i32,
    order_id: OrderId,
    /// First day in force; null: since it was approved.
    valid_from: Option<NaiveDate>,
    /// Last day in force; null: until it is superseded or cancelled.
    valid_to: Option<NaiveDate>,
    /// Schools in it that were not excluded, of those that the caller sees.
    schools_total: i64,
    approved_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of support lists.
#[derive(Serialize, ToSchema)]
pub struct SupportListPage {
    items: Vec<SupportListOut>,
    page: crate::web::query::PageOut,
}

impl SupportListOut {
    /// The list for the caller.
    #[must_use]
    pub fn of(view: ListView, lang: Lang, caller: &Caller) -> Self {
        let ListView { row, facts } = view;
        let action = |name, may, step: Step| ActionOut::new(name, may, &step.blockers(row.status, facts));
        let drafts = caller.may::<policy::DraftLists>();
        let approves = caller.may::<policy::ApproveLists>();
        Self {
            actions: vec![
                action("update", drafts, Step::Update),
                action("delete", drafts, Step::Delete),
                action("entries", drafts, Step::AddEntries),
                action("approve", approves, Step::Approve),
                action("cancel", approves, Step::Cancel),
            ],
            id: row.id,
            version: row.version,
            status: row.status,
            status_label: row.status.label(lang),
            municipality_id: row.municipality_id,
            level: row.level,
            level_label: row.level.label(lang),
            category: row.category,
            category_label: row.category.label(lang),
            results_year: row.results_year,
            order_id: row.order_id,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            schools_total: facts.schools,
            approved_at: row.approved_at.map(utc),
            cancel_reason: row.cancel_reason,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    /// The answer to a read.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub fn answer(view: ListView, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(view.row.version, &Self::of(view, lang, caller))
    }

    /// The answer to a write: what is around the list is read anew.
    ///
    /// # Errors
    ///
    /// Database failures only.
    pub fn written(
        tx: &mut Tx,
        scope: &Scope,
        row: SupportListRow,
        lang: Lang,
        caller: &Caller,
    ) -> Result<Answer, Error> {
        Self::answer(store::view(tx, scope, row)?, lang, caller)
    }
}

impl From<SupportListIn> for ListText {
    fn from(given: SupportListIn) -> Self {
        Self {
            level: given.level,
            category: given.category,
            results_year: given.results_year,
            order_id: given.order_id,
            valid_from: given.valid_from,
            valid_to: given.valid_to,
        }
    }
}

impl SupportListPatch {
    /// The complete text, where the members given replace those of `text`.
    #[must_use]
    pub fn over(self, text: ListText) -> ListText {
        ListText {
            level: self.level.unwrap_or(text.level),
            category: self.category.unwrap_or(text.category),
            results_year: self.results_year.unwrap_or(text.results_year),
            order_id: self.order_id.unwrap_or(text.order_id),
            valid_from: self.valid_from.unwrap_or(text.valid_from),
            valid_to: self.valid_to.unwrap_or(text.valid_to),
        }
    }
}
