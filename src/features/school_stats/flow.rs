//! What happens to the statistics of a school, within one transaction.

use super::domain::{self, Outcome, Totals};
use super::store::{self, AssessmentRow, Stat, StatRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::features::schools::{self, SchoolRow, SchoolStatus};
use crate::kit::academic_year::AcademicYear;
use crate::kit::id::SchoolId;
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// What the department says of a school in an academic year, complete.
#[derive(Debug, Clone)]
pub struct StatText {
    /// The totals.
    pub totals: Totals,
    /// The results, subjects as typed.
    pub results: Vec<Outcome>,
}

/// The school a request is about, locked, so that two years of it are not written side by side.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &SchoolId) -> Result<SchoolRow, Error> {
    schools::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses to write about a closed school.
///
/// # Errors
///
/// 409 `school-closed`.
pub fn require_active(school: &SchoolRow) -> Result<(), Error> {
    match school.status {
        SchoolStatus::Active => Ok(()),
        SchoolStatus::Closed => {
            Err(Error::blocked(&problems::SCHOOL_CLOSED, &[problems::SCHOOL_CLOSED.slug]))
        }
    }
}

/// Stores what `text` says of the year; what changes nothing keeps its version.
///
/// # Errors
///
/// 422 with everything that does not fit the school, the year or itself.
pub fn put(
    tx: &mut Tx,
    school: &SchoolRow,
    year: AcademicYear,
    old: Option<Stat>,
    text: StatText,
) -> Result<Stat, Error> {
    let StatText { totals, results: given } = text;
    let results = rows_of(school, year, given.clone());
    let row = StatRow {
        school_id: school.id.clone(),
        academic_year: year.start(),
        pupils_total: totals.pupils,
        graduates_9: totals.graduates_9,
        graduates_11: totals.graduates_11,
        teachers_total: totals.teachers,
        version: old.as_ref().map_or(1, |old| old.row.version),
        created_at: old.as_ref().map_or(tx.now(), |old| old.row.created_at),
        updated_at: old.as_ref().map_or(tx.now(), |old| old.row.updated_at),
    };
    let mut stat = Stat { row, results };
    match old {
        // Before the rules: the school may have changed since, what is stored of it has not.
        Some(old) if old.row == stat.row && old.results == stat.results => return Ok(old),
        Some(_) => {
            check(tx, school, year, totals, &given)?;
            stat.row.version += 1;
            stat.row.updated_at = tx.now();
            store::update(tx, &stat)?;
            record(tx, school, &stat.row, Op::Updated, "update");
        }
        None => {
            check(tx, school, year, totals, &given)?;
            store::insert(tx, &stat)?;
            record(tx, school, &stat.row, Op::Created, "create");
        }
    }
    Ok(stat)
}

fn check(
    tx: &mut Tx,
    school: &SchoolRow,
    year: AcademicYear,
    totals: Totals,
    results: &[Outcome],
) -> Result<(), Error> {
    let levels = school.levels()?;
    let folded: Vec<Outcome> = results
        .iter()
        .map(|result| Outcome { subject: text::folded(&result.subject), ..result.clone() })
        .collect();
    let mut violations = Vec::new();
    if !year.has_begun(tx.today()) {
        let detail = Bi::fixed("Этот учебный год ещё не начался", "That academic year has not begun yet");
        violations.push(Violation::new("", "year-not-begun", detail));
    }
    violations.extend(domain::check_totals(totals, &levels));
    let taken = store::taken_elsewhere(tx, &school.id, year)?;
    violations.extend(domain::check_outcomes(&folded, year, &levels, &taken, tx.today()));
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

fn rows_of(school: &SchoolRow, year: AcademicYear, results: Vec<Outcome>) -> Vec<AssessmentRow> {
    let row = |result: Outcome| AssessmentRow {
        school_id: school.id.clone(),
        academic_year: year.start(),
        assessment: result.assessment,
        subject_folded: text::folded(&result.subject),
        subject: result.subject,
        grade: result.grade,
        year: result.year,
        participants: result.participants,
        below_minimum: result.below_minimum,
    };
    let mut rows: Vec<AssessmentRow> = results.into_iter().map(row).collect();
    store::sort(&mut rows);
    rows
}

fn record(tx: &mut Tx, school: &SchoolRow, row: &StatRow, op: Op, action: &'static str) {
    let id = format!("{}/{}", row.school_id, row.academic_year);
    tx.record(Change::new(op, "school-stats", action, &id, row.version).of(&school.municipality_id));
}
