//! What happens to the measures of a draft, each within one transaction.
//!
//! Every change raises the version of the map too, so that who approves a map by its
//! version approves the measures that he has read.

use std::collections::HashSet;

use super::super::domain::{AppliesTo, MeasureLevel};
use super::super::flow::{self, change, measure_change, touch};
use super::super::store::{self as maps, RoadMapRow};
use super::store::{self, MeasureRow};
use super::text::{MeasureText, check_array};
use crate::auth::Scope;
use crate::db::{Json, Op, Tx};
use crate::error::Error;
use crate::features::indicators::{self, Declared, IndicatorLevel};
use crate::features::schools;
use crate::kit::id::{LineageId, MeasureId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// The measure a request wants to change, and its map; both locked.
///
/// # Errors
///
/// 404 outside `scope`; 403 in a map that the caller only reads.
pub fn open(tx: &mut Tx, scope: &Scope, id: &MeasureId) -> Result<(RoadMapRow, MeasureRow), Error> {
    let seen = store::find(tx, scope, id)?.ok_or_else(Error::not_found)?;
    let map = flow::open(tx, scope, &seen.road_map_id)?;
    // Whoever held the map before may have changed or deleted the measure.
    let row = store::find(tx, scope, id)?.ok_or_else(Error::not_found)?;
    Ok((map, row))
}

/// Stores measures of a draft, all or none; `many`: they came as an array.
///
/// # Errors
///
/// 422 with every broken rule of every measure; 409 `measure-exists` for a code taken.
pub fn create(
    tx: &mut Tx,
    scope: &Scope,
    map: RoadMapRow,
    texts: Vec<MeasureText>,
    many: bool,
) -> Result<Vec<MeasureRow>, Error> {
    let rows = add(tx, scope, &map, texts, many)?;
    raise(tx, map)?;
    Ok(rows)
}

/// As [`create`], but leaves the version of the map to the caller.
pub(super) fn add(
    tx: &mut Tx,
    scope: &Scope,
    map: &RoadMapRow,
    texts: Vec<MeasureText>,
    many: bool,
) -> Result<Vec<MeasureRow>, Error> {
    let own_map = map.school_id.is_some();
    let mut violations = if many { check_array(&texts) } else { Vec::new() };
    let known = known_schools(tx, scope, texts.iter().map(|text| &text.applies_to))?;
    violations.extend(unusable_indicators(tx, map, &texts, many, &[])?);
    for (n, text) in texts.iter().enumerate() {
        let prefix = if many { format!("/{n}") } else { String::new() };
        violations.extend(text.check(&prefix, own_map));
        violations.extend(foreign_schools(&known, &text.applies_to, &prefix));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let mut last = store::last_position(tx, &map.id)?;
    let mut rows = Vec::with_capacity(texts.len());
    for text in texts {
        let position = text.position.unwrap_or(last.saturating_add(1));
        last = last.max(position);
        rows.push(row_of(tx, map, text, position)?);
    }
    store::insert(tx, &rows).map_err(Error::on_duplicate(&problems::MEASURE_EXISTS))?;
    for row in &rows {
        tx.record(measure_change(row, map.status, Op::Created, "create"));
    }
    Ok(rows)
}

/// Replaces the text of a measure; an unchanged one keeps its version and its map's.
///
/// # Errors
///
/// As [`create`].
pub fn update(
    tx: &mut Tx,
    scope: &Scope,
    map: RoadMapRow,
    old: MeasureRow,
    text: MeasureText,
) -> Result<MeasureRow, Error> {
    if text_of(&old) == text {
        return Ok(old);
    }
    let row = change_one(tx, scope, &map, old, text)?;
    raise(tx, map)?;
    Ok(row)
}

/// As [`update`] of what has changed, but leaves the version of the map to the caller.
pub(super) fn change_one(
    tx: &mut Tx,
    scope: &Scope,
    map: &RoadMapRow,
    old: MeasureRow,
    text: MeasureText,
) -> Result<MeasureRow, Error> {
    let mut violations = text.check("", map.school_id.is_some());
    let known = known_schools(tx, scope, [&text.applies_to])?;
    violations.extend(foreign_schools(&known, &text.applies_to, ""));
    violations.extend(unusable_indicators(tx, map, std::slice::from_ref(&text), false, &old.indicators)?);
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let position = text.position.unwrap_or(old.position);
    let row = MeasureRow {
        id: old.id,
        lineage_id: old.lineage_id,
        version: old.version + 1,
        created_at: old.created_at,
        ..row_of(tx, map, text, position)?
    };
    store::update(tx, &row).map_err(Error::on_duplicate(&problems::MEASURE_EXISTS))?;
    tx.record(measure_change(&row, map.status, Op::Updated, "update"));
    Ok(row)
}

/// Deletes a measure of a draft.
///
/// # Errors
///
/// The database's own failures.
pub fn delete(tx: &mut Tx, map: RoadMapRow, row: &MeasureRow) -> Result<(), Error> {
    take_out(tx, &map, row)?;
    raise(tx, map)
}

/// As [`delete`], but leaves the version of the map to the caller.
pub(super) fn take_out(tx: &mut Tx, map: &RoadMapRow, row: &MeasureRow) -> Result<(), Error> {
    store::delete(tx, &row.id)?;
    tx.record(measure_change(row, map.status, Op::Deleted, "delete"));
    Ok(())
}

/// The text of a stored measure.
#[must_use]
pub fn text_of(row: &MeasureRow) -> MeasureText {
    MeasureText {
        code: row.code.clone(),
        section: row.section.clone(),
        position: Some(row.position),
        level: row.level,
        title: row.title.clone(),
        deadline: row.deadline.clone().into_inner(),
        responsible: row.responsible.to_vec(),
        expected_result: row.expected_result.clone(),
        evidence_required: row.evidence_required,
        applies_to: row.applies_to.clone().into_inner(),
        criteria: row.criteria.to_vec(),
        indicators: row.indicators.to_vec(),
        recommendations: row.recommendations.to_vec(),
        counts_in_compliance: row.counts_in_compliance,
        needs_review: row.needs_review,
        recommendation_id: row.recommendation_id.clone(),
    }
}

impl MeasureRow {
    /// The natural key: its map and its code.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}", self.road_map_id, self.code)
    }
}

fn row_of(tx: &Tx, map: &RoadMapRow, text: MeasureText, position: i32) -> Result<MeasureRow, Error> {
    Ok(MeasureRow {
        id: MeasureId::generate(),
        road_map_id: map.id.clone(),
        municipality_id: map.municipality_id.clone(),
        lineage_id: LineageId::generate(),
        search_text: text::folded(&format!("{} {} {}", text.code, text.title, text.section)),
        code: text.code,
        section: text.section,
        position,
        level: text.level,
        title: text.title,
        due_date: text.deadline.due_day(),
        deadline: Json::of(text.deadline)?,
        responsible: Json::of(text.responsible)?,
        expected_result: text.expected_result,
        evidence_required: text.evidence_required,
        applies_to: Json::of(text.applies_to)?,
        criteria: Json::of(text.criteria)?,
        recommendations: Json::of(text.recommendations)?,
        counts_in_compliance: text.counts_in_compliance,
        needs_review: text.needs_review,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
        recommendation_id: text.recommendation_id,
        indicators: Json::of(text.indicators)?,
    })
}

/// The schools of the scope among those that measures name, by one query for all.
fn known_schools<'a>(
    tx: &mut Tx,
    scope: &Scope,
    applying: impl IntoIterator<Item = &'a AppliesTo>,
) -> Result<HashSet<SchoolId>, Error> {
    let named: HashSet<&SchoolId> =
        applying.into_iter().flat_map(|applies_to| applies_to.school_ids.iter().flatten()).collect();
    if named.is_empty() {
        return Ok(HashSet::new());
    }
    let named: Vec<SchoolId> = named.into_iter().cloned().collect();
    Ok(schools::find_many(tx, scope, &named)?.into_iter().map(|school| school.id).collect())
}

