//! Conclusions of a monitoring: derived from its reports, edited by people, frozen by a note.

use std::collections::HashMap;

use chrono::NaiveDateTime;

use super::derive::derive;
use super::domain::{Conclusion, Input, Subject, SubjectReport};
use super::store::{self, ConclusionRow};
use crate::db::{AnyConnection, Change, Json, Op, Tx};
use crate::error::Error;
use crate::features::conclusion_templates;
use crate::features::monitorings::{self, MonitoringRow, MonitoringStatus, SnapshotSchool};
use crate::features::reports::{self, ReportStatus, ReportSubject};
use crate::features::road_maps;
use crate::kit::id::{AccountId, MonitoringId, SchoolId};
use crate::problems;

/// All conclusions of a monitoring, and the schools that they speak of.
#[derive(Debug, Clone)]
pub struct Conclusions {
    /// In the order of the template.
    pub items: Vec<ConclusionInForce>,
    /// The snapshot, released schools included, by name.
    pub schools: Vec<SnapshotSchool>,
}

/// A conclusion with what people made of it.
#[derive(Debug, Clone)]
pub struct ConclusionInForce {
    /// What the reports say, or said when the note was signed.
    pub derived: Conclusion,
    /// The text of a person, in force instead of the generated one.
    pub edited_text: Option<String>,
    /// Who wrote it.
    pub edited_by: Option<AccountId>,
    /// When, UTC.
    pub edited_at: Option<NaiveDateTime>,
    /// Optimistic lock; 1 while nothing is kept of it.
    pub version: i32,
}

impl ConclusionInForce {
    /// The text in force.
    #[must_use]
    pub fn text(&self) -> &str {
        self.edited_text.as_deref().unwrap_or(&self.derived.generated_text)
    }
}

impl Conclusions {
    /// The conclusion with this number.
    ///
    /// # Errors
    ///
    /// 404 when the template has none.
    pub fn find(&self, code: &str) -> Result<&ConclusionInForce, Error> {
        self.items.iter().find(|item| item.derived.code == code).ok_or_else(Error::not_found)
    }
}

/// What the state of the monitoring puts in the way of editing.
#[must_use]
pub fn blockers(monitoring: &MonitoringRow) -> Vec<&'static str> {
    match monitoring.status {
        _ if monitoring.frozen_at.is_some() => vec!["monitoring-frozen"],
        MonitoringStatus::Planned => vec!["monitoring-planned"],
        MonitoringStatus::Cancelled => vec!["monitoring-cancelled"],
        _ => vec![],
    }
}

/// Refuses to edit what a note holds, and conclusions of a monitoring that is not going on.
///
/// # Errors
///
/// 409 `monitoring-frozen` or `monitoring-state`.
pub fn require(monitoring: &MonitoringRow) -> Result<(), Error> {
    let blockers = blockers(monitoring);
    match (monitoring.frozen_at.is_some(), blockers.is_empty()) {
        (true, _) => Err(Error::blocked(&problems::MONITORING_FROZEN, &blockers)),
        (false, false) => Err(Error::blocked(&problems::MONITORING_STATE, &blockers)),
        (false, true) => Ok(()),
    }
}

/// All conclusions of a monitoring: those frozen by its note, else derived from the reports
/// that are accepted now.
///
/// Reads a fixed number of times, however many schools and measures there are. Takes no
/// scope: the caller holds the monitoring.
///
/// # Errors
///
/// 409 `monitoring-state` before the monitoring is opened.
pub fn derive_all(conn: &mut AnyConnection, monitoring: &MonitoringRow) -> Result<Conclusions, Error> {
    let (Some(_), Some(template)) = (monitoring.opened_at, &monitoring.conclusion_template_id) else {
        return Err(Error::blocked(&problems::MONITORING_STATE, &["monitoring-not-opened"]));
    };
    let mut kept: HashMap<String, ConclusionRow> =
        store::rows_of(conn, &monitoring.id)?.into_iter().map(|row| (row.code.clone(), row)).collect();
    let schools = monitorings::schools_of(conn, &monitoring.id)?;
    let content = conclusion_templates::content_of(conn, template)?.ok_or(diesel::NotFound)?;
    let frozen = monitoring.frozen_at.is_some();
    let derived = if frozen {
        let mut frozen_of =
            |code: &str| kept.get_mut(code).and_then(|row| row.frozen.take()).map(Json::into_inner);
        content.conclusions.iter().filter_map(|template| frozen_of(&template.code)).collect()
    } else {
        let measures = road_maps::measures_of(conn, &monitoring.road_map_id)?;
        let (subjects, municipality) = subjects(&schools, reports::subjects_of(conn, &monitoring.id)?)?;
        derive(&Input {
            content: &content,
            measures: &measures,
            report_deadline: monitoring.report_deadline,
            subjects: &subjects,
            municipality: municipality.as_ref(),
        })
    };
    let items = derived.into_iter().map(|derived| in_force(kept.remove(&derived.code), derived)).collect();
    Ok(Conclusions { items, schools })
}

