//! What road maps ask of those who carry them out, and of those who approve them.

use std::collections::HashSet;

use chrono::{Days, Months, NaiveDate};

use super::domain::{Duties, Obligation, ObligationKind, Subject, brief};
use super::of_reports::asked_by;
use super::store::{ItemLine, ReportLine};
use super::store_plans::MapLine;
use crate::features::orders::OrderStatus;
use crate::features::road_maps::{Measure, MeasureLevel, MeasureRow, RoadMapStatus};
use crate::features::school_calendars::SchoolYears;
use crate::kit::education::EducationLevel;
use crate::kit::id::{LineageId, RoadMapId, SchoolId};

/// Who carries measures out.
#[derive(Debug)]
pub enum Executor<'a> {
    /// The department.
    Department,
    /// A school with its levels of education, and whether it stands in a list in force.
    School(&'a SchoolId, &'a [EducationLevel], bool),
}

impl Executor<'_> {
    fn carries_out(&self, map: &MapLine, measure: &Measure) -> bool {
        match self {
            Self::Department => measure.level == MeasureLevel::Municipal,
            Self::School(own, levels, listed) => {
                let own_map = map.school_id.as_ref() == Some(*own);
                (own_map || *listed) && measure.concerns_school(own, levels)
            }
        }
    }
}

/// What reports say or ask of measures, by what a measure keeps through editions.
#[derive(Debug, Default)]
pub struct Told<'a> {
    /// Until which day nothing more is to be asked of the measure itself.
    until: Vec<(&'a LineageId, NaiveDate)>,
}

impl<'a> Told<'a> {
    /// By the items of these reports: what is reported for good is settled for the report's
    /// period, and what a report asks is not asked twice.
    #[must_use]
    pub fn by(reports: &'a [ReportLine], items: &'a [ItemLine], today: NaiveDate) -> Self {
        let until = items.iter().filter_map(|line| {
            let report = reports.iter().find(|report| report.id == line.report_id)?;
            let until = match line.item.said().is_final() {
                // What is done before its day is not asked for again, even in the next period.
                true => line
                    .measure
                    .deadline
                    .due_day()
                    .map_or(report.period_end, |due| due.max(report.period_end)),
                false => asked_by(line, report, today).and_then(|_| line.measure.deadline.due_day())?,
            };
            Some((&line.measure.lineage_id, until))
        });
        Self { until: until.collect() }
    }

    /// Whether nothing is to be asked of what is due on `due`.
    fn settles(&self, measure: &Measure, due: NaiveDate) -> bool {
        self.until.iter().any(|(lineage, until)| **lineage == measure.lineage_id && *until >= due)
    }
}

/// How long after its last day a map still asks for what fell due in it: the time in which its
/// year is reported on and the next map is approved.
const REPORTING_MONTHS: Months = Months::new(3);

/// How many days after its due day a measure of a school's own map is still reminded of: nobody can
/// tell the service that it was done, for such a map has no reports.
const OWN_MAP_DAYS: u64 = 30;

/// The earliest last day of a map that asks on `today` for what fell due in it.
#[must_use]
pub fn asks_since(today: NaiveDate) -> NaiveDate {
    today.checked_sub_months(REPORTING_MONTHS).unwrap_or(today)
}

/// What the measures of maps in force ask: to be carried out by their due day, and each time from
/// `today` on that a recurring one comes round.
///
/// What fell due stays until it is accounted for: until a report asks for it in place of the map,
/// or tells a final status of it. Nothing more is asked when the map is no longer in force, nor
/// once its last day is before [`asks_since`]; and of what no report has to tell of, because it
/// does not count, nothing is asked after its due day. A school's own map has no reports: its
/// measures are reminded of for 30 days.
#[must_use]
pub fn of_measures(
    maps: &[MapLine],
    measures: &[MeasureRow],
    executor: &Executor<'_>,
    told: &Told<'_>,
    terms: &SchoolYears,
    today: NaiveDate,
) -> Vec<Obligation> {
    let mut found = Vec::new();
    let since = asks_since(today);
    let reminded_since = today.checked_sub_days(Days::new(OWN_MAP_DAYS)).unwrap_or(today);
    for row in measures {
        let in_force = |map: &&MapLine| map.id == row.road_map_id && map.status == RoadMapStatus::Approved;
        let Some(map) = maps.iter().find(in_force) else { continue };
        let measure = Measure::from(row.clone());
        if !executor.carries_out(map, &measure) {
            continue;
        }
        let subject = || {
            let title = format!("{} {}", measure.code, brief(&measure.title));
            Subject::of("measures", measure.id.as_str(), title)
        };
        let deadline = &measure.deadline;
        let asks_for_past = measure.counts_in_compliance
            && match map.school_id {
                None => map.period_end >= since,
                Some(_) => deadline.due_day().is_some_and(|due| due >= reminded_since),
            };
        if let Some(due) = deadline.due_day().filter(|due| *due >= today || asks_for_past)
            && !told.settles(&measure, due)
        {
            let obligation = Obligation::new(ObligationKind::CarryOutMeasure, subject());
            found.push(obligation.from(deadline.start_date).due(Some(due)));
        }
        for one in deadline.occurrences(terms, today, NaiveDate::MAX) {
            if !told.settles(&measure, one.due_date) {
                let obligation = Obligation::new(ObligationKind::Occurrence, subject());
                found.push(obligation.from(Some(one.start_date)).due(Some(one.due_date)));
            }
        }
    }
    found
}

/// What drafts of maps ask: a look at shifted dates, then the approval.
#[must_use]
pub fn of_drafts(maps: &[MapLine], measures: &[MeasureRow], duties: &Duties) -> Vec<Obligation> {
    let in_force: HashSet<&RoadMapId> =
        maps.iter().filter(|map| map.status == RoadMapStatus::Approved).map(|map| &map.id).collect();
    let obligation = |map: &MapLine| {
        let own = || measures.iter().filter(|measure| measure.road_map_id == map.id);
        let to_review = own().filter(|measure| measure.needs_review).count();
        let rests = match &map.school_id {
            None => map.order == Some(OrderStatus::Registered),
            Some(_) => map.parent_id.as_ref().is_some_and(|parent| in_force.contains(parent)),
        };
        let subject = Subject::of("road-maps", map.id.as_str(), map.title.clone());
        if to_review > 0 {
            let count = i64::try_from(to_review).unwrap_or(i64::MAX);
            let obligation = Obligation::new(ObligationKind::ReviewMeasureDates, subject);
            return duties.drafts_maps.then(|| obligation.about(count));
        }
        let ready = rests && own().next().is_some();
        (ready && duties.approves_maps).then(|| Obligation::new(ObligationKind::ApproveRoadMap, subject))
    };
    maps.iter().filter(|map| map.status == RoadMapStatus::Draft).filter_map(obligation).collect()
}
