//! How what was written without the network comes into a report, in one transaction.

use std::collections::{HashMap, HashSet};

use super::domain::{ItemChange, item_rules};
use super::flow;
use super::flow_numbers::units_of;
use super::guard::{self, Guarded};
use super::merge::{MergeConflict, MergeItem, MergeOutcome, MergeText, OnConflict};
use super::numbers::number_rules;
use super::place::ReportField;
use super::store::ReportRow;
use super::store_items::{self, ItemRow};
use super::view::ReportView;
use crate::db::Tx;
use crate::error::{Error, Refusal};
use crate::features::road_maps::Measure;
use crate::kit::id::MeasureId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// What a client brings.
#[derive(Debug)]
pub struct Merge {
    /// The items that somebody touched.
    pub items: Vec<MergeItem>,
    /// The texts that somebody touched.
    pub texts: Vec<MergeText>,
    /// What to do about a conflict.
    pub on_conflict: OnConflict,
    /// What looks like personal data in the texts belongs there.
    pub confirmed: bool,
}

/// What became of it.
#[derive(Debug)]
pub struct Merged {
    /// The report.
    pub row: ReportRow,
    /// Of each item, in the order of the request.
    pub items: Vec<MergedItem>,
    /// Of each text, in the order of the request.
    pub texts: Vec<(ReportField, MergeOutcome)>,
    /// What both sides have changed.
    pub conflicts: Vec<MergeConflict>,
}

/// What became of an item.
#[derive(Debug)]
pub struct MergedItem {
    /// Its measure.
    pub measure_id: MeasureId,
    /// The measure's code.
    pub code: String,
    /// What became of it.
    pub outcome: MergeOutcome,
    /// Its version now.
    pub version: i32,
}

/// An item of the request beside the one that it is about.
struct Pair<'a> {
    /// Its place in the request.
    number: usize,
    given: MergeItem,
    measure: &'a Measure,
    row: ItemRow,
    outcome: MergeOutcome,
}

/// Writes what rests on the present state of the report, under one new version of it. Nothing of a
/// refused merge is stored.
///
/// # Errors
///
/// 409 `merge-conflict` with every conflict, unless they are to be skipped; 422 with every broken
/// rule of what would be written, personal data that nobody confirmed among them.
pub fn merge(tx: &mut Tx, view: ReportView, given: Merge) -> Result<Merged, Error> {
    let rows = store_items::rows(tx, &view.row.id)?;
    let (mut pairs, violations) = paired(&view, rows, given.items);
    let mut row = view.row.clone();
    let texts: Vec<(MergeText, MergeOutcome)> = given
        .texts
        .into_iter()
        .map(|text| {
            let outcome = text.outcome(text_of(&row, text.field));
            (text, outcome)
        })
        .collect();
    let conflicts = conflicts(&pairs, &texts, &row);
    if !conflicts.is_empty() && given.on_conflict == OnConflict::Refuse {
        return Err(refusal(&conflicts)?);
    }
    check(tx, &row, (&pairs, &texts), given.confirmed, violations)?;
    let mut is_changed = false;
    for pair in pairs.iter_mut().filter(|pair| pair.outcome == MergeOutcome::Written) {
        pair.row.replace(pair.given.mine.clone(), tx.now())?;
        store_items::update_item(tx, &pair.row)?;
        is_changed = true;
    }
    for (text, _) in texts.iter().filter(|(_, outcome)| *outcome == MergeOutcome::Written) {
        match text.field {
            ReportField::Problems => row.problems.clone_from(&text.mine),
            _ => row.summary.clone_from(&text.mine),
        }
        is_changed = true;
    }
    if is_changed {
        let from = row.status;
        row = flow::save(tx, row, "merge", from, None)?;
    }
    let items = pairs.into_iter().map(|pair| MergedItem {
        measure_id: pair.given.measure_id,
        code: pair.measure.code.clone(),
        outcome: pair.outcome,
        version: pair.row.version,
    });
    let texts = texts.into_iter().map(|(text, outcome)| (text.field, outcome));
    Ok(Merged { row, items: items.collect(), texts: texts.collect(), conflicts })
}

