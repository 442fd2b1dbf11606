//! What changed between two states of a report.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::content::{Content, EvidenceContent, ItemContent};
use super::place::{ReportField, item_pointer, number_pointer};
use crate::features::road_maps::Measure;

/// One changed place with its old and new value; null where there was or is nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference<'a> {
    /// JSON pointer of the place; a piece of evidence by its id.
    pub pointer: String,
    /// The measure, unless the place belongs to the whole report.
    pub measure: Option<&'a Measure>,
    /// The field.
    pub field: ReportField,
    /// Before.
    pub old: Value,
    /// After.
    pub new: Value,
}

/// Every changed place: the report's own texts first, then the items in the order of `measures`.
#[must_use]
pub fn differences<'a>(old: &Content, new: &Content, measures: &'a [Measure]) -> Vec<Difference<'a>> {
    let mut found = vec![
        text(ReportField::Summary, "/summary", old.summary.as_deref(), new.summary.as_deref()),
        text(ReportField::Problems, "/problems", old.problems.as_deref(), new.problems.as_deref()),
    ];
    for measure in measures {
        let before = old.items.iter().find(|item| item.measure_id == measure.id);
        let after = new.items.iter().find(|item| item.measure_id == measure.id);
        found.extend(of_item(measure, before, after));
    }
    found.retain(|difference| difference.old != difference.new);
    found
}

fn text<'a>(field: ReportField, pointer: &str, old: Option<&str>, new: Option<&str>) -> Difference<'a> {
    Difference { pointer: pointer.to_owned(), measure: None, field, old: json!(old), new: json!(new) }
}

fn of_item<'a>(
    measure: &'a Measure,
    before: Option<&ItemContent>,
    after: Option<&ItemContent>,
) -> Vec<Difference<'a>> {
    let pointer = item_pointer(measure);
    let difference = |place: &str, field, old, new| Difference {
        pointer: format!("{pointer}/{place}"),
        measure: Some(measure),
        field,
        old,
        new,
    };
    let day = |day: Option<NaiveDate>| json!(day);
    let mut found = vec![
        difference(
            "status",
            ReportField::Status,
            json!(before.map(|i| i.status)),
            json!(after.map(|i| i.status)),
        ),
        difference(
            "actual_date",
            ReportField::ActualDate,
            day(before.and_then(|i| i.actual_date)),
            day(after.and_then(|i| i.actual_date)),
        ),
        difference(
            "result",
            ReportField::Result,
            json!(before.and_then(|i| i.result.as_deref())),
            json!(after.and_then(|i| i.result.as_deref())),
        ),
        difference(
            "reason",
            ReportField::Reason,
            json!(before.and_then(|i| i.reason.as_deref())),
            json!(after.and_then(|i| i.reason.as_deref())),
        ),
    ];
    found.extend(numbers(measure, before, after));
    found.push(difference(
        "carried_over",
        ReportField::CarriedOver,
        json!(before.is_some_and(|item| item.carried_over)),
        json!(after.is_some_and(|item| item.carried_over)),
    ));
    let (gone, come) = (evidence_of(before), evidence_of(after));
    let stays =
        |one: &EvidenceContent, others: &[EvidenceContent]| others.iter().any(|other| other.id == one.id);
    for one in gone.iter().filter(|one| !stays(one, come)) {
        found.push(difference(
            &format!("evidence/{}", one.id),
            ReportField::Evidence,
            document(one),
            Value::Null,
        ));
    }
    for one in come.iter().filter(|one| !stays(one, gone)) {
        found.push(difference(
            &format!("evidence/{}", one.id),
            ReportField::Evidence,
            Value::Null,
            document(one),
        ));
    }
    found
}

/// Each indicator whose numbers differ, in the order of their codes.
fn numbers<'a>(
    measure: &'a Measure,
    before: Option<&ItemContent>,
    after: Option<&ItemContent>,
) -> Vec<Difference<'a>> {
    let told = |item: Option<&ItemContent>, code: &str| json!(item.and_then(|item| item.numbers.get(code)));
    let codes: BTreeSet<&String> =
        before.into_iter().chain(after).flat_map(|item| item.numbers.keys()).collect();
    let difference = |code: &String| Difference {
        pointer: format!("{}{}", item_pointer(measure), number_pointer(code)),
        measure: Some(measure),
        field: ReportField::Numbers,
        old: told(before, code),
        new: told(after, code),
    };
    codes.into_iter().map(difference).collect()
}

