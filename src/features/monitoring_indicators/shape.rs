//! The indicators of a monitoring as JSON.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{Figure, counts_people, people};
use super::flow::Figures;
use super::suppression::SmallCells;
use crate::auth::Scope;
use crate::db::page::Keyed;
use crate::features::indicators::{Direction, IndicatorLevel, Number, Sum, Unit};
use crate::kit::code::Code;
use crate::kit::decimal::Decimal;
use crate::kit::id::{IndicatorId, SchoolId};
use crate::kit::lang::Lang;
use crate::web::query::PageOut;
use crate::web::{AnyOf, Filter};

/// An indicator of a monitoring.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MonitoringIndicatorOut {
    #[serde(skip)]
    position: i32,
    indicator_id: IndicatorId,
    code: String,
    name: String,
    unit: Unit,
    unit_label: &'static str,
    direction: Direction,
    direction_label: &'static str,
    level: IndicatorLevel,
    level_label: &'static str,
    /// Computed by the service; false: told in accepted reports, or entered and confirmed.
    computed: bool,
    /// Null: nothing is counted yet, or the caller reads schools of his own only.
    numerator: Option<i64>,
    denominator: Option<i64>,
    /// Sum of the numerators by sum of the denominators, never a mean of shares; null also when the
    /// denominators make 0.
    value: Option<Decimal>,
    /// The unit of `value`: of `yes_no` it is the share of yes in percent.
    value_unit: Unit,
    target: Option<Decimal>,
    baseline: Option<Decimal>,
    /// So few people are counted that the value says little, and is not published.
    small_sample: bool,
    /// Schools that have a number; null at the municipal level, and for readers of their own schools.
    schools_counted: Option<usize>,
    /// Schools of the monitoring; null as above.
    schools_total: Option<usize>,
    /// Numbers of the conclusions whose measures declare it.
    conclusions: Vec<String>,
    /// What it is for, and what not.
    purpose_note: Option<String>,
    /// What is counted in the schools that the caller reads, in the order of their names; empty at
    /// the municipal level.
    schools: Vec<MonitoringIndicatorSchool>,
}

/// What is counted in a school.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MonitoringIndicatorSchool {
    school_id: SchoolId,
    school_name: Option<String>,
    numerator: i32,
    denominator: Option<i32>,
    /// Null: there was nobody to count.
    value: Option<Decimal>,
    /// So few people are counted that the value says little, and is not published.
    small_sample: bool,
}

/// A page of the indicators of a monitoring.
#[derive(Serialize, ToSchema)]
pub(super) struct MonitoringIndicatorPage {
    items: Vec<MonitoringIndicatorOut>,
    page: PageOut,
}

/// Filters of the indicators of a monitoring.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MonitoringIndicatorFilter {
    /// With any of these codes, comma-separated.
    #[param(value_type = Option<String>, example = "I-18,I-20")]
    code: Option<AnyOf<String>>,
    /// Computed by the service.
    #[param(value_type = Option<bool>)]
    computed: Option<AnyOf<bool>>,
    /// Of any of these levels, comma-separated.
    #[param(value_type = Option<String>, example = "school")]
    level: Option<AnyOf<IndicatorLevel>>,
}

impl Filter for MonitoringIndicatorFilter {
    // Never by value: nobody is ranked.
    const SORTS: &'static [&'static str] = &["position"];
    const DEFAULT_SORT: &'static str = "position";
    const LAST_KEY: &'static str = "code";
}

impl MonitoringIndicatorFilter {
    /// Whether the indicator stays in the list.
    pub(super) fn takes(&self, item: &MonitoringIndicatorOut) -> bool {
        self.code.as_ref().is_none_or(|any| any.0.contains(&item.code))
            && self.computed.as_ref().is_none_or(|any| any.0.contains(&item.computed))
            && self.level.as_ref().is_none_or(|any| any.0.contains(&item.level))
    }
}

impl Keyed for MonitoringIndicatorOut {
    fn key(&self, name: &str) -> String {
        match name {
            "position" => format!("{:010}", self.position),
            _ => self.code.clone(),
        }
    }
}

impl MonitoringIndicatorOut {
    /// The indicators as far as `scope` reads them.
    pub(super) fn all(figures: Figures, scope: &Scope, small: SmallCells, lang: Lang) -> Vec<Self> {
        let names: HashMap<SchoolId, String> =
            figures.schools.into_iter().map(|school| (school.school_id, school.short_name)).collect();
        figures.items.into_iter().map(|figure| Self::of(figure, &names, scope, small, lang)).collect()
    }

    fn of(
        figure: Figure,
        names: &HashMap<SchoolId, String>,
        scope: &Scope,
        small: SmallCells,
        lang: Lang,
    ) -> Self {
        // A school would read its neighbours' numbers out of the sum.
        let shown = scope.schools().is_none() && figure.sum.count > 0;
        let (unit, whole, sum) = (figure.indicator.unit, figure.unit(), figure.sum);
        let counts_people = counts_people(&figure.indicator);
        let of_schools = scope.schools().is_none() && figure.indicator.level == IndicatorLevel::School;
        let reads = |school: &SchoolId| scope.schools().is_none_or(|own| own.contains(school));
        let school = |(school_id, number): (SchoolId, Number)| MonitoringIndicatorSchool {
            school_name: names.get(&school_id).cloned(),
            school_id,
            numerator: number.numerator,
            denominator: number.denominator,
            value: unit.value(i64::from(number.numerator), number.denominator.map(i64::from)),
            small_sample: counts_people && small.is_small(people(unit, &Sum::of(unit, [number]))),
        };
        Self {
            position: figure.indicator.position,
            small_sample: shown && figure.people().is_some_and(|count| small.is_small(count)),
            numerator: shown.then_some(sum.numerator),
            denominator: sum.shown_denominator(whole).filter(|_| shown),
            value: sum.value(whole).filter(|_| shown),
            value_unit: whole,
            schools: figure.schools.into_iter().filter(|(id, _)| reads(id)).map(school).collect(),
            target: figure.target,
            baseline: figure.baseline,
            schools_counted: of_schools.then_some(sum.count),
            schools_total: of_schools.then_some(names.len()),
            conclusions: figure.conclusions,
            indicator_id: figure.indicator.id,
            code: figure.indicator.code,
            name: figure.indicator.name,
            unit,
            unit_label: unit.label(lang),
            direction: figure.indicator.direction,
            direction_label: figure.indicator.direction.label(lang),
            level: figure.indicator.level,
            level_label: figure.indicator.level.label(lang),
            computed: figure.indicator.computed,
            purpose_note: figure.indicator.purpose_note,
        }
    }
}
