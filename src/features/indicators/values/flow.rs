//! What happens to the values of indicators, each within one transaction.

use chrono::NaiveDate;

use super::super::catalogue::{self, IndicatorRow};
use super::super::domain::{self, IndicatorLevel, Number, Unit};
use super::period::ValueState;
use super::store::{self, ValueKey, ValueRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::features::schools::{self, SchoolStatus};
use crate::kit::code::Code;
use crate::kit::decimal::Decimal;
use crate::kit::id::{IndicatorId, IndicatorValueId, MunicipalityId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// A value as the department writes it, complete.
#[derive(Debug, Clone)]
pub struct ValueText {
    /// The indicator.
    pub indicator_id: IndicatorId,
    /// The school; `None`: the municipality's own.
    pub school_id: Option<SchoolId>,
    /// First day.
    pub period_start: NaiveDate,
    /// Last day.
    pub period_end: NaiveDate,
    /// The upper number; `None`: not counted yet.
    pub numerator: Option<i32>,
    /// The lower number.
    pub denominator: Option<i32>,
    /// What is aimed at, as written.
    pub target: Option<f64>,
    /// Where it began, as written.
    pub baseline: Option<f64>,
    /// State; `None`: as it is, at first `entered`.
    pub state: Option<ValueState>,
}

impl ValueText {
    /// What was counted; `None`: nothing yet.
    #[must_use]
    pub fn number(&self) -> Option<Number> {
        self.numerator.map(|numerator| Number { numerator, denominator: self.denominator })
    }
}

/// What a value is to be stored beside: its indicator, and the one that is there already.
#[derive(Debug, Clone)]
pub struct Place {
    /// The indicator, `None` when there is no such one.
    pub indicator: Option<IndicatorRow>,
    /// Whether the school is one of the scope; `true` without a school.
    pub school_known: bool,
    /// Whether the school is closed.
    pub school_closed: bool,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The stored value.
    pub old: Option<ValueRow>,
    /// Whether a monitoring of the municipality looks at exactly this period.
    pub is_monitored: bool,
}

/// Where the value belongs, its writers kept out until the transaction ends. A number left out
/// beside one that an accepted report told is that number: only target and baseline are written.
///
/// # Errors
///
/// 404 for a scope that is no municipality.
pub fn place(tx: &mut Tx, scope: &Scope, text: &mut ValueText) -> Result<Place, Error> {
    let municipality = scope.municipality().cloned().ok_or_else(Error::not_found)?;
    store::lock_all_of(tx, &municipality)?;
    let indicator = catalogue::find(tx, scope, &text.indicator_id)?;
    let school = match &text.school_id {
        Some(id) => schools::find(tx, scope, id)?,
        None => None,
    };
    let subject = text.school_id.as_ref().map_or(municipality.as_str(), SchoolId::as_str);
    let key = ValueKey {
        indicator_id: text.indicator_id.clone(),
        municipality_id: municipality.clone(),
        subject: subject.to_owned(),
        period_start: text.period_start,
        period_end: text.period_end,
    };
    let old = store::by_key(tx, &key)?;
    if let Some(told) = old.as_ref().filter(|old| old.is_told())
        && text.numerator.is_none()
        && text.denominator.is_none()
    {
        (text.numerator, text.denominator) = (told.numerator, told.denominator);
    }
    let is_monitored = store::is_monitored(tx, &municipality, (text.period_start, text.period_end))?;
    Ok(Place {
        is_monitored,
        indicator,
        school_known: text.school_id.is_none() || school.is_some(),
        school_closed: school.is_some_and(|school| school.status == SchoolStatus::Closed),
        municipality_id: municipality,
        old,
    })
}

/// Refuses to write about a closed school, and to overwrite what an accepted report told.
///
/// # Errors
///
/// 409 `school-closed` and `value-from-report`.
pub fn require_open(place: &Place, text: &ValueText) -> Result<(), Error> {
    if place.school_closed {
        return Err(Error::blocked(&problems::SCHOOL_CLOSED, &[problems::SCHOOL_CLOSED.slug]));
    }
    let told = place.old.as_ref().filter(|old| old.is_told());
    let differs = |old: &ValueRow| {
        old.number() != text.number() || text.state.is_some_and(|state| state != ValueState::Confirmed)
    };
    if told.is_some_and(differs) {
        return Err(Error::blocked(&problems::VALUE_FROM_REPORT, &["report-accepted"]));
    }
    Ok(())
}

impl ValueRow {
    /// Whether it stands as an accepted report told it.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.report_id.is_some() && self.state == ValueState::Confirmed
    }
}

/// Stores the value; an unchanged one keeps its version.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn put(tx: &mut Tx, place: Place, text: &ValueText) -> Result<ValueRow, Error> {
    let unit = place.indicator.as_ref().map(|indicator| indicator.unit.of_all(indicator.level));
    let (mut violations, target, baseline) = check_aims(text, unit);
    violations.extend(check_place(&place, text));
    if let Some(indicator) = &place.indicator {
        violations.extend(check_number(indicator, text, tx.today()));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let subject = text.school_id.as_ref().map_or(place.municipality_id.as_str(), SchoolId::as_str);
    let old = place.old;
    let state = text.state.or(old.as_ref().map(|old| old.state)).unwrap_or(ValueState::Entered);
    let row = ValueRow {
        id: old.as_ref().map_or_else(IndicatorValueId::generate, |old| old.id.clone()),
        indicator_id: text.indicator_id.clone(),
        subject: subject.to_owned(),
        municipality_id: place.municipality_id,
        school_id: text.school_id.clone(),
        period_start: text.period_start,
        period_end: text.period_end,
        numerator: text.numerator,
        denominator: text.denominator,
        target,
        baseline,
        state,
        // What the department writes over numbers of a report that went back is its own.
        report_id: old
            .as_ref()
            .filter(|old| old.number() == text.number() && old.state == state)
            .and_then(|old| old.report_id.clone()),
        version: old.as_ref().map_or(1, |old| old.version),
        created_at: old.as_ref().map_or(tx.now(), |old| old.created_at),
        updated_at: old.as_ref().map_or(tx.now(), |old| old.updated_at),
    };
    save(tx, old, row)
}

/// Stores `row` under its next version, unless it is what is there.
///
/// # Errors
///
/// Database failures only.
pub(super) fn save(tx: &mut Tx, old: Option<ValueRow>, mut row: ValueRow) -> Result<ValueRow, Error> {
    match old {
        Some(old) if old == row => Ok(old),
        Some(old) => {
            row.version += 1;
            row.updated_at = tx.now();
            store::update(tx, &row)?;
            record(tx, Some(&old), &row, Op::Updated, "update");
            Ok(row)
        }
        None => {
            store::insert(tx, &row)?;
            record(tx, None, &row, Op::Created, "create");
            Ok(row)
        }
    }
}

/// What is wrong with the indicator, the school and the period.
fn check_place(place: &Place, text: &ValueText) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut broken = |pointer: &str, code, ru: &'static str, en: &'static str| {
        found.push(Violation::new(pointer, code, Bi::fixed(ru, en)));
    };
    if !place.school_known {
        broken(
            "/school_id",
            "unknown-reference",
            "Такой школы в муниципалитете нет",
            "The municipality has no such school",
        );
    }
    let Some(indicator) = &place.indicator else {
        broken(
            "/indicator_id",
            "unknown-reference",
            "Такого показателя в справочнике нет",
            "The catalogue has no such indicator",
        );
        return found;
    };
    if indicator.computed && text.number().is_some() {
        broken(
            "/indicator_id",
            "computed",
            "Этот показатель служба вычисляет сама: вводят только целевой и исходный уровни",
            "The service computes this indicator itself: only target and baseline are typed",
        );
    }
    match (indicator.level, &text.school_id) {
        (IndicatorLevel::School, None) if text.number().is_some() => broken(
            "/school_id",
            "required",
            "Укажите школу: значение муниципалитета складывается из значений школ",
            "Name the school: the municipality's value is made of those of its schools",
        ),
        (IndicatorLevel::Municipal, Some(_)) => broken(
            "/school_id",
            "not-allowed",
            "Показатель муниципального уровня: школу не указывают",
            "The indicator is of the municipal level: name no school",
        ),
        _ => {}
    }
    // A report tells numbers of its monitoring's own period, whatever the indicator's type.
    if place.old.is_none()
        && !place.is_monitored
        && !indicator.period_type.fits(text.period_start, text.period_end)
    {
        broken(
            "/period_end",
            "period-type",
            "Период не соответствует виду периода показателя",
            "The period is none of the indicator's period type",
        );
    }
    found
}

