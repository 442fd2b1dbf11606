//! What happens to indicators, each within one transaction; which of them a measure may declare.

use super::super::domain::{Direction, IndicatorLevel, PeriodType, Unit};
use super::store::{self, IndicatorRow};
use crate::auth::Scope;
use crate::db::{AnyConnection, Change, Op, Tx};
use crate::error::Error;
use crate::kit::id::{IndicatorId, MunicipalityId};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// How the codes of the shipped indicators begin.
const RESERVED: &str = "I-";

/// A new indicator of a municipality, as a person writes it.
#[derive(Debug, Clone)]
pub struct NewIndicator {
    /// Its code.
    pub code: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Which change is an improvement.
    pub direction: Direction,
    /// Whose numbers it has.
    pub level: IndicatorLevel,
    /// Which periods its values have when they are entered.
    pub period_type: PeriodType,
    /// What may change later.
    pub wording: Wording,
}

/// What may be changed of an indicator: never what its numbers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Its name.
    pub name: String,
    /// What the numerator counts.
    pub numerator: String,
    /// What the denominator counts.
    pub denominator: Option<String>,
    /// Where the numbers come from.
    pub source: String,
    /// What it is for, and what not.
    pub purpose_note: Option<String>,
    /// Whether it counts people.
    pub counts_people: bool,
    /// Whether its confirmed values are public.
    pub public: bool,
    /// No longer used for new measures.
    pub archived: bool,
}

/// The indicator a request wants to change.
///
/// # Errors
///
/// 404 outside `scope`; 403 for one that the service ships.
pub fn open(tx: &mut Tx, scope: &Scope, id: &IndicatorId) -> Result<IndicatorRow, Error> {
    let row = store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)?;
    if row.municipality_id.is_some() { Ok(row) } else { Err(Error::refuse(&problems::FORBIDDEN)) }
}

/// Stores a new indicator of the municipality, after the others.
///
/// # Errors
///
/// 422 for a reserved code and a denominator that does not fit the unit; 409 `indicator-exists`.
pub fn create(tx: &mut Tx, scope: &Scope, new: NewIndicator) -> Result<IndicatorRow, Error> {
    let municipality = scope.municipality().cloned().ok_or_else(Error::not_found)?;
    let mut violations = check_denominator(new.unit, &new.wording);
    if new.code.to_uppercase().starts_with(RESERVED) {
        let detail = Bi::fixed(
            "С «I-» начинаются коды показателей, входящих в службу",
            "Codes that begin with I- are those of the shipped indicators",
        );
        violations.push(Violation::new("/code", "reserved", detail));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let row = IndicatorRow {
        id: IndicatorId::generate(),
        position: store::last_position(tx, &municipality)?.saturating_add(1),
        owner: municipality.to_string(),
        municipality_id: Some(municipality),
        search_text: String::new(),
        code: new.code,
        name: String::new(),
        unit: new.unit,
        direction: new.direction,
        level: new.level,
        period_type: new.period_type,
        numerator: String::new(),
        denominator: None,
        source: String::new(),
        purpose_note: None,
        computed: false,
        counts_people: true,
        public: false,
        archived: false,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    let row = worded(row, new.wording);
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::INDICATOR_EXISTS))?;
    record(tx, &row, Op::Created, "create");
    Ok(row)
}

/// Stores a new wording; an unchanged one keeps its version.
///
/// # Errors
///
/// 422 for a denominator that does not fit the unit.
pub fn update(tx: &mut Tx, old: IndicatorRow, wording: Wording) -> Result<IndicatorRow, Error> {
    let violations = check_denominator(old.unit, &wording);
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let mut row = worded(old.clone(), wording);
    if row == old {
        return Ok(old);
    }
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row)?;
    record(tx, &row, Op::Updated, "update");
    Ok(row)
}

