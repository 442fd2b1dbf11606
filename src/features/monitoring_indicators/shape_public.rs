//! Values of indicators as everybody reads them: without cells that would tell of single persons.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{counts_people, people};
use super::suppression::{Cell, Hidden, SmallCells};
use crate::db::page::Keyed;
use crate::error::Error;
use crate::features::indicators::{Direction, IndicatorRow, Number, Sum, Unit, ValueRow};
use crate::features::monitorings::NotedSchool;
use crate::features::municipalities::MunicipalityRow;
use crate::kit::code::Code;
use crate::kit::decimal::Decimal;
use crate::kit::id::{IndicatorId, MonitoringId, MunicipalityId, SchoolId, is_uuid};
use crate::kit::lang::{Bi, Lang};
use crate::kit::violation::Violation;
use crate::web::query::PageOut;
use crate::web::{AnyOf, Filter};

/// A public indicator of a municipality in a period, with its schools.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicIndicatorOut {
    #[serde(skip)]
    position: i32,
    /// What makes the row the only one: code, first and last day.
    #[schema(example = "I-10:2023-01-01:2023-12-31")]
    id: String,
    municipality_id: MunicipalityId,
    /// Name of the municipality.
    municipality: String,
    indicator_id: IndicatorId,
    code: String,
    name: String,
    unit: Unit,
    unit_label: &'static str,
    direction: Direction,
    direction_label: &'static str,
    period_start: NaiveDate,
    period_end: NaiveDate,
    /// What it is for, and what not.
    purpose_note: Option<String>,
    /// The unit of `total`: of `yes_no` it is the share of yes in percent.
    total_unit: Unit,
    /// All schools together, or the municipality's own value.
    total: PublicCell,
    /// The schools, in the order of their names.
    schools: Vec<PublicSchoolCell>,
}

/// A value, or the mark that it is not shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicCell {
    /// Null when it is hidden.
    numerator: Option<i64>,
    /// Null when it is hidden, or there is nothing to divide by.
    denominator: Option<i64>,
    /// Null when it is hidden, or the denominator is 0.
    value: Option<Decimal>,
    /// So few people are counted, here or in a cell that this one would give away, that it is not
    /// shown.
    hidden: bool,
}

/// The value of a school.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicSchoolCell {
    school_id: SchoolId,
    /// Its short name.
    school: String,
    #[serde(flatten)]
    cell: PublicCell,
}

/// A page of public indicators.
#[derive(Serialize, ToSchema)]
pub(super) struct PublicIndicatorPage {
    items: Vec<PublicIndicatorOut>,
    page: PageOut,
    /// Cells that stand for fewer people than this are not shown.
    small_cells_below: u32,
}

/// Filters of the public indicators.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PublicIndicatorFilter {
    /// Of this municipality.
    #[param(value_type = MunicipalityId, required = true)]
    municipality_id: Option<MunicipalityId>,
    /// Of periods that end in any of these calendar years, comma-separated.
    #[param(value_type = Option<String>, example = "2023")]
    pub(super) year: Option<AnyOf<i32>>,
    /// With any of these codes, comma-separated.
    #[param(value_type = Option<String>, example = "I-10")]
    pub(super) code: Option<AnyOf<String>>,
}

impl Filter for PublicIndicatorFilter {
    // Never by value: nobody is ranked.
    const SORTS: &'static [&'static str] = &["position", "period_start"];
    const DEFAULT_SORT: &'static str = "position,period_start";
}

impl PublicIndicatorFilter {
    /// The municipality.
    ///
    /// # Errors
    ///
    /// 400 when none is named.
    pub(super) fn municipality(&self) -> Result<MunicipalityId, Error> {
        let refuse = |code, ru, en| {
            Error::malformed(vec![Violation::new("?municipality_id", code, Bi::fixed(ru, en))])
        };
        let id = self.municipality_id.clone();
        let id = id.ok_or_else(|| refuse("required", "Укажите муниципалитет", "Name the municipality"))?;
        if !is_uuid(id.as_str()) {
            let (ru, en) = ("Идентификатор муниципалитета – UUID", "The id of a municipality is a UUID");
            return Err(refuse("invalid-parameter", ru, en));
        }
        Ok(id)
    }

    /// The first and the last day on which periods may end.
    pub(super) fn ends(&self) -> (NaiveDate, NaiveDate) {
        // All years that dates have here.
        let day = NaiveDate::from_ymd_opt;
        let years = || self.year.iter().flat_map(|any| &any.0).map(|year| (*year).clamp(1900, 2100));
        let (first, last) = (years().min().unwrap_or(1900), years().max().unwrap_or(2100));
        (day(first, 1, 1).unwrap_or_default(), day(last, 12, 31).unwrap_or_default())
    }

    /// Whether the indicator stays in the list.
    pub(super) fn takes(&self, item: &PublicIndicatorOut) -> bool {
        self.code.as_ref().is_none_or(|any| any.0.contains(&item.code))
            && self.year.as_ref().is_none_or(|any| any.0.contains(&item.period_end.year()))
    }
}

impl Keyed for PublicIndicatorOut {
    fn key(&self, name: &str) -> String {
        match name {
            "position" => format!("{:010}", self.position),
            "period_start" => self.period_start.to_string(),
            _ => self.id.clone(),
        }
    }
}

