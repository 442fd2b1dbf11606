//! Values of indicators as JSON.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::catalogue::IndicatorRow;
use super::super::domain::{Sum, Unit};
use super::super::policy;
use super::flow::ValueText;
use super::period::ValueState;
use super::store::{Narrowed, ValueRow};
use crate::auth::Caller;
use crate::db::page::Keyed;
use crate::error::Error;
use crate::features::schools::{SchoolRow, SchoolStatus};
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::decimal::Decimal;
use crate::kit::id::{IndicatorId, IndicatorValueId, MunicipalityId, ReportId, SchoolId};
use crate::kit::lang::Lang;
use crate::problems;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Between, Filter, resource};

/// A value of an indicator, whole: members left out are cleared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "indicator_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ac",
    "period_start": "2023-01-01", "period_end": "2023-12-31", "numerator": 7, "denominator": 21,
    "target": 40, "baseline": 25.5, "state": "confirmed"
}))]
pub(super) struct IndicatorValueIn {
    /// The indicator; one that the service computes takes target and baseline only.
    indicator_id: IndicatorId,
    /// The school; null for an indicator of the municipal level, and for the municipality's target and
    /// baseline of one of the school level.
    school_id: Option<SchoolId>,
    /// First day.
    period_start: NaiveDate,
    /// Last day; the period is one of the indicator's period type, or that of a monitoring.
    period_end: NaiveDate,
    /// The upper number; null: not counted yet, only target and baseline are set.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    numerator: Option<i32>,
    /// The lower number, not with `count` and `yes_no`; 0: nobody to count, so there is no value.
    #[schema(minimum = 0, maximum = 1_000_000)]
    denominator: Option<i32>,
    /// What is aimed at, in the unit; two decimal places at most.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    target: Option<f64>,
    /// Where it began, in the unit; two decimal places at most.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    baseline: Option<f64>,
    /// Absent: as it is; a new one is `entered`.
    #[schema(nullable = false)]
    state: Option<ValueState>,
}

impl From<IndicatorValueIn> for ValueText {
    fn from(given: IndicatorValueIn) -> Self {
        Self {
            indicator_id: given.indicator_id,
            school_id: given.school_id,
            period_start: given.period_start,
            period_end: given.period_end,
            numerator: given.numerator,
            denominator: given.denominator,
            target: given.target,
            baseline: given.baseline,
            state: given.state,
        }
    }
}

/// A value with its indicator and its school.
#[derive(Debug)]
pub(super) struct ValueView {
    /// The value.
    pub(super) row: ValueRow,
    /// Its indicator.
    pub(super) indicator: IndicatorRow,
    /// The school.
    pub(super) school: Option<SchoolRow>,
}

impl Keyed for ValueView {
    fn key(&self, name: &str) -> String {
        self.row.key(name)
    }
}

/// A value of an indicator: of a school, or of the municipality.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndicatorValueOut {
    id: IndicatorValueId,
    version: i32,
    indicator_id: IndicatorId,
    /// Code of the indicator.
    code: String,
    name: String,
    unit: Unit,
    unit_label: &'static str,
    municipality_id: MunicipalityId,
    /// Null: the municipality's own.
    school_id: Option<SchoolId>,
    school_name: Option<String>,
    period_start: NaiveDate,
    period_end: NaiveDate,
    numerator: Option<i32>,
    denominator: Option<i32>,
    /// In the unit, computed; null: not counted yet, or the denominator is 0.
    value: Option<Decimal>,
    target: Option<Decimal>,
    baseline: Option<Decimal>,
    state: ValueState,
    state_label: &'static str,
    /// The report whose acceptance counted it.
    report_id: Option<ReportId>,
    /// What it is for, and what not.
    purpose_note: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// What the schools of a municipality have together: the sum of the numerators by that of the
/// denominators.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndicatorAggregateOut {
    indicator_id: IndicatorId,
    code: String,
    municipality_id: MunicipalityId,
    period_start: NaiveDate,
    period_end: NaiveDate,
    /// Of `yes_no` the aggregate is the share of yes in percent.
    unit: Unit,
    numerator: i64,
    denominator: Option<i64>,
    /// Null: the denominators make 0.
    value: Option<Decimal>,
    /// Values it is made of.
    values: usize,
    /// Of these, confirmed.
    confirmed: usize,
}

/// A page of values.
#[derive(Serialize, ToSchema)]
pub(super) struct IndicatorValuePage {
    items: Vec<IndicatorValueOut>,
    page: PageOut,
    /// For each indicator and period of the page what all schools of the municipality have together,
    /// of what the caller reads; none for schools and curators.
    aggregates: Vec<IndicatorAggregateOut>,
}

