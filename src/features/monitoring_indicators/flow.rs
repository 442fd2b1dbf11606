//! The indicators of a monitoring, read at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{Days, Months};

use super::domain::{
    Figure, Reporting, Span, done_in_time, done_with_evidence, left_lists, pages_up_to_date,
    recommendations_done, reported_in_time,
};
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::conclusion_templates::{self, TemplateContent};
use crate::features::indicators::{self, IndicatorLevel, IndicatorRow, Number, Sum, ValueRow, ValueState};
use crate::features::monitorings::{self, MonitoringRow, SnapshotSchool};
use crate::features::recommendations;
use crate::features::reports::{self, Item, ReportStatus, ReportSubject};
use crate::features::road_maps::{self, Measure};
use crate::features::support_lists;
use crate::kit::decimal::Decimal;
use crate::kit::id::{ReportId, SchoolId};
use crate::problems;

/// The computed indicators, in the order of the catalogue.
const COMPUTED: [&str; 6] = ["I-18", "I-19", "I-20", "I-23", "I-24", "I-25"];

/// The indicators of a monitoring, and the schools that they speak of.
#[derive(Debug, Clone)]
pub struct Figures {
    /// In the order of the catalogue.
    pub items: Vec<Figure>,
    /// The schools that take part, by name.
    pub schools: Vec<SnapshotSchool>,
}

/// The indicators of a monitoring: those that the service computes, those that accepted reports of
/// the schools that take part told, and those of the municipal level with confirmed values of
/// exactly its period.
///
/// `reports` are those of the monitoring. Reads a fixed number of times, however many schools and
/// measures there are. Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// 409 `monitoring-state` before the monitoring is opened.
pub fn read(
    conn: &mut AnyConnection,
    monitoring: &MonitoringRow,
    reports: &[ReportSubject],
) -> Result<Figures, Error> {
    let (Some(_), Some(template)) = (monitoring.opened_at, &monitoring.conclusion_template_id) else {
        return Err(Error::blocked(&problems::MONITORING_STATE, &["monitoring-not-opened"]));
    };
    let mut schools = monitorings::schools_of(conn, &monitoring.id)?;
    schools.retain(|school| school.released_on.is_none());
    let measures = road_maps::measures_of(conn, &monitoring.road_map_id)?;
    let content = conclusion_templates::content_of(conn, template)?.ok_or(diesel::NotFound)?;
    let period = (monitoring.period_start, monitoring.period_end);
    let values = indicators::of_period(conn, &monitoring.municipality_id, period)?;

    let mut rows = catalogue(conn, monitoring, &measures, &values)?;
    rows.sort_by(|one, other| (one.position, &one.id).cmp(&(other.position, &other.id)));
    let mut computed = computed(conn, monitoring, &schools, &measures, reports)?;
    let reports: HashSet<&ReportId> = reports.iter().map(|report| &report.report_id).collect();
    let items = rows.into_iter().map(|row| {
        let own: Vec<&ValueRow> = values.iter().filter(|value| value.indicator_id == row.id).collect();
        let counted = match computed.remove(row.code.as_str()) {
            Some(counted) if row.computed => counted,
            _ => told(&row, &own, &schools, &reports),
        };
        figure(row, counted, &own, conclusions_of(&content, &measures))
    });
    let items = items.collect();
    Ok(Figures { items, schools })
}

/// What is counted: in each school, or of the municipality.
enum Numbers {
    Schools(Vec<(SchoolId, Number)>),
    Municipality(Option<Number>),
}

/// What is counted, and from whose accepted reports.
struct Counted {
    numbers: Numbers,
    sources: Vec<Option<SchoolId>>,
}

/// The computed indicators, those that the measures declare, and those of the municipal level with
/// confirmed values.
fn catalogue(
    conn: &mut AnyConnection,
    monitoring: &MonitoringRow,
    measures: &[Measure],
    values: &[ValueRow],
) -> Result<Vec<IndicatorRow>, Error> {
    let declared = measures.iter().flat_map(|measure| &measure.indicators).map(String::as_str);
    let codes: BTreeSet<&str> = declared.chain(COMPUTED).collect();
    let mut rows = indicators::by_codes(conn, &monitoring.municipality_id, codes)?;
    let known: BTreeSet<_> = rows.iter().map(|row| row.id.clone()).collect();
    let confirmed =
        values.iter().filter(|value| value.state == ValueState::Confirmed && value.school_id.is_none());
    let further: BTreeSet<_> =
        confirmed.map(|value| value.indicator_id.clone()).filter(|id| !known.contains(id)).collect();
    let further: Vec<_> = further.into_iter().collect();
    rows.extend(indicators::find_many(conn, &further)?);
    Ok(rows)
}

