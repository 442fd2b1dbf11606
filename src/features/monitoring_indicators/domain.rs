//! The indicators that the service computes from its own data, and what makes a figure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Months, NaiveDate};

use crate::features::indicators::{IndicatorRow, Number, Sum, Unit};
use crate::features::recommendations::AddresseeStatus;
use crate::features::reports::{Item, ItemStatus, timeliness};
use crate::features::road_maps::Measure;
use crate::features::support_lists::{Departure, ExclusionReason};
use crate::kit::decimal::Decimal;
use crate::kit::education::EducationLevel;
use crate::kit::id::{MeasureId, SchoolId};

/// Months for which a page of a site stays up to date.
const PAGE_MONTHS: u32 = 6;

/// An indicator of a monitoring: the municipality's value and what it is made of.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The indicator.
    pub indicator: IndicatorRow,
    /// What is counted together; empty when nothing is.
    pub sum: Sum,
    /// What is counted in each school, in the order of the monitoring's schools; empty at the
    /// municipal level.
    pub schools: Vec<(SchoolId, Number)>,
    /// What the municipality aims at.
    pub target: Option<Decimal>,
    /// Where it began.
    pub baseline: Option<Decimal>,
    /// Numbers of the conclusions whose measures declare it.
    pub conclusions: Vec<String>,
    /// Whose accepted reports it was counted from; `None` stands for the municipality.
    pub sources: Vec<Option<SchoolId>>,
}

impl Figure {
    /// The unit of its value.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.indicator.unit.of_all(self.indicator.level)
    }

    /// How many people it counts together; `None` when it counts no people.
    #[must_use]
    pub fn people(&self) -> Option<i64> {
        counts_people(&self.indicator).then(|| people(self.indicator.unit, &self.sum))
    }
}

/// Whether small cells of the indicator would tell of single people.
#[must_use]
pub fn counts_people(indicator: &IndicatorRow) -> bool {
    indicator.counts_people && indicator.unit.counts()
}

/// How many people stand behind a sum: those of the denominator, or the counted ones themselves.
#[must_use]
pub fn people(unit: Unit, sum: &Sum) -> i64 {
    if unit.is_divided() { sum.denominator } else { sum.numerator }
}

/// A school of a monitoring, with its report when that is accepted.
#[derive(Debug, Clone)]
pub struct Reporting<'a> {
    /// The school.
    pub school_id: SchoolId,
    /// Its levels of education at opening.
    pub levels: Vec<EducationLevel>,
    /// The items of its accepted report.
    pub items: Option<&'a [Item]>,
}

/// Which days are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// First day of the period.
    pub start: NaiveDate,
    /// Last day of the period.
    pub end: NaiveDate,
    /// The deadline of the reports.
    pub report_deadline: NaiveDate,
}

/// I-18 of each school: measures done in time by those that were due.
///
/// Without an accepted report nothing counts as done (`api.md` 5.3).
#[must_use]
pub fn done_in_time(schools: &[Reporting<'_>], measures: &[Measure], span: Span) -> Vec<(SchoolId, Number)> {
    let of = |school: &Reporting<'_>| {
        let concerns = |measure: &&Measure| measure.concerns_school(&school.school_id, &school.levels);
        let own = measures.iter().filter(concerns);
        let items = school.items.unwrap_or_default();
        let counts = timeliness(own, items, span.start, span.end, span.report_deadline);
        (school.school_id.clone(), number(counts.done_in_time, counts.due))
    };
    schools.iter().map(of).collect()
}

/// I-19 of each school with an accepted report: what was done with evidence by what was done.
#[must_use]
pub fn done_with_evidence(schools: &[Reporting<'_>], measures: &[Measure]) -> Vec<(SchoolId, Number)> {
    let counting: BTreeSet<&MeasureId> =
        measures.iter().filter(|measure| measure.counts_in_compliance).map(|measure| &measure.id).collect();
    let of = |school: &Reporting<'_>| {
        let items = school.items?;
        let done: Vec<&Item> = items
            .iter()
            .filter(|item| counting.contains(&item.measure_id) && item.said() == ItemStatus::Done)
            .collect();
        let proven = done.iter().filter(|item| item.evidence_count > 0).count();
        Some((school.school_id.clone(), number(proven, done.len())))
    };
    schools.iter().filter_map(of).collect()
}

/// I-20: schools that reported in time by all schools of the monitoring.
#[must_use]
pub fn reported_in_time(schools: &[Reporting<'_>], in_time: &BTreeSet<SchoolId>) -> Number {
    number(schools.iter().filter(|school| in_time.contains(&school.school_id)).count(), schools.len())
}

/// I-23: schools whose page was brought up to date not earlier than six months before the deadline
/// of the reports, by all schools of the monitoring.
#[must_use]
pub fn pages_up_to_date(
    schools: &[Reporting<'_>],
    pages: &HashMap<SchoolId, NaiveDate>,
    report_deadline: NaiveDate,
) -> Number {
    let first = report_deadline.checked_sub_months(Months::new(PAGE_MONTHS)).unwrap_or(report_deadline);
    let current = |school: &&Reporting<'_>| pages.get(&school.school_id).is_some_and(|day| *day >= first);
    number(schools.iter().filter(current).count(), schools.len())
}

/// I-24: schools that left every list because their results improved, not after `end`, by the
/// schools that stood in the lists by then. What was entered by mistake is no school of a list.
#[must_use]
pub fn left_lists(departures: &[Departure], end: NaiveDate) -> Number {
    let mut by_school: BTreeMap<&SchoolId, Vec<&Departure>> = BTreeMap::new();
    let counts = |one: &&Departure| {
        one.exclusion_reason != Some(ExclusionReason::Error) && one.included_on.is_none_or(|day| day <= end)
    };
    for one in departures.iter().filter(counts) {
        by_school.entry(&one.school_id).or_default().push(one);
    }
    let is_out = |one: &&Departure| one.excluded_on.is_some_and(|day| day <= end);
    let improved = |all: &&Vec<&Departure>| {
        all.iter().all(is_out)
            && all.iter().any(|one| one.exclusion_reason == Some(ExclusionReason::Improved))
    };
    number(by_school.values().filter(improved).count(), by_school.len())
}

/// I-25 of each school of the monitoring that something was recommended to: what was verified by
/// what was issued.
#[must_use]
pub fn recommendations_done(
    schools: &[Reporting<'_>],
    issued: &[(SchoolId, AddresseeStatus)],
) -> Vec<(SchoolId, Number)> {
    let mut counts: HashMap<&SchoolId, (usize, usize)> = HashMap::new();
    for (school, status) in issued {
        let (verified, all) = counts.entry(school).or_default();
        *verified += usize::from(*status == AddresseeStatus::Verified);
        *all += 1;
    }
    let of = |school: &Reporting<'_>| {
        let (verified, all) = counts.get(&school.school_id)?;
        Some((school.school_id.clone(), number(*verified, *all)))
    };
    schools.iter().filter_map(of).collect()
}

fn number(numerator: usize, denominator: usize) -> Number {
    let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Number { numerator: whole(numerator), denominator: Some(whole(denominator)) }
}

#[cfg(test)]
mod tests;
