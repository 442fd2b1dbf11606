//! The indicators that the service ships.

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::super::domain::{Direction, IndicatorLevel, PeriodType, Unit};
use super::flow::record;
use super::store::{self, IndicatorRow, SERVICE};
use crate::db::{self, Actor, AnyConnection, Mode, Op};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::id::IndicatorId;
use crate::kit::text;
use crate::problems;

/// The list I-1 … I-25.
const SHIPPED: &str = include_str!("shipped.json");

/// What an indicator says, as shipped.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    code: String,
    name: String,
    unit: Unit,
    direction: Direction,
    level: IndicatorLevel,
    period_type: PeriodType,
    numerator: String,
    denominator: Option<String>,
    source: String,
    purpose_note: Option<String>,
    computed: bool,
    counts_people: bool,
    public: bool,
}

impl Shipped {
    fn row(self, position: i32, now: NaiveDateTime) -> IndicatorRow {
        IndicatorRow {
            id: IndicatorId::generate(),
            municipality_id: None,
            owner: SERVICE.to_owned(),
            search_text: text::folded(&format!("{} {}", self.code, self.name)),
            code: self.code,
            position,
            name: self.name,
            unit: self.unit,
            direction: self.direction,
            level: self.level,
            period_type: self.period_type,
            numerator: self.numerator,
            denominator: self.denominator,
            source: self.source,
            purpose_note: self.purpose_note,
            computed: self.computed,
            counts_people: self.counts_people,
            public: self.public,
            archived: false,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

fn shipped() -> serde_json::Result<Vec<Shipped>> {
    serde_json::from_str(SHIPPED)
}

/// Brings the shipped indicators into the database: what is new is added, what reads otherwise
/// now is replaced under its next version; nothing is removed, for values may refer to it.
///
/// Each is brought in a transaction of its own; when another instance adds one at the same moment,
/// that one counts.
///
/// # Errors
///
/// The database's own failures; an internal error when the shipped file is broken.
pub fn ensure(conn: &mut AnyConnection, clock: &Clock) -> Result<(), Error> {
    let stored = store::of_service(conn)?;
    for (position, one) in (1..).zip(shipped()?) {
        let new = one.row(position, clock.now().naive_utc());
        let outcome = match stored.iter().find(|old| old.code == new.code) {
            Some(old) if old.says(&new) => continue,
            Some(old) => {
                let version = old.version + 1;
                let next = IndicatorRow { id: old.id.clone(), version, created_at: old.created_at, ..new };
                bring(conn, clock, &next, Some(old.version))
            }
            None => bring(conn, clock, &new, None),
        };
        match outcome {
            Err(Error::Refused(refusal)) if refusal.problem.slug == problems::INDICATOR_EXISTS.slug => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Stores one over its version `old`, or anew; what another instance has stored meanwhile stays.
fn bring(conn: &mut AnyConnection, clock: &Clock, row: &IndicatorRow, old: Option<i32>) -> Result<(), Error> {
    db::transact(conn, &Actor::operator(), clock.now(), Mode::Keep, |tx| {
        match old {
            Some(old) if !store::replace(tx, row, old)? => return Ok(()),
            Some(_) => record(tx, row, Op::Updated, "ship"),
            None => {
                store::insert(tx, row).map_err(Error::on_duplicate(&problems::INDICATOR_EXISTS))?;
                record(tx, row, Op::Created, "ship");
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_is_whole_and_each_says_what_it_divides() {
        let list = shipped().unwrap();
        let codes: Vec<String> = list.iter().map(|one| one.code.clone()).collect();
        let numbered: Vec<String> = (1..=25).map(|n| format!("I-{n}")).collect();
        assert_eq!(codes, numbered);
        assert!(list.iter().all(|one| one.denominator.is_some() == one.unit.is_divided()));
        let computed: BTreeSet<&str> =
            list.iter().filter(|one| one.computed).map(|one| one.code.as_str()).collect();
        assert_eq!(computed, BTreeSet::from(["I-18", "I-19", "I-20", "I-23", "I-24", "I-25"]));
    }

    #[test]
    fn results_of_national_tests_are_not_published_and_say_what_they_are_for() {
        let list = shipped().unwrap();
        let of_tests = ["I-1", "I-2", "I-3", "I-4", "I-9", "I-16"];
        for one in list.iter().filter(|one| of_tests.contains(&one.code.as_str())) {
            assert!(!one.public && one.purpose_note.is_some(), "{}", one.code);
        }
    }
}
