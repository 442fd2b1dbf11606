//! The schools of a draft list replaced as a whole, each found by its OGRN.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::domain::Step;
use super::entries::{self, EntryRow};
use super::flow::{self, ListText};
use super::store::{self, SupportListRow};
use crate::auth::Scope;
use crate::db::Tx;
use crate::error::Error;
use crate::features::schools;
use crate::kit::id::{SchoolId, SupportListId};
use crate::kit::lang::Bi;
use crate::kit::outcome::{Outcome, Replaced};
use crate::kit::violation::Violation;

/// The draft with this id, locked.
///
/// # Errors
///
/// 404 outside `scope`, 409 `support-list-state` for one that is no draft.
pub fn open_draft(tx: &mut Tx, scope: &Scope, id: &SupportListId) -> Result<SupportListRow, Error> {
    let row = flow::open(tx, scope, id)?;
    flow::require(tx, scope, row, Step::Update)
}

/// The draft that says this of itself, locked; made where there is none. Days that are not given stay.
///
/// # Errors
///
/// 422 for an order out of reach and for dates that do not fit.
pub fn draft_of(tx: &mut Tx, scope: &Scope, text: ListText) -> Result<SupportListRow, Error> {
    match store::draft_like(tx, scope, text.level, text.category, text.results_year, &text.order_id)? {
        Some(id) => {
            let row = open_draft(tx, scope, &id)?;
            let (valid_from, valid_to) = (text.valid_from.or(row.valid_from), text.valid_to.or(row.valid_to));
            flow::update(tx, scope, row, ListText { valid_from, valid_to, ..text })
        }
        None => flow::create(tx, scope, text),
    }
}

/// Replaces the schools of a draft: enters those given (`ogrn`, and `reasons` as in a POST), and removes
/// the others, unless one of the given is refused or `complete` says that some are left out. A school
/// that is there and given without reasons keeps its own. The OGRNs differ.
///
/// # Errors
///
/// Failures of the database; what is wrong with a school stands in its place.
pub fn replace_entries(
    tx: &mut Tx,
    scope: &Scope,
    list: &SupportListRow,
    given: &[Value],
    complete: bool,
) -> Result<Replaced<Error>, Error> {
    let rows = entries::all_of(tx, &list.id)?;
    let present: HashMap<SchoolId, EntryRow> =
        rows.into_iter().map(|row| (row.school_id.clone(), row)).collect();
    let stands = |row: &&EntryRow| row.excluded_on.is_none();
    let mut done = Replaced::where_stand(present.values().filter(stands).count());
    let mut named: HashSet<SchoolId> = HashSet::new();
    for one in given {
        let outcome = school_of(tx, scope, one).and_then(|id| {
            named.insert(id.clone());
            let old = present.get(&id).cloned();
            put(tx, scope, list, &id, one, old)
        });
        done.note(outcome, Error::is_refusal)?;
    }
    if complete && done.is_whole() {
        for row in present.values().filter(stands).filter(|row| !named.contains(&row.school_id)) {
            entries::delete(tx, row)?;
            done.removed += 1;
        }
    }
    Ok(done)
}

fn school_of(tx: &mut Tx, scope: &Scope, given: &Value) -> Result<SchoolId, Error> {
    let broken = |code, ru, en| Error::invalid(vec![Violation::new("/ogrn", code, Bi::fixed(ru, en))]);
    let ogrn = given.get("ogrn").and_then(Value::as_str);
    let ogrn = ogrn.ok_or_else(|| broken("required", "Обязательное поле", "The member is required"))?;
    let school = schools::find_by_ogrn(tx, scope, ogrn)?;
    school.map(|school| school.id).ok_or_else(|| {
        broken(
            "unknown-reference",
            "Такой школы в муниципалитете нет",
            "There is no such school in the municipality",
        )
    })
}

fn put(
    tx: &mut Tx,
    scope: &Scope,
    list: &SupportListRow,
    id: &SchoolId,
    given: &Value,
    old: Option<EntryRow>,
) -> Result<Outcome, Error> {
    let mut body = json!({"school_id": id});
    if let (Some(members), Some(said)) = (body.as_object_mut(), given.as_object()) {
        members.extend(
            said.iter()
                .filter(|(name, _)| *name != "ogrn")
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    let has_reasons = given.get("reasons").is_some();
    match old {
        None => entries::add_body(tx, scope, list, body).map(|()| Outcome::Created),
        Some(old) => {
            let version = old.version;
            let row = entries::change_body(tx, list, old, body, has_reasons)?;
            Ok(if row.version == version { Outcome::Unchanged } else { Outcome::Updated })
        }
    }
}