fn evidence_of(item: Option<&ItemContent>) -> &[EvidenceContent] {
    item.map_or(&[], |item| &item.evidence)
}

fn document(one: &EvidenceContent) -> Value {
    let file = one.file.as_ref().map(|file| &file.name);
    json!({ "kind": one.kind, "title": one.title, "requisites": one.requisites, "url": one.url, "file": file })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::indicators::{Number, Numbers};
    use crate::features::reports::domain::tests::{by, day};
    use crate::features::reports::domain::{EvidenceKind, ItemStatus};
    use crate::kit::id::EvidenceId;

    fn evidence(id: &str) -> EvidenceContent {
        EvidenceContent {
            id: EvidenceId(id.into()),
            kind: EvidenceKind::Order,
            title: "О наставниках".into(),
            requisites: None,
            url: Some("https://school.example.org/31".into()),
            file: None,
            contains_personal_data: false,
            created_at: day("2023-04-14").into(),
        }
    }

    fn content(status: ItemStatus, result: Option<&str>, evidence: Vec<EvidenceContent>) -> Content {
        let item = ItemContent {
            measure_id: by("2023-04-14").id,
            status,
            actual_date: None,
            result: result.map(str::to_owned),
            reason: None,
            numbers: Numbers::new(),
            version: 2,
            updated_at: day("2023-04-14").into(),
            carried_over: false,
            evidence,
        };
        Content { summary: Some("Итог".into()), problems: None, items: vec![item] }
    }

    fn changed(old: &Content, new: &Content) -> Vec<(String, Value, Value)> {
        let measures = [by("2023-04-14")];
        let found = differences(old, new, &measures);
        found.into_iter().map(|d| (d.pointer, d.old, d.new)).collect()
    }

    #[test]
    fn the_same_content_has_no_differences_whatever_its_versions() {
        let old = content(ItemStatus::Done, Some("Да"), vec![evidence("a")]);
        let mut new = old.clone();
        new.items[0].version = 9;
        assert_eq!(changed(&old, &new), []);
    }

    #[test]
    fn looking_at_what_was_carried_over_is_a_change() {
        let new = content(ItemStatus::Done, Some("Да"), vec![]);
        let mut old = new.clone();
        old.items[0].carried_over = true;
        let looked_at = ("/items/S1.1/carried_over".to_owned(), json!(true), json!(false));
        assert_eq!(changed(&old, &new), [looked_at]);
    }

    #[test]
    fn a_number_differs_by_its_indicator() {
        let number = |numerator| Number { numerator, denominator: Some(21) };
        let old = content(ItemStatus::Done, None, vec![]);
        let mut new = old.clone();
        new.items[0].numbers = Numbers::from([("I-15".into(), number(7))]);
        let told = json!({ "numerator": 7, "denominator": 21 });
        assert_eq!(changed(&old, &new), [("/items/S1.1/numbers/I-15".to_owned(), Value::Null, told)]);
        let mut same = new.clone();
        same.items[0].version += 1;
        assert_eq!(changed(&new, &same), []);
    }

    #[test]
    fn each_changed_field_is_named_with_both_values() {
        let old = content(ItemStatus::InProgress, None, vec![evidence("a")]);
        let mut new = content(ItemStatus::Done, Some("Да"), vec![evidence("b")]);
        new.summary = None;
        new.items[0].actual_date = Some(day("2023-04-14"));
        let paper = document(&evidence("a"));
        assert_eq!(
            changed(&old, &new),
            [
                ("/summary".to_owned(), json!("Итог"), json!(null)),
                ("/items/S1.1/status".to_owned(), json!("in_progress"), json!("done")),
                ("/items/S1.1/actual_date".to_owned(), json!(null), json!("2023-04-14")),
                ("/items/S1.1/result".to_owned(), json!(null), json!("Да")),
                ("/items/S1.1/evidence/a".to_owned(), paper.clone(), json!(null)),
                ("/items/S1.1/evidence/b".to_owned(), json!(null), paper),
            ]
        );
    }
}