/// Filters of the list of values.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct IndicatorValueFilter {
    /// Of any of these indicators, comma-separated.
    #[param(value_type = Option<String>)]
    indicator_id: Option<AnyOf<IndicatorId>>,
    /// Of indicators with any of these codes, comma-separated.
    #[param(value_type = Option<String>, example = "I-10,I-12")]
    code: Option<AnyOf<String>>,
    /// Of any of these schools, comma-separated.
    #[param(value_type = Option<String>)]
    school_id: Option<AnyOf<SchoolId>>,
    /// Of any of these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// In any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "confirmed")]
    state: Option<AnyOf<ValueState>>,
    /// First day of the period; also `period_start[gte]`, `period_start[lt]`.
    #[param(value_type = Option<NaiveDate>)]
    period_start: Option<Between<NaiveDate>>,
    /// Last day of the period; also `period_end[gte]`, `period_end[lte]`.
    #[param(value_type = Option<NaiveDate>)]
    period_end: Option<Between<NaiveDate>>,
}

impl Filter for IndicatorValueFilter {
    // Never by value: nobody is ranked.
    const SORTS: &'static [&'static str] = &["period_start"];
}

impl IndicatorValueFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        let start = self.period_start.clone().unwrap_or_default();
        let end = self.period_end.clone().unwrap_or_default();
        Narrowed {
            indicator_id: self.indicator_id.clone().map(|any| any.0),
            code: self.code.clone().map(|any| any.0),
            school_id: self.school_id.clone().map(|any| any.0),
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            state: self.state.clone().map(|any| any.0),
            start_from: start.from(),
            start_before: start.before(),
            end_from: end.from(),
            end_before: end.before(),
        }
    }
}

fn aim(hundredths: Option<i32>) -> Option<Decimal> {
    hundredths.map(|count| Decimal::hundredths(i64::from(count)))
}

impl IndicatorValueOut {
    pub(super) fn of(view: ValueView, lang: Lang, caller: &Caller) -> Self {
        let ValueView { row, indicator, school } = view;
        let unit = indicator.unit;
        let value = row
            .number()
            .and_then(|number| unit.value(i64::from(number.numerator), number.denominator.map(i64::from)));
        let closed = school.as_ref().is_some_and(|school| school.status == SchoolStatus::Closed);
        let causes: &[&str] = if closed { &[problems::SCHOOL_CLOSED.slug] } else { &[] };
        Self {
            actions: vec![ActionOut::new("update", caller.may::<policy::WriteIndicatorValues>(), causes)],
            id: row.id,
            version: row.version,
            indicator_id: row.indicator_id,
            code: indicator.code,
            name: indicator.name,
            unit,
            unit_label: unit.label(lang),
            municipality_id: row.municipality_id,
            school_id: row.school_id,
            school_name: school.map(|school| school.short_name),
            period_start: row.period_start,
            period_end: row.period_end,
            numerator: row.numerator,
            denominator: row.denominator,
            value,
            target: aim(row.target),
            baseline: aim(row.baseline),
            state: row.state,
            state_label: row.state.label(lang),
            report_id: row.report_id,
            purpose_note: indicator.purpose_note,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    pub(super) fn answer(view: ValueView, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(view.row.version, &Self::of(view, lang, caller))
    }
}

impl IndicatorAggregateOut {
    /// The aggregates of the groups that `shown` belongs to, made of `rows`.
    pub(super) fn all(
        shown: &[ValueRow],
        rows: &[ValueRow],
        indicators: &HashMap<IndicatorId, IndicatorRow>,
    ) -> Vec<Self> {
        let group = |row: &ValueRow| {
            (row.indicator_id.clone(), row.municipality_id.clone(), row.period_start, row.period_end)
        };
        let mut groups: BTreeMap<_, Vec<&ValueRow>> =
            shown.iter().filter(|row| row.school_id.is_some()).map(|row| (group(row), Vec::new())).collect();
        for row in rows.iter().filter(|row| row.school_id.is_some()) {
            if let Some(list) = groups.get_mut(&group(row)) {
                list.push(row);
            }
        }
        let aggregate =
            |((indicator_id, municipality_id, period_start, period_end), list): (_, Vec<&ValueRow>)| {
                let indicator = indicators.get(&indicator_id)?;
                let counted: Vec<&ValueRow> =
                    list.into_iter().filter(|row| row.numerator.is_some()).collect();
                let unit = indicator.unit.of_all(indicator.level);
                let sum = Sum::of(indicator.unit, counted.iter().filter_map(|row| row.number()));
                Some(Self {
                    code: indicator.code.clone(),
                    indicator_id,
                    municipality_id,
                    period_start,
                    period_end,
                    unit,
                    numerator: sum.numerator,
                    denominator: sum.shown_denominator(unit),
                    value: sum.value(unit),
                    values: counted.len(),
                    confirmed: counted.iter().filter(|row| row.state == ValueState::Confirmed).count(),
                })
            };
        groups.into_iter().filter_map(aggregate).collect()
    }
}
