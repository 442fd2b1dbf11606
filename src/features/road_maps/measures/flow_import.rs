//! The measures of a draft replaced as a whole, each found by its code.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::flow as maps;
use super::flow;
use super::shape::MeasureIn;
use super::store::{self, MeasureRow};
use super::text::MeasureText;
use crate::auth::Scope;
use crate::db::Tx;
use crate::error::Error;
use crate::features::schools;
use crate::kit::id::RoadMapId;
use crate::kit::lang::Bi;
use crate::kit::outcome::{Outcome, Replaced};
use crate::kit::violation::Violation;
use crate::web::check::check;

/// Replaces the measures of a draft: stores those given, each a body of a POST, and removes the others,
/// unless one of the given is refused or `complete` says that some are left out. What a body does not
/// say of a measure that is there stays as it is. The codes differ.
///
/// # Errors
///
/// 404 and 403 as for any change of the map, 409 `road-map-state`; failures of the database. What is
/// wrong with a measure stands in its place.
pub fn replace_measures(
    tx: &mut Tx,
    scope: &Scope,
    id: &RoadMapId,
    given: &[Value],
    complete: bool,
) -> Result<Replaced<Error>, Error> {
    let map = maps::open(tx, scope, id)?;
    maps::require_draft(&map)?;
    let present: HashMap<String, MeasureRow> =
        store::measure_rows_of(tx, &map.id)?.into_iter().map(|row| (row.code.clone(), row)).collect();
    let mut done = Replaced::where_stand(present.len());
    let mut named: HashSet<&str> = HashSet::new();
    for one in given {
        let old = one.get("code").and_then(Value::as_str).and_then(|code| present.get(code));
        named.extend(old.map(|row| row.code.as_str()));
        let outcome = text_of(tx, scope, one, old).and_then(|text| match old {
            None => flow::add(tx, scope, &map, vec![text], false).map(|_rows| Outcome::Created),
            Some(old) if flow::text_of(old) == text => Ok(Outcome::Unchanged),
            Some(old) => {
                let text = MeasureText { needs_review: false, ..text };
                flow::change_one(tx, scope, &map, old.clone(), text).map(|_row| Outcome::Updated)
            }
        });
        done.note(outcome, Error::is_refusal)?;
    }
    if complete && done.is_whole() {
        for row in present.values().filter(|row| !named.contains(row.code.as_str())) {
            flow::take_out(tx, &map, row)?;
            done.removed += 1;
        }
    }
    if done.has_changed() {
        flow::raise(tx, map)?;
    }
    Ok(done)
}

/// The text that a body makes, or what it makes of `old`.
fn text_of(
    tx: &mut Tx,
    scope: &Scope,
    given: &Value,
    old: Option<&MeasureRow>,
) -> Result<MeasureText, Error> {
    let mut body = match old {
        None => Value::Object(serde_json::Map::new()),
        Some(old) => serde_json::to_value(MeasureIn::from(flow::text_of(old)))?,
    };
    if let (Some(members), Some(said)) = (body.as_object_mut(), given.as_object()) {
        members.extend(said.clone());
    }
    with_ids(tx, scope, &mut body)?;
    let broken = check::<MeasureIn>(&body).map_err(Error::Internal)?;
    if !broken.malformed.is_empty() || !broken.invalid.is_empty() {
        return Err(Error::invalid(broken.malformed.into_iter().chain(broken.invalid).collect()));
    }
    let text = MeasureText::from(serde_json::from_value::<MeasureIn>(body)?);
    Ok(MeasureText {
        needs_review: old.is_some_and(|old| old.needs_review),
        recommendation_id: old.and_then(|old| old.recommendation_id.clone()),
        ..text
    })
}

/// Puts ids in place of the OGRNs by which a table names schools.
fn with_ids(tx: &mut Tx, scope: &Scope, body: &mut Value) -> Result<(), Error> {
    let Some(applies_to) = body.get_mut("applies_to").and_then(Value::as_object_mut) else { return Ok(()) };
    let Some(ogrns) = applies_to.shift_remove("ogrns") else { return Ok(()) };
    let mut ids = Vec::new();
    for ogrn in ogrns.as_array().into_iter().flatten() {
        match schools::find_by_ogrn(tx, scope, ogrn.as_str().unwrap_or_default())? {
            Some(school) => ids.push(Value::String(school.id.to_string())),
            None => {
                let ogrn = ogrn.as_str().unwrap_or_default();
                let detail = Bi::of(
                    format!("Школы с ОГРН {ogrn} в муниципалитете нет"),
                    format!("The municipality has no school with the OGRN {ogrn}"),
                );
                return Err(Error::invalid(vec![Violation::new("/applies_to", "unknown-reference", detail)]));
            }
        }
    }
    applies_to.insert("school_ids".to_owned(), Value::Array(ids));
    Ok(())
}