/// Each item of the request with the one that it is about; and those that are about none, or about
/// one that another is about already.
fn paired(view: &ReportView, rows: Vec<ItemRow>, given: Vec<MergeItem>) -> (Vec<Pair<'_>>, Vec<Violation>) {
    let known: HashSet<MeasureId> = rows.iter().map(|row| row.measure_id.clone()).collect();
    let mut rows: HashMap<MeasureId, ItemRow> =
        rows.into_iter().map(|row| (row.measure_id.clone(), row)).collect();
    let (mut pairs, mut violations) = (Vec::new(), Vec::new());
    for (number, item) in given.into_iter().enumerate() {
        match (rows.remove(&item.measure_id), view.measure(&item.measure_id)) {
            (Some(row), Some(measure)) => {
                let outcome = item.outcome(&row.content(), row.version, row.carried_over);
                pairs.push(Pair { number, given: item, measure, row, outcome });
            }
            _ if known.contains(&item.measure_id) => {
                let detail = Bi::fixed("Мероприятие указано дважды", "The measure stands twice");
                violations.push(Violation::new(format!("/items/{number}/measure_id"), "not-unique", detail));
            }
            _ => {
                let detail =
                    Bi::fixed("В этом отчёте нет такого мероприятия", "The report has no such measure");
                let pointer = format!("/items/{number}/measure_id");
                violations.push(Violation::new(pointer, "unknown-reference", detail));
            }
        }
    }
    (pairs, violations)
}

fn text_of(row: &ReportRow, field: ReportField) -> Option<&str> {
    match field {
        ReportField::Problems => row.problems.as_deref(),
        _ => row.summary.as_deref(),
    }
}

fn conflicts(pairs: &[Pair<'_>], texts: &[(MergeText, MergeOutcome)], row: &ReportRow) -> Vec<MergeConflict> {
    let of_items = pairs.iter().filter(|pair| pair.outcome == MergeOutcome::Conflict);
    let of_items = of_items.map(|pair| {
        pair.given.conflict(pair.number, &pair.measure.code, &pair.row.content(), pair.row.version)
    });
    let of_texts = texts.iter().filter(|(_, outcome)| *outcome == MergeOutcome::Conflict);
    of_items.chain(of_texts.map(|(text, _)| text.conflict(text_of(row, text.field)))).collect()
}

fn refusal(conflicts: &[MergeConflict]) -> Result<Error, Error> {
    let violation = |conflict: &MergeConflict| {
        let (ru, en) = match &conflict.code {
            Some(code) => (format!("мероприятие {code}"), format!("Measure {code}")),
            None => ("текст отчёта".to_owned(), "A text of the report".to_owned()),
        };
        let detail = Bi::of(
            format!("Изменено другим сотрудником: {ru}"),
            format!("{en} was changed by somebody else"),
        );
        Violation::new(conflict.pointer.clone(), "changed-meanwhile", detail)
    };
    let told = conflicts.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    Ok(Refusal {
        violations: conflicts.iter().map(violation).collect(),
        conflicts: told,
        ..Refusal::of(&problems::MERGE_CONFLICT)
    }
    .into())
}

/// The rules of everything that would be written, all at once, with those `violations` that are
/// known already.
fn check(
    tx: &mut Tx,
    row: &ReportRow,
    (pairs, texts): (&[Pair<'_>], &[(MergeText, MergeOutcome)]),
    confirmed: bool,
    mut violations: Vec<Violation>,
) -> Result<(), Error> {
    let mut pointers = Vec::new();
    let written = || pairs.iter().filter(|pair| pair.outcome == MergeOutcome::Written);
    let told = written().map(|pair| &pair.given.mine.numbers);
    let units = units_of(tx, &row.municipality_id, told)?;
    for pair in written() {
        let number = pair.number;
        let of_item = item_rules(&pair.given.mine, pair.measure, tx.today());
        let of_numbers = number_rules(&pair.given.mine.numbers, pair.measure, &units);
        for broken in of_item.into_iter().chain(of_numbers) {
            let pointer = format!("/items/{number}{}", broken.pointer);
            violations.push(Violation { pointer, ..broken });
        }
        let (new, kept): (&ItemChange, &ItemRow) = (&pair.given.mine, &pair.row);
        pointers.push((format!("/items/{number}/result"), new.result.as_deref(), kept.result.as_deref()));
        pointers.push((format!("/items/{number}/reason"), new.reason.as_deref(), kept.reason.as_deref()));
    }
    for (text, _) in texts.iter().filter(|(_, outcome)| *outcome == MergeOutcome::Written) {
        let pointer = format!("/texts/{}/value", text.field);
        pointers.push((pointer, text.mine.as_deref(), text_of(row, text.field)));
    }
    let new: Vec<_> = pointers.iter().map(|(pointer, new, kept)| (pointer.as_str(), *new, *kept)).collect();
    guard::admit(tx, row, &Guarded::changed(confirmed, &new), violations)
}
