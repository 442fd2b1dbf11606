//! The indicators that the service ships.

use chrono::NaiveDateTime;
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::Deserialize;

use super::super::domain::{Direction, IndicatorLevel, PeriodType, Unit};
use super::store::{self, IndicatorRow, SERVICE};
use crate::db::AnyConnection;
use crate::kit::id::IndicatorId;
use crate::kit::text;

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
/// When another instance adds one at the same moment, that one counts. Call it outside a
/// transaction: on PostgreSQL the lost race would end it.
///
/// # Errors
///
/// Diesel's own error; a deserialization error when the shipped file is broken.
pub fn ensure(conn: &mut AnyConnection, now: NaiveDateTime) -> QueryResult<()> {
    let list = shipped().map_err(|cause| DieselError::DeserializationError(Box::new(cause)))?;
    let stored = store::of_service(conn)?;
    for (position, one) in (1..).zip(list) {
        let new = one.row(position, now);
        match stored.iter().find(|old| old.code == new.code) {
            Some(old) if old.says(&new) => {}
            Some(old) => {
                let version = old.version + 1;
                let next = IndicatorRow { id: old.id.clone(), version, created_at: old.created_at, ..new };
                store::update(conn, &next)?;
            }
            None => match store::insert(conn, &new) {
                Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {}
                outcome => outcome?,
            },
        }
    }
    Ok(())
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