/// The rows that a municipality's public table is made from.
pub(super) struct PublicRows {
    /// The municipality.
    pub(super) municipality: MunicipalityRow,
    /// The public indicators.
    pub(super) indicators: Vec<IndicatorRow>,
    /// Their confirmed values.
    pub(super) values: Vec<ValueRow>,
    /// Its schools that have values: id and short name, by name.
    pub(super) schools: Vec<(SchoolId, String)>,
    /// Whose sum a signed note holds: the schools of monitorings.
    pub(super) noted: Vec<NotedSchool>,
}

impl PublicRows {
    /// The group of each of these schools: those whose sum the same notes of a period print.
    fn groups(&self, schools: &[&SchoolId], (start, end): (NaiveDate, NaiveDate)) -> Vec<usize> {
        let of_period = |one: &&NotedSchool| (one.period_start, one.period_end) == (start, end);
        let notes_of = |school: &SchoolId| -> BTreeSet<&MonitoringId> {
            let own = self.noted.iter().filter(of_period).filter(|one| one.school_id == *school);
            own.map(|one| &one.monitoring_id).collect()
        };
        let notes: Vec<BTreeSet<&MonitoringId>> = schools.iter().map(|school| notes_of(school)).collect();
        let first = |own: &BTreeSet<&MonitoringId>| notes.iter().position(|other| other == own);
        notes.iter().map(|own| first(own).unwrap_or_default()).collect()
    }
}

impl PublicIndicatorOut {
    /// A table per indicator and period, without what must be hidden.
    pub(super) fn all(rows: &PublicRows, small: SmallCells, lang: Lang) -> Vec<Self> {
        let mut tables: BTreeMap<(&IndicatorId, NaiveDate, NaiveDate), Vec<&ValueRow>> = BTreeMap::new();
        for value in &rows.values {
            let table = (&value.indicator_id, value.period_start, value.period_end);
            tables.entry(table).or_default().push(value);
        }
        let table = |((id, start, end), values): ((&IndicatorId, NaiveDate, NaiveDate), Vec<&ValueRow>)| {
            let indicator = rows.indicators.iter().find(|row| row.id == *id)?;
            Some(Self::of(indicator, (start, end), &values, rows, small, lang))
        };
        tables.into_iter().filter_map(table).collect()
    }

    fn of(
        indicator: &IndicatorRow,
        (start, end): (NaiveDate, NaiveDate),
        values: &[&ValueRow],
        rows: &PublicRows,
        small: SmallCells,
        lang: Lang,
    ) -> Self {
        let unit = indicator.unit;
        let number_of = |id: &SchoolId| {
            values.iter().find(|value| value.school_id.as_ref() == Some(id)).and_then(|value| value.number())
        };
        let of_schools: Vec<(&(SchoolId, String), Number)> =
            rows.schools.iter().filter_map(|school| Some((school, number_of(&school.0)?))).collect();
        let own = values.iter().filter(|value| value.school_id.is_none()).find_map(|value| value.number());
        let numbers = of_schools.iter().map(|(_, number)| *number).chain(own);
        let total = Sum::of(unit, numbers);
        let ids: Vec<&SchoolId> = of_schools.iter().map(|(school, _)| &school.0).collect();
        let groups = rows.groups(&ids, (start, end));
        let cell = |((_, number), group): (&(_, Number), usize)| Cell {
            people: people(unit, &Sum::of(unit, [*number])),
            group,
        };
        let cells: Vec<Cell> = of_schools.iter().zip(groups).map(cell).collect();
        let hidden = match (counts_people(indicator), own) {
            (false, _) => Hidden { cells: vec![false; cells.len()], total: false },
            (true, Some(_)) => Hidden { cells: Vec::new(), total: small.is_small(people(unit, &total)) },
            (true, None) => small.hidden(&cells),
        };
        let whole = unit.of_all(indicator.level);
        let school = |((school, number), hidden): (&(&(SchoolId, String), Number), &bool)| PublicSchoolCell {
            school_id: school.0.clone(),
            school: school.1.clone(),
            cell: PublicCell::of_school(unit, *number, *hidden),
        };
        Self {
            position: indicator.position,
            id: format!("{}:{start}:{end}", indicator.code),
            municipality_id: rows.municipality.id.clone(),
            municipality: rows.municipality.name.clone(),
            indicator_id: indicator.id.clone(),
            code: indicator.code.clone(),
            name: indicator.name.clone(),
            unit,
            unit_label: unit.label(lang),
            direction: indicator.direction,
            direction_label: indicator.direction.label(lang),
            period_start: start,
            period_end: end,
            purpose_note: indicator.purpose_note.clone(),
            total_unit: whole,
            total: PublicCell::of_total(whole, &total, hidden.total),
            schools: of_schools.iter().zip(&hidden.cells).map(school).collect(),
        }
    }
}

impl PublicCell {
    fn of_school(unit: Unit, number: Number, hidden: bool) -> Self {
        let (numerator, denominator) = (i64::from(number.numerator), number.denominator.map(i64::from));
        Self {
            numerator: (!hidden).then_some(numerator),
            denominator: denominator.filter(|_| !hidden),
            value: unit.value(numerator, denominator).filter(|_| !hidden),
            hidden,
        }
    }

    fn of_total(unit: Unit, total: &Sum, hidden: bool) -> Self {
        Self {
            numerator: (!hidden).then_some(total.numerator),
            denominator: total.shown_denominator(unit).filter(|_| !hidden),
            value: total.value(unit).filter(|_| !hidden),
            hidden,
        }
    }
}
