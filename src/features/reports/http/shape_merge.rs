//! What became of a merge, as it is answered.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::flow_merge::{Merged, MergedItem};
use super::super::merge::{MergeConflict, MergeOutcome};
use super::super::place::ReportField;
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, ReportId};
use crate::kit::lang::Lang;

/// What became of a merge.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportMergeOut {
    report_id: ReportId,
    /// The report's version now.
    version: i32,
    /// Each item, in the order of the request.
    items: Vec<MergedItemOut>,
    /// Each text of the request.
    texts: Vec<MergedTextOut>,
    /// What is still disputed; empty unless `on_conflict` is `skip`.
    conflicts: Vec<MergeConflict>,
}

/// What became of an item.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MergedItemOut {
    measure_id: MeasureId,
    /// The measure's code.
    code: String,
    outcome: MergeOutcome,
    outcome_label: &'static str,
    /// The item's version now: `base_version` of the next merge.
    version: i32,
}

/// What became of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MergedTextOut {
    field: ReportField,
    field_label: &'static str,
    outcome: MergeOutcome,
    outcome_label: &'static str,
}

impl ReportMergeOut {
    pub(super) fn of(merged: Merged, lang: Lang) -> Self {
        let text = |(field, outcome): (ReportField, MergeOutcome)| MergedTextOut {
            field,
            field_label: field.label(lang),
            outcome,
            outcome_label: outcome.label(lang),
        };
        Self {
            report_id: merged.row.id,
            version: merged.row.version,
            items: merged.items.into_iter().map(|item| MergedItemOut::of(item, lang)).collect(),
            texts: merged.texts.into_iter().map(text).collect(),
            conflicts: merged.conflicts,
        }
    }
}

impl MergedItemOut {
    fn of(item: MergedItem, lang: Lang) -> Self {
        Self {
            measure_id: item.measure_id,
            code: item.code,
            outcome: item.outcome,
            outcome_label: item.outcome.label(lang),
            version: item.version,
        }
    }
}
