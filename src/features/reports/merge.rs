//! What was written without the network, held against what the report says now.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::domain::{ItemChange, ItemStatus};
use super::place::ReportField;
use crate::kit::code::codes;
use crate::kit::id::MeasureId;

codes! {
    /// What became of a part of a merge.
    MergeOutcome {
        /// It is stored now.
        Written = "written", "записано", "written";
        /// The report said the same already.
        Unchanged = "unchanged", "без изменений", "unchanged";
        /// Somebody else has changed it meanwhile: nothing was stored.
        Conflict = "conflict", "изменено другим сотрудником", "changed by somebody else";
    }
}

codes! {
    /// What to do when somebody else has changed the same.
    OnConflict {
        /// Store nothing at all.
        Refuse = "refuse", "не записывать ничего", "store nothing";
        /// Store the rest.
        Skip = "skip", "записать остальное", "store the rest";
    }
}

/// An item as its writer left it.
#[derive(Debug, Clone)]
pub struct MergeItem {
    /// The measure.
    pub measure_id: MeasureId,
    /// The version of the item on which he went to work.
    pub base_version: i32,
    /// What it said at that version, when the client tells.
    pub base: Option<ItemChange>,
    /// What he wants it to say.
    pub mine: ItemChange,
}

/// A text of the report as its writer left it.
#[derive(Debug, Clone)]
pub struct MergeText {
    /// `Summary` or `Problems`.
    pub field: ReportField,
    /// What it said when he went to work.
    pub base: Option<String>,
    /// What he wants it to say.
    pub mine: Option<String>,
}

/// A place that both sides have changed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "pointer": "/items/0", "measure_id": "0192f0c1-0000-7000-8000-000000000000", "code": "S1.1",
    "base_version": 1, "current_version": 2,
    "fields": [{"field": "result", "base": null, "mine": "Проведён входной контроль", "theirs": "Проведено"}],
    "current": {"status": "done", "actual_date": "2023-02-20", "result": "Проведено", "reason": null, "numbers": {}}
}))]
pub struct MergeConflict {
    /// Place in the body: `/items/{n}` or `/texts/{name}`.
    pub pointer: String,
    /// Null: a text of the report.
    pub measure_id: Option<MeasureId>,
    /// The measure's code.
    pub code: Option<String>,
    /// The version on which the writer went to work; null for a text.
    pub base_version: Option<i32>,
    /// The version in force: `base_version` of the next attempt. Null for a text.
    pub current_version: Option<i32>,
    /// The fields that both sides have changed. Where there are none, because the sides changed
    /// different fields of one item, or the client did not tell what it said at first: all that differ.
    pub fields: Vec<MergeConflictField>,
    /// What the item says now, every field of it; null for a text.
    #[schema(value_type = Option<Object>)]
    pub current: Option<Value>,
}

/// A field in dispute.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MergeConflictField {
    /// The field.
    pub field: ReportField,
    /// What it said at first; left out when the client did not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Value>,
    /// What the client wants it to say.
    pub mine: Value,
    /// What it says now.
    pub theirs: Value,
}

impl MergeItem {
    /// What becomes of it, where the item says `current` at its `version`. One that was
    /// `carried_over` is written even as it is: somebody has looked at it.
    ///
    /// A version may have risen by evidence alone; what the item said at first shows that.
    #[must_use]
    pub fn outcome(&self, current: &ItemChange, version: i32, carried_over: bool) -> MergeOutcome {
        let is_based = self.base_version == version;
        match self.mine == *current {
            true if carried_over && is_based => MergeOutcome::Written,
            true => MergeOutcome::Unchanged,
            false if is_based || self.base.as_ref() == Some(current) => MergeOutcome::Written,
            false => MergeOutcome::Conflict,
        }
    }

    /// The dispute about it, as item `number` of the request, where the item says `current` at
    /// its `version`.
    #[must_use]
    pub fn conflict(&self, number: usize, code: &str, current: &ItemChange, version: i32) -> MergeConflict {
        let fields = self.fields(current);
        let says = fields.iter().map(|one| (one.field.to_string(), one.theirs.clone()));
        let says: serde_json::Map<String, Value> = says.collect();
        MergeConflict {
            pointer: format!("/items/{number}"),
            measure_id: Some(self.measure_id.clone()),
            code: Some(code.to_owned()),
            base_version: Some(self.base_version),
            current_version: Some(version),
            fields: disputed(fields),
            current: Some(Value::Object(says)),
        }
    }

    /// Every field: what it said at first, what it is to say, and what it says now.
    fn fields(&self, current: &ItemChange) -> Vec<MergeConflictField> {
        let base = self.base.as_ref();
        let status = |status: ItemStatus| json!(status);
        let day = |day: Option<NaiveDate>| json!(day);
        let fields = [
            (
                ReportField::Status,
                base.map(|b| status(b.status)),
                status(self.mine.status),
                status(current.status),
            ),
            (
                ReportField::ActualDate,
                base.map(|b| day(b.actual_date)),
                day(self.mine.actual_date),
                day(current.actual_date),
            ),
            (
                ReportField::Result,
                base.map(|b| json!(b.result)),
                json!(self.mine.result),
                json!(current.result),
            ),
            (
                ReportField::Reason,
                base.map(|b| json!(b.reason)),
                json!(self.mine.reason),
                json!(current.reason),
            ),
            (
                ReportField::Numbers,
                base.map(|b| json!(b.numbers)),
                json!(self.mine.numbers),
                json!(current.numbers),
            ),
        ];
        fields
            .into_iter()
            .map(|(field, base, mine, theirs)| MergeConflictField { field, base, mine, theirs })
            .collect()
    }
}