fn foreign_schools(known: &HashSet<SchoolId>, applies_to: &AppliesTo, prefix: &str) -> Vec<Violation> {
    let named = applies_to.school_ids.iter().flatten();
    let foreign = named.enumerate().filter(|(_, id)| !known.contains(*id));
    let violation = |(n, _)| {
        let detail = Bi::fixed("Такой школы в муниципалитете нет", "The municipality has no such school");
        Violation::new(format!("{prefix}/applies_to/school_ids/{n}"), "unknown-reference", detail)
    };
    foreign.map(violation).collect()
}

/// What is wrong with the indicators that the texts declare; `kept` were declared before.
fn unusable_indicators(
    tx: &mut Tx,
    map: &RoadMapRow,
    texts: &[MeasureText],
    many: bool,
    kept: &[String],
) -> Result<Vec<Violation>, Error> {
    let declared: Vec<Declared<'_>> = (0..)
        .zip(texts)
        .map(|(n, text)| Declared {
            pointer: if many { format!("/{n}/indicators") } else { "/indicators".to_owned() },
            level: match text.level {
                MeasureLevel::Municipal => IndicatorLevel::Municipal,
                MeasureLevel::School => IndicatorLevel::School,
            },
            codes: &text.indicators,
        })
        .collect();
    indicators::unusable(tx, &map.municipality_id, &declared, kept)
}

/// Raises the version of a map whose measures have changed.
pub(super) fn raise(tx: &mut Tx, mut map: RoadMapRow) -> Result<(), Error> {
    touch(tx, &mut map);
    maps::update(tx, &map)?;
    tx.record(change(&map, Op::Updated, "update", Some(map.status)));
    Ok(())
}
