//! Queries on the values of indicators.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::super::domain::Number;
use super::period::ValueState;
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{indicator_values as values, indicators, monitorings, municipalities, reports};
use crate::db::{AnyConnection, Backend, keyset, lock};
use crate::kit::id::{IndicatorId, IndicatorValueId, MunicipalityId, ReportId, SchoolId};

/// A value as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = values, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ValueRow {
    /// Its id.
    pub id: IndicatorValueId,
    /// The indicator.
    pub indicator_id: IndicatorId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The school; `None`: the municipality's own.
    pub school_id: Option<SchoolId>,
    /// The school's id, else the municipality's.
    pub subject: String,
    /// First day.
    pub period_start: NaiveDate,
    /// Last day.
    pub period_end: NaiveDate,
    /// The upper number; `None`: not counted yet.
    pub numerator: Option<i32>,
    /// The lower number; `None`: not counted yet, or nothing to divide by.
    pub denominator: Option<i32>,
    /// What is aimed at, hundredths.
    pub target: Option<i32>,
    /// Where it began, hundredths.
    pub baseline: Option<i32>,
    /// State.
    pub state: ValueState,
    /// The report whose acceptance counted it.
    pub report_id: Option<ReportId>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl ValueRow {
    /// What was counted.
    #[must_use]
    pub fn number(&self) -> Option<Number> {
        self.numerator.map(|numerator| Number { numerator, denominator: self.denominator })
    }
}

impl Keyed for ValueRow {
    fn key(&self, name: &str) -> String {
        match name {
            "period_start" => self.period_start.to_string(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of values is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Of any of these indicators.
    pub indicator_id: Option<Vec<IndicatorId>>,
    /// Of indicators with any of these codes.
    pub code: Option<Vec<String>>,
    /// Of any of these schools.
    pub school_id: Option<Vec<SchoolId>>,
    /// Of any of these municipalities.
    pub municipality_id: Option<Vec<MunicipalityId>>,
    /// In any of these states.
    pub state: Option<Vec<ValueState>>,
    /// Of periods that begin on this day or later.
    pub start_from: Option<NaiveDate>,
    /// Of periods that begin before this day.
    pub start_before: Option<NaiveDate>,
    /// Of periods that end on this day or later.
    pub end_from: Option<NaiveDate>,
    /// Of periods that end before this day.
    pub end_before: Option<NaiveDate>,
}

/// What makes a value the only one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueKey {
    /// The indicator.
    pub indicator_id: IndicatorId,
    /// The municipality: what it counted of a school stays its own when the school moves.
    pub municipality_id: MunicipalityId,
    /// The school's id, else the municipality's.
    pub subject: String,
    /// First day.
    pub period_start: NaiveDate,
    /// Last day.
    pub period_end: NaiveDate,
}

/// Values that `scope` reads: a region only confirmed numbers; a target alone needs no confirmation.
fn scoped<'a>(scope: &'a Scope) -> values::BoxedQuery<'a, Backend> {
    let mut query = values::table.into_boxed();
    if let Some(schools) = scope.schools() {
        query = query.filter(values::school_id.eq_any(schools));
    } else if let Some(id) = scope.municipality() {
        query = query.filter(values::municipality_id.eq(id));
    }
    if let Some(code) = scope.region() {
        let within =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(values::municipality_id.eq_any(within));
    }
    if !scope.sees_work() {
        query = query.filter(values::state.eq(ValueState::Confirmed).or(values::numerator.is_null()));
    }
    query
}