/// The fields that both sides have changed; where there are none, all that differ.
fn disputed(fields: Vec<MergeConflictField>) -> Vec<MergeConflictField> {
    let differing: Vec<MergeConflictField> =
        fields.into_iter().filter(|one| one.mine != one.theirs).collect();
    let by_both =
        |one: &&MergeConflictField| one.base.as_ref().is_none_or(|b| *b != one.mine && *b != one.theirs);
    let changed_by_both: Vec<MergeConflictField> = differing.iter().filter(by_both).cloned().collect();
    if changed_by_both.is_empty() { differing } else { changed_by_both }
}

impl MergeText {
    /// What becomes of it, where the text says `current`.
    #[must_use]
    pub fn outcome(&self, current: Option<&str>) -> MergeOutcome {
        if self.mine.as_deref() == current {
            MergeOutcome::Unchanged
        } else if self.base.as_deref() == current {
            MergeOutcome::Written
        } else {
            MergeOutcome::Conflict
        }
    }

    /// The place that both sides have changed, where the text says `current`.
    #[must_use]
    pub fn conflict(&self, current: Option<&str>) -> MergeConflict {
        let field = MergeConflictField {
            field: self.field,
            base: Some(json!(self.base)),
            mine: json!(self.mine),
            theirs: json!(current),
        };
        MergeConflict {
            pointer: format!("/texts/{}", self.field),
            measure_id: None,
            code: None,
            base_version: None,
            current_version: None,
            fields: vec![field],
            current: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::indicators::Numbers;

    fn says(status: ItemStatus, result: Option<&str>) -> ItemChange {
        ItemChange {
            status,
            actual_date: None,
            result: result.map(str::to_owned),
            reason: None,
            numbers: Numbers::new(),
        }
    }

    fn mine(base_version: i32, base: Option<ItemChange>) -> MergeItem {
        let mine = says(ItemStatus::Done, Some("Да"));
        MergeItem { measure_id: MeasureId("m".into()), base_version, base, mine }
    }

    #[test]
    fn an_item_is_written_on_the_version_it_rests_on() {
        let start = says(ItemStatus::NotStarted, None);
        assert_eq!(mine(1, None).outcome(&start, 1, false), MergeOutcome::Written);
        assert_eq!(mine(1, None).outcome(&start, 2, false), MergeOutcome::Conflict);
        assert_eq!(mine(2, None).outcome(&start, 1, false), MergeOutcome::Conflict);
        let same_as_at_first = mine(1, Some(start.clone()));
        assert_eq!(same_as_at_first.outcome(&start, 2, false), MergeOutcome::Written, "evidence alone came");
        let theirs = says(ItemStatus::InProgress, None);
        assert_eq!(same_as_at_first.outcome(&theirs, 2, false), MergeOutcome::Conflict);
    }

    #[test]
    fn the_same_on_both_sides_is_no_conflict() {
        let same = says(ItemStatus::Done, Some("Да"));
        assert_eq!(mine(1, None).outcome(&same, 1, false), MergeOutcome::Unchanged);
        assert_eq!(mine(1, None).outcome(&same, 5, false), MergeOutcome::Unchanged);
        assert_eq!(mine(1, None).outcome(&same, 1, true), MergeOutcome::Written, "somebody has looked at it");
    }

    fn about(given: &MergeItem, theirs: &ItemChange) -> Vec<MergeConflictField> {
        given.conflict(0, "S1.1", theirs, 2).fields
    }

    #[test]
    fn a_conflict_names_what_differs() {
        let at_first = says(ItemStatus::InProgress, None);
        let theirs = says(ItemStatus::Done, Some("Нет"));
        let found = about(&mine(1, Some(at_first)), &theirs);
        assert_eq!(found.len(), 1, "both say that it is done");
        let result = MergeConflictField {
            field: ReportField::Result,
            base: Some(Value::Null),
            mine: json!("Да"),
            theirs: json!("Нет"),
        };
        assert_eq!(found[0], result);
        assert_eq!(about(&mine(1, None), &theirs)[0].base, None);
    }

    #[test]
    fn what_only_one_side_has_changed_is_not_in_dispute() {
        let fields = |given: &MergeItem, theirs: &ItemChange| -> Vec<ReportField> {
            about(given, theirs).iter().map(|one| one.field).collect()
        };
        let at_first = says(ItemStatus::InProgress, Some("Начато"));
        let mut theirs = says(ItemStatus::InProgress, Some("Нет"));
        theirs.reason = Some("Карантин".into());
        let given = mine(1, Some(at_first.clone()));
        assert_eq!(
            fields(&given, &theirs),
            [ReportField::Result],
            "status is mine alone, reason theirs alone"
        );
        let current = given.conflict(3, "S1.1", &theirs, 2);
        assert_eq!(current.pointer, "/items/3");
        assert_eq!(
            current.current,
            Some(
                json!({"status": "in_progress", "actual_date": null, "result": "Нет", "reason": "Карантин", "numbers": {}})
            ),
            "the next attempt can rest on it"
        );
        theirs.result = at_first.result;
        let apart = [ReportField::Status, ReportField::Result, ReportField::Reason];
        assert_eq!(fields(&given, &theirs), apart, "different fields of one item");
        let unknown = mine(1, None);
        assert_eq!(fields(&unknown, &theirs), apart, "nobody knows who changed what");
    }

    #[test]
    fn a_text_rests_on_what_it_said() {
        let text = MergeText { field: ReportField::Summary, base: None, mine: Some("Итог".into()) };
        assert_eq!(text.outcome(None), MergeOutcome::Written);
        assert_eq!(text.outcome(Some("Итог")), MergeOutcome::Unchanged);
        assert_eq!(text.outcome(Some("Иное")), MergeOutcome::Conflict);
        assert_eq!(text.conflict(Some("Иное")).pointer, "/texts/summary");
    }
}
