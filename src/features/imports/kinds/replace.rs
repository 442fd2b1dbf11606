//! Lists and road maps, which an import replaces as a whole.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::domain::{ImportKind, ListWanted, shrinks};
use super::super::table::Head;
use super::{Goal, Stored, Unit, Written};
use crate::auth::Scope;
use crate::db::Tx;
use crate::error::Error;
use crate::features::support_lists::{self, ListText, SupportListRow};
use crate::features::{road_maps, schools};
use crate::kit::id::MunicipalityId;
use crate::kit::lang::Bi;
use crate::kit::outcome::Replaced;
use crate::problems;

/// Replaces what stands in the list or the map; of a region, in one draft list per municipality.
///
/// # Errors
///
/// 409 `import-shrinks`, what refuses the list or the map itself, failures of the database.
pub(super) fn replace(tx: &mut Tx, goal: &Goal, heads: &[Head], units: Vec<Unit>) -> Result<Stored, Error> {
    if goal.kind == ImportKind::RoadMap {
        return measures(tx, goal, heads, units);
    }
    let mut stored = Stored::default();
    let well_formed = units.iter().all(|unit| unit.faults.is_empty());
    let (units, all_known) = by_municipality(tx, goal, units)?;
    let complete = well_formed && all_known;
    for (municipality, units) in units {
        let scope = Scope::Municipality(municipality);
        let list = list_of(tx, goal, &scope)?;
        let given = bodies(&units);
        let done = support_lists::replace_entries(tx, &scope, &list, &given, complete)?;
        guard(goal, &done)?;
        stored.removed += done.removed;
        stored.written.push(Written { resource: "support-lists".to_owned(), id: list.id.to_string() });
        stored.judge(goal.kind, heads, units, done.outcomes);
    }
    Ok(stored)
}

fn measures(tx: &mut Tx, goal: &Goal, heads: &[Head], units: Vec<Unit>) -> Result<Stored, Error> {
    let map = goal.parameters.road_map_id.as_ref().ok_or_else(Error::not_found)?;
    let complete = units.iter().all(|unit| unit.faults.is_empty());
    let done = road_maps::replace_measures(tx, &goal.scope, map, &bodies(&units), complete)?;
    guard(goal, &done)?;
    let written = Written { resource: "road-maps".to_owned(), id: map.to_string() };
    let mut stored = Stored { removed: done.removed, written: vec![written], ..Stored::default() };
    stored.judge(goal.kind, heads, units, done.outcomes);
    Ok(stored)
}

fn bodies(units: &[Unit]) -> Vec<Value> {
    units.iter().filter(|unit| unit.faults.is_empty()).map(|unit| unit.body.clone()).collect()
}

/// The units by the municipality of their schools, and whether every school is known. One that the
/// region does not have goes with the first municipality: any will say that it has no such school.
fn by_municipality(
    tx: &mut Tx,
    goal: &Goal,
    units: Vec<Unit>,
) -> Result<(BTreeMap<MunicipalityId, Vec<Unit>>, bool), Error> {
    if let Some(municipality) = &goal.municipality {
        return Ok((BTreeMap::from([(municipality.clone(), units)]), true));
    }
    let mut found: BTreeMap<MunicipalityId, Vec<Unit>> = BTreeMap::new();
    let mut homeless = Vec::new();
    for unit in units {
        let ogrn = unit.body.get("ogrn").and_then(Value::as_str).unwrap_or_default();
        match schools::find_by_ogrn(tx, &goal.scope, ogrn)? {
            Some(school) => found.entry(school.municipality_id).or_default().push(unit),
            None => homeless.push(unit),
        }
    }
    let Some(mut first) = found.first_entry() else {
        let detail = Bi::fixed("Ни одной из школ файла в регионе нет", "The region has none of the schools");
        return Err(Error::because(&problems::INVALID, detail));
    };
    let all_known = homeless.is_empty();
    first.get_mut().extend(homeless);
    Ok((found, all_known))
}

fn list_of(tx: &mut Tx, goal: &Goal, scope: &Scope) -> Result<SupportListRow, Error> {
    match (&goal.parameters.support_list_id, &goal.parameters.list) {
        (Some(id), _) => support_lists::open_draft(tx, scope, id),
        (None, Some(wanted)) => support_lists::draft_of(tx, scope, text_of(wanted)),
        (None, None) => Err(Error::not_found()),
    }
}

/// What a list says of itself.
fn text_of(wanted: &ListWanted) -> ListText {
    ListText {
        level: wanted.level,
        category: wanted.category,
        results_year: wanted.results_year,
        order_id: wanted.order_id.clone(),
        valid_from: wanted.valid_from,
        valid_to: wanted.valid_to,
    }
}

/// Refuses to take or change more than a fifth of what stood there, unless somebody says why.
fn guard(goal: &Goal, done: &Replaced<Error>) -> Result<(), Error> {
    let (gone, changed) = (done.removed, done.changed());
    let forced = goal.parameters.force && goal.parameters.reason.is_some();
    if forced || !shrinks(done.present, gone, changed) {
        return Ok(());
    }
    let present = done.present;
    let detail = Bi::of(
        format!("Записей сейчас: {present}; будет удалено: {gone}, изменено: {changed}"),
        format!("Entries now: {present}; to be removed: {gone}, changed: {changed}"),
    );
    Err(Error::because(&problems::IMPORT_SHRINKS, detail))
}