/// What is wrong with the number, or with its absence.
fn check_number(indicator: &IndicatorRow, text: &ValueText, today: NaiveDate) -> Vec<Violation> {
    let required = |ru, en| vec![Violation::new("/numerator", "required", Bi::fixed(ru, en))];
    let Some(number) = text.number() else {
        return match text {
            ValueText { denominator: Some(_), .. } => required("Укажите числитель", "Give the numerator"),
            ValueText { target: None, baseline: None, .. } => required(
                "Укажите значение, целевой или исходный уровень",
                "Give a number, a target or a baseline",
            ),
            _ => Vec::new(),
        };
    };
    let mut found = domain::check_number(indicator.unit, number, "");
    if text.period_start > today {
        let detail = Bi::fixed("Период ещё не начался", "The period has not begun yet");
        found.push(Violation::new("/numerator", "in-future", detail));
    }
    found
}

/// Target and baseline in hundredths, and what is wrong with them.
fn check_aims(text: &ValueText, unit: Option<Unit>) -> (Vec<Violation>, Option<i32>, Option<i32>) {
    let mut found = Vec::new();
    let mut exact = |pointer: &str, given: Option<f64>| {
        let aim = given.map(Decimal::exact);
        if aim == Some(None) {
            let detail = Bi::fixed("Не больше двух знаков после запятой", "Two decimal places at most");
            found.push(Violation::new(pointer, "precision", detail));
        }
        let aim = aim.flatten()?;
        if let Some((least, most)) =
            unit.map(Unit::bounds).filter(|(least, most)| aim < *least || aim > *most)
        {
            let detail = Bi::of(
                format!("От {} до {}", least.in_russian(), most.in_russian()),
                format!("From {least} to {most}"),
            );
            found.push(Violation::new(pointer, "range", detail));
        }
        i32::try_from(aim.as_hundredths()).ok()
    };
    let (target, baseline) = (exact("/target", text.target), exact("/baseline", text.baseline));
    (found, target, baseline)
}

impl ValueRow {
    /// The natural key: indicator, school or municipality, first and last day.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}/{}/{}", self.indicator_id, self.subject, self.period_start, self.period_end)
    }
}

fn record(tx: &mut Tx, old: Option<&ValueRow>, row: &ValueRow, op: Op, action: &'static str) {
    // A target alone needs no confirmation.
    let visible = |row: &ValueRow| row.state == ValueState::Confirmed || row.numerator.is_none();
    let change = Change::new(op, "indicator-values", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .key(&row.natural_key())
        .visible(old.is_some_and(visible), visible(row))
        .status(old.map(|old| old.state.as_str()), Some(row.state.as_str()));
    tx.record(change);
}