fn computed(
    conn: &mut AnyConnection,
    monitoring: &MonitoringRow,
    schools: &[SnapshotSchool],
    measures: &[Measure],
    subjects: &[ReportSubject],
) -> Result<HashMap<&'static str, Counted>, Error> {
    let accepted: HashMap<&SchoolId, &[Item]> = subjects
        .iter()
        .filter(|report| report.status == ReportStatus::Accepted)
        .filter_map(|report| Some((report.school_id.as_ref()?, report.items.as_slice())))
        .collect();
    let mut reporting = Vec::with_capacity(schools.len());
    for school in schools {
        reporting.push(Reporting {
            school_id: school.school_id.clone(),
            levels: serde_json::from_str(&school.education_levels)?,
            items: accepted.get(&school.school_id).copied(),
        });
    }
    let in_time = reports::schools_in_time(conn, monitoring)?;
    let pages = reports::pages_of(conn, monitoring)?;
    let departures = support_lists::departures_of(conn, &monitoring.list_ids()?)?;
    let start = monitoring.period_start;
    let year_before = start.checked_sub_months(Months::new(12)).unwrap_or(start);
    let day_before = start.checked_sub_days(Days::new(1)).unwrap_or(start);
    let issued = recommendations::issued_within(conn, &monitoring.municipality_id, year_before, day_before)?;
    let span = Span { start, end: monitoring.period_end, report_deadline: monitoring.report_deadline };
    let with_report = reporting.iter().filter(|school| school.items.is_some());
    let reports: Vec<Option<SchoolId>> = with_report.map(|school| Some(school.school_id.clone())).collect();
    let of_reports = |numbers| Counted { numbers, sources: reports.clone() };
    let otherwise = |numbers| Counted { numbers, sources: Vec::new() };
    let of_municipality = |number| Numbers::Municipality(Some(number));
    let pages = pages_up_to_date(&reporting, &pages, span.report_deadline);
    Ok(HashMap::from([
        ("I-18", of_reports(Numbers::Schools(done_in_time(&reporting, measures, span)))),
        ("I-19", of_reports(Numbers::Schools(done_with_evidence(&reporting, measures)))),
        ("I-20", otherwise(of_municipality(reported_in_time(&reporting, &in_time)))),
        ("I-23", of_reports(of_municipality(pages))),
        ("I-24", otherwise(of_municipality(left_lists(&departures, span.end)))),
        ("I-25", otherwise(Numbers::Schools(recommendations_done(&reporting, &issued)))),
    ]))
}

/// What confirmed values say: of a school what its accepted report of this monitoring told, so that
/// a note and the public table sum up the same; of the municipality also what the department entered.
fn told(
    row: &IndicatorRow,
    values: &[&ValueRow],
    schools: &[SnapshotSchool],
    reports: &HashSet<&ReportId>,
) -> Counted {
    let is_told = |value: &ValueRow| value.report_id.as_ref().is_some_and(|id| reports.contains(id));
    let counts = |value: &&&ValueRow| {
        let ours = value.school_id.is_none() || is_told(value);
        ours && value.state == ValueState::Confirmed && value.numerator.is_some()
    };
    let by_subject: HashMap<Option<&SchoolId>, &ValueRow> =
        values.iter().filter(counts).map(|value| (value.school_id.as_ref(), *value)).collect();
    let subjects: Vec<Option<&SchoolId>> = match row.level {
        IndicatorLevel::Municipal => vec![None],
        IndicatorLevel::School => schools.iter().map(|school| Some(&school.school_id)).collect(),
    };
    let found: Vec<&ValueRow> =
        subjects.iter().filter_map(|subject| by_subject.get(subject).copied()).collect();
    let from_reports = found.iter().filter(|value| is_told(value));
    let sources = from_reports.map(|value| value.school_id.clone()).collect();
    let numbers = match row.level {
        IndicatorLevel::Municipal => Numbers::Municipality(found.first().and_then(|value| value.number())),
        IndicatorLevel::School => Numbers::Schools(
            found.iter().filter_map(|value| Some((value.school_id.clone()?, value.number()?))).collect(),
        ),
    };
    Counted { numbers, sources }
}

fn figure(
    indicator: IndicatorRow,
    counted: Counted,
    values: &[&ValueRow],
    conclusions_of: impl Fn(&str) -> Vec<String>,
) -> Figure {
    // Target and baseline need no confirmation.
    let own = values.iter().find(|value| value.school_id.is_none());
    let exact = |hundredths: i32| Decimal::hundredths(i64::from(hundredths));
    let (sum, schools) = match counted.numbers {
        Numbers::Schools(schools) => {
            (Sum::of(indicator.unit, schools.iter().map(|(_, number)| *number)), schools)
        }
        Numbers::Municipality(number) => (Sum::of(indicator.unit, number), Vec::new()),
    };
    Figure {
        target: own.and_then(|value| value.target).map(exact),
        baseline: own.and_then(|value| value.baseline).map(exact),
        conclusions: conclusions_of(&indicator.code),
        sources: counted.sources,
        indicator,
        sum,
        schools,
    }
}

/// Which conclusions the measures feed that declare an indicator.
fn conclusions_of<'a>(
    content: &'a TemplateContent,
    measures: &'a [Measure],
) -> impl Fn(&str) -> Vec<String> + use<'a> {
    move |code| {
        let declaring = measures.iter().filter(|one| one.indicators.iter().any(|other| other == code));
        let criteria: BTreeSet<&String> = declaring.flat_map(|measure| &measure.criteria).collect();
        let fed = content
            .conclusions
            .iter()
            .filter(|conclusion| conclusion.criteria.iter().any(|one| criteria.contains(&one.code)));
        fed.map(|conclusion| conclusion.code.clone()).collect()
    }
}
