//! What was filled without the network, as JSON.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::domain::{ItemChange, ItemStatus};
use super::super::flow_merge::Merge;
use super::super::merge::{MergeItem, MergeText, OnConflict};
use super::super::place::ReportField;
use crate::features::indicators::Number;
use crate::kit::id::MeasureId;

/// What somebody touched without the network, with what it rests on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "items": [{
        "measure_id": "0192f0c1-0000-7000-8000-000000000000", "base_version": 1, "status": "done",
        "actual_date": "2023-04-14", "result": "План наставничества утверждён приказом № 31"
    }],
    "texts": {"summary": {"base": null, "value": "Мероприятия дорожной карты исполнены."}},
    "on_conflict": "skip"
}))]
pub(super) struct ReportMerge {
    /// The items that somebody touched, each measure once.
    #[serde(default)]
    #[schema(max_items = 1000)]
    items: Vec<MergeItemIn>,
    /// The texts that somebody touched.
    #[serde(default)]
    #[schema(nullable = false)]
    texts: Option<MergeTextsIn>,
    /// What to do when somebody else has changed the same.
    #[serde(default = "refuse")]
    on_conflict: OnConflict,
    /// What looks like personal data in the texts is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    personal_data_confirmed: bool,
}

/// One item; members left out are cleared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeItemIn {
    /// Its measure.
    measure_id: MeasureId,
    /// The version of the item in the pack.
    #[schema(minimum = 1)]
    base_version: i32,
    /// What the item said in the pack: evidence that came meanwhile is no conflict then, and a
    /// conflict names the value at first.
    base: Option<MergeBaseIn>,
    /// How far it is.
    status: ItemStatus,
    /// The day it was done, with `done` and `partly`; not after today.
    actual_date: Option<NaiveDate>,
    /// What came of it.
    #[schema(max_length = 4000)]
    result: Option<String>,
    /// Why not, or not wholly; required with `partly`, `not_done`, `not_applicable`.
    #[schema(max_length = 4000)]
    reason: Option<String>,
    /// Numbers of the indicators that the measure declares, by their codes.
    #[serde(default)]
    numbers: BTreeMap<String, Number>,
}

/// What an item said in the pack; members left out were empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeBaseIn {
    status: ItemStatus,
    actual_date: Option<NaiveDate>,
    #[schema(max_length = 4000)]
    result: Option<String>,
    #[schema(max_length = 4000)]
    reason: Option<String>,
    #[serde(default)]
    numbers: BTreeMap<String, Number>,
}

/// The texts of the report; those left out stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeTextsIn {
    /// What was done, in a word.
    #[serde(default)]
    #[schema(nullable = false)]
    summary: Option<MergeTextIn>,
    /// What stood in the way.
    #[serde(default)]
    #[schema(nullable = false)]
    problems: Option<MergeTextIn>,
}

/// One text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeTextIn {
    /// What it said in the pack; null: nothing.
    #[schema(max_length = 10000, required = true)]
    base: Option<String>,
    /// What it is to say; null clears it.
    #[schema(max_length = 10000, required = true)]
    value: Option<String>,
}

fn refuse() -> OnConflict {
    OnConflict::Refuse
}

impl From<ReportMerge> for Merge {
    fn from(given: ReportMerge) -> Self {
        let texts = given.texts.into_iter().flat_map(|texts| {
            [(ReportField::Summary, texts.summary), (ReportField::Problems, texts.problems)]
        });
        let text = |(field, text): (ReportField, Option<MergeTextIn>)| {
            text.map(|text| MergeText { field, base: text.base, mine: text.value })
        };
        Self {
            items: given.items.into_iter().map(MergeItem::from).collect(),
            texts: texts.filter_map(text).collect(),
            on_conflict: given.on_conflict,
            confirmed: given.personal_data_confirmed,
        }
    }
}

impl From<MergeItemIn> for MergeItem {
    fn from(given: MergeItemIn) -> Self {
        let base = given.base.map(|base| ItemChange {
            status: base.status,
            actual_date: base.actual_date,
            result: base.result,
            reason: base.reason,
            numbers: base.numbers,
        });
        Self {
            measure_id: given.measure_id,
            base_version: given.base_version,
            base,
            mine: ItemChange {
                status: given.status,
                actual_date: given.actual_date,
                result: given.result,
                reason: given.reason,
                numbers: given.numbers,
            },
        }
    }
}