/// Values within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<ValueRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(ids) = &narrowed.indicator_id {
            query = query.filter(values::indicator_id.eq_any(ids));
        }
        if let Some(codes) = &narrowed.code {
            let coded = indicators::table.filter(indicators::code.eq_any(codes)).select(indicators::id);
            query = query.filter(values::indicator_id.eq_any(coded));
        }
        if let Some(ids) = &narrowed.school_id {
            query = query.filter(values::school_id.eq_any(ids));
        }
        if let Some(ids) = &narrowed.municipality_id {
            query = query.filter(values::municipality_id.eq_any(ids));
        }
        if let Some(states) = &narrowed.state {
            query = query.filter(values::state.eq_any(states));
        }
        if let Some(day) = narrowed.start_from {
            query = query.filter(values::period_start.ge(day));
        }
        if let Some(day) = narrowed.start_before {
            query = query.filter(values::period_start.lt(day));
        }
        if let Some(day) = narrowed.end_from {
            query = query.filter(values::period_end.ge(day));
        }
        if let Some(day) = narrowed.end_before {
            query = query.filter(values::period_end.lt(day));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(values::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(ValueRow::as_select());
    keyset!(query, page, values::table, {
        "id" => values::id => String,
        "period_start" => values::period_start => NaiveDate,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// Of the indicators and periods of these values everything that `scope` reads: what their sums
/// are made of.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn beside(
    conn: &mut AnyConnection,
    scope: &Scope,
    shown: &[ValueRow],
) -> QueryResult<Vec<ValueRow>> {
    let every = |of: fn(&ValueRow) -> String| shown.iter().map(of).collect::<std::collections::BTreeSet<_>>();
    let starts: std::collections::BTreeSet<NaiveDate> = shown.iter().map(|row| row.period_start).collect();
    scoped(scope)
        .filter(values::indicator_id.eq_any(every(|row| row.indicator_id.to_string())))
        .filter(values::municipality_id.eq_any(every(|row| row.municipality_id.to_string())))
        .filter(values::period_start.eq_any(starts))
        .select(ValueRow::as_select())
        .order(values::id)
        .load(conn)
}

/// Serialises the writers of a municipality's values, so that two do not make the same one.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock_all_of(conn: &mut AnyConnection, municipality: &MunicipalityId) -> QueryResult<()> {
    lock!(conn, municipalities::table.find(municipality))
}

/// The value with this key. Takes no scope: the caller holds the school, or the municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn by_key(conn: &mut AnyConnection, key: &ValueKey) -> QueryResult<Option<ValueRow>> {
    values::table
        .filter(values::indicator_id.eq(&key.indicator_id))
        .filter(values::municipality_id.eq(&key.municipality_id))
        .filter(values::subject.eq(&key.subject))
        .filter(values::period_start.eq(key.period_start))
        .filter(values::period_end.eq(key.period_end))
        .select(ValueRow::as_select())
        .first(conn)
        .optional()
}

/// The values that the acceptance of a report counted. Takes no scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn of_report(conn: &mut AnyConnection, report: &ReportId) -> QueryResult<Vec<ValueRow>> {
    let query = values::table.filter(values::report_id.eq(report)).order(values::id);
    query.select(ValueRow::as_select()).load(conn)
}

/// The values of a municipality in exactly this period. Takes no scope: the caller holds a document
/// of the municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn of_period(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    period: (NaiveDate, NaiveDate),
) -> QueryResult<Vec<ValueRow>> {
    values::table
        .filter(values::municipality_id.eq(municipality))
        .filter(values::period_start.eq(period.0))
        .filter(values::period_end.eq(period.1))
        .order(values::id)
        .select(ValueRow::as_select())
        .load(conn)
}

/// Whether a monitoring of the municipality looks at exactly this period. Takes no scope: the caller
/// holds the municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn is_monitored(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    period: (NaiveDate, NaiveDate),
) -> QueryResult<bool> {
    let monitored = monitorings::table
        .filter(monitorings::municipality_id.eq(municipality))
        .filter(monitorings::period_start.eq(period.0))
        .filter(monitorings::period_end.eq(period.1));
    diesel::select(exists(monitored)).get_result(conn)
}

/// The confirmed numbers of a municipality's public indicators in periods that end from `first` to
/// `last`, by indicator: what reports told once a signed note holds them; where no signed note looks
/// at the period, what the department typed, once the period has ended before `today`. Whoever
/// watched a table fill up report by report, or held it against a note that sums up other schools,
/// would read each school's numbers out of the difference. Public: takes no scope.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn confirmed_within(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    (first, last): (NaiveDate, NaiveDate),
    today: NaiveDate,
) -> QueryResult<Vec<ValueRow>> {
    let noted: Vec<(NaiveDate, NaiveDate)> = monitorings::table
        .filter(monitorings::municipality_id.eq(municipality))
        .filter(monitorings::frozen_at.is_not_null())
        .select((monitorings::period_start, monitorings::period_end))
        .load(conn)?;
    let frozen = reports::table
        .inner_join(monitorings::table)
        .filter(monitorings::frozen_at.is_not_null())
        .select(reports::id.nullable());
    let typed = values::report_id.is_null().and(values::period_end.lt(today));
    let public = indicators::table.filter(indicators::public.eq(true)).select(indicators::id);
    let mut rows: Vec<ValueRow> = values::table
        .filter(values::municipality_id.eq(municipality))
        .filter(values::period_end.between(first, last))
        .filter(values::state.eq(ValueState::Confirmed))
        .filter(values::numerator.is_not_null())
        .filter(typed.or(values::report_id.eq_any(frozen)))
        .filter(values::indicator_id.eq_any(public))
        .order((values::indicator_id, values::period_start, values::period_end, values::id))
        .select(ValueRow::as_select())
        .load(conn)?;
    rows.retain(|row| {
        let is_noted = || noted.contains(&(row.period_start, row.period_end));
        row.report_id.is_some() || row.school_id.is_none() || !is_noted()
    });
    Ok(rows)
}

/// Stores a new value.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &ValueRow) -> QueryResult<()> {
    diesel::insert_into(values::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed value.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &ValueRow) -> QueryResult<()> {
    diesel::update(values::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}