/// What may be changed of a stored indicator.
#[must_use]
pub fn wording_of(row: &IndicatorRow) -> Wording {
    Wording {
        name: row.name.clone(),
        numerator: row.numerator.clone(),
        denominator: row.denominator.clone(),
        source: row.source.clone(),
        purpose_note: row.purpose_note.clone(),
        counts_people: row.counts_people,
        public: row.public,
        archived: row.archived,
    }
}

fn worded(row: IndicatorRow, wording: Wording) -> IndicatorRow {
    IndicatorRow {
        search_text: text::folded(&format!("{} {}", row.code, wording.name)),
        name: wording.name,
        numerator: wording.numerator,
        denominator: wording.denominator,
        source: wording.source,
        purpose_note: wording.purpose_note,
        counts_people: wording.counts_people,
        public: wording.public,
        archived: wording.archived,
        ..row
    }
}

fn check_denominator(unit: Unit, wording: &Wording) -> Vec<Violation> {
    let broken = match (unit.is_divided(), wording.denominator.is_some()) {
        (true, false) => Some((
            "required",
            Bi::fixed(
                "Опишите знаменатель: показатель – отношение",
                "Describe the denominator: it is divided",
            ),
        )),
        (false, true) => Some((
            "not-allowed",
            Bi::fixed("У этой единицы измерения нет знаменателя", "This unit has no denominator"),
        )),
        _ => None,
    };
    broken.into_iter().map(|(code, detail)| Violation::new("/denominator", code, detail)).collect()
}

/// Indicators that something declares for the numbers of its reports.
#[derive(Debug)]
pub struct Declared<'a> {
    /// Where the codes stand.
    pub pointer: String,
    /// Whose numbers they are to be.
    pub level: IndicatorLevel,
    /// The codes.
    pub codes: &'a [String],
}

/// What is wrong with the indicators that something of a municipality declares, with pointers
/// `{pointer}/{n}`: each must stand in the catalogue, be of the level, be typed and not computed,
/// and not be archived unless it is one of `kept`, which were declared before.
///
/// # Errors
///
/// The database's own failures.
pub fn unusable(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    declared: &[Declared<'_>],
    kept: &[String],
) -> Result<Vec<Violation>, Error> {
    let codes = declared.iter().flat_map(|some| some.codes.iter().map(String::as_str));
    let known = store::by_codes(conn, municipality, codes)?;
    let mut found = Vec::new();
    for Declared { pointer, level, codes } in declared {
        for (n, code) in codes.iter().enumerate() {
            let row = known.iter().find(|row| row.code == *code);
            found.extend(
                refusal(row, *level, kept.contains(code))
                    .map(|(code, detail)| Violation::new(format!("{pointer}/{n}"), code, detail)),
            );
        }
    }
    Ok(found)
}

fn refusal(row: Option<&IndicatorRow>, level: IndicatorLevel, kept: bool) -> Option<(&'static str, Bi)> {
    let Some(row) = row else {
        let detail = Bi::fixed("Такого показателя в справочнике нет", "The catalogue has no such indicator");
        return Some(("unknown-reference", detail));
    };
    if row.computed {
        let detail = Bi::fixed(
            "Этот показатель служба вычисляет сама: его значения не вводят",
            "The service computes this indicator itself: nobody types it",
        );
        return Some(("computed", detail));
    }
    if row.level != level {
        let detail = Bi::fixed(
            "Уровень показателя не совпадает с уровнем мероприятия",
            "The indicator is of another level than the measure",
        );
        return Some(("wrong-level", detail));
    }
    (row.archived && !kept)
        .then(|| ("archived", Bi::fixed("Показатель больше не используется", "The indicator is archived")))
}

/// Tells the journal of an indicator; its natural key is its code.
pub(super) fn record(tx: &mut Tx, row: &IndicatorRow, op: Op, action: &'static str) {
    let mut change = Change::new(op, "indicators", action, row.id.as_str(), row.version).key(&row.code);
    if let Some(municipality) = &row.municipality_id {
        change = change.of(municipality);
    }
    tx.record(change.visible(op != Op::Created, true));
}