fn in_force(row: Option<ConclusionRow>, derived: Conclusion) -> ConclusionInForce {
    match row {
        None => {
            ConclusionInForce { derived, edited_text: None, edited_by: None, edited_at: None, version: 1 }
        }
        Some(row) => ConclusionInForce {
            derived,
            edited_text: row.edited_text,
            edited_by: row.edited_by,
            edited_at: row.edited_at,
            version: row.version,
        },
    }
}

/// The schools with their accepted reports, and the municipality's own one.
fn subjects(
    schools: &[SnapshotSchool],
    reports: Vec<ReportSubject>,
) -> Result<(Vec<Subject>, Option<SubjectReport>), Error> {
    let accepted = reports.into_iter().filter(|report| report.status == ReportStatus::Accepted);
    let mut by_school: HashMap<Option<SchoolId>, SubjectReport> = accepted
        .map(|report| {
            let items = report.items.into_iter().map(|item| (item.measure_id.clone(), item)).collect();
            (
                report.school_id,
                SubjectReport { report_id: report.report_id, version: report.submission, items },
            )
        })
        .collect();
    let mut subjects = Vec::with_capacity(schools.len());
    for school in schools {
        subjects.push(Subject {
            school_id: school.school_id.clone(),
            short_name: school.short_name.clone(),
            education_levels: serde_json::from_str(&school.education_levels)?,
            released: school.released_on.is_some(),
            report: by_school.remove(&Some(school.school_id.clone())),
        });
    }
    Ok((subjects, by_school.remove(&None)))
}

/// Puts a person's text in force, or the generated one again; the same text changes nothing.
///
/// # Errors
///
/// Database failures only.
pub fn edit(
    tx: &mut Tx,
    monitoring: &MonitoringRow,
    mut item: ConclusionInForce,
    text: Option<String>,
) -> Result<ConclusionInForce, Error> {
    if item.edited_text == text {
        return Ok(item);
    }
    item.edited_by = text.as_ref().and(tx.actor().account_id.clone());
    item.edited_at = text.as_ref().map(|_| tx.now());
    item.edited_text = text;
    item.version += 1;
    store::put(tx, &monitoring.id, &[row_of(monitoring, &item, None)])?;
    tx.record(change(monitoring, "update", &item));
    Ok(item)
}

/// Keeps the conclusions as they stand; from now on they are read as kept.
///
/// # Errors
///
/// Database failures only.
pub fn freeze(tx: &mut Tx, monitoring: &MonitoringRow, conclusions: &Conclusions) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(conclusions.items.len());
    for item in &conclusions.items {
        let mut item = item.clone();
        item.version += 1;
        let frozen = Json::of(item.derived.clone())?;
        rows.push(row_of(monitoring, &item, Some(frozen)));
        tx.record(change(monitoring, "freeze", &item).visible(false, true));
    }
    store::put(tx, &monitoring.id, &rows)?;
    Ok(())
}

/// Tells regional readers that the conclusions of a monitoring are no longer held by a note: they
/// see none until one is signed again.
///
/// # Errors
///
/// Database failures only.
pub fn thaw(tx: &mut Tx, monitoring: &MonitoringRow) -> Result<(), Error> {
    for row in store::rows_of(tx, &monitoring.id)?.into_iter().filter(|row| row.frozen.is_some()) {
        let id = journal_id(&monitoring.id, &row.code);
        tx.record(
            Change::new(Op::Updated, "conclusions", "thaw", &id, row.version)
                .of(&monitoring.municipality_id)
                .key(&id)
                .visible(true, false),
        );
    }
    Ok(())
}

fn row_of(
    monitoring: &MonitoringRow,
    item: &ConclusionInForce,
    frozen: Option<Json<Conclusion>>,
) -> ConclusionRow {
    ConclusionRow {
        monitoring_id: monitoring.id.clone(),
        code: item.derived.code.clone(),
        municipality_id: monitoring.municipality_id.clone(),
        edited_text: item.edited_text.clone(),
        edited_by: item.edited_by.clone(),
        edited_at: item.edited_at,
        frozen,
        version: item.version,
    }
}

/// A conclusion in the journal: it is named by its monitoring and its number.
fn change(monitoring: &MonitoringRow, action: &'static str, item: &ConclusionInForce) -> Change {
    let id = journal_id(&monitoring.id, &item.derived.code);
    Change::new(Op::Updated, "conclusions", action, &id, item.version)
        .of(&monitoring.municipality_id)
        .key(&id)
}

pub(super) fn journal_id(monitoring: &MonitoringId, code: &str) -> String {
    format!("{monitoring}/{code}")
}
