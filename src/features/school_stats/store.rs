//! Queries on the statistics of schools.
//!
//! The rows have no municipality of their own: they belong to the school, which takes them along
//! when it moves. Whoever asks has found the school within his scope first.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::{AssessmentKind, OutcomeKey};
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{school_assessments as assessments, school_stats as stats, schools};
use crate::db::{AnyConnection, insert_all, keyset};
use crate::features::schools::{SchoolRow, SchoolStatus};
use crate::kit::academic_year::AcademicYear;
use crate::kit::id::{MunicipalityId, SchoolId};

/// The totals of a school in an academic year, as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = stats, treat_none_as_null = true)]
pub struct StatRow {
    /// The school.
    pub school_id: SchoolId,
    /// The first calendar year of the academic year.
    pub academic_year: i32,
    /// Pupils.
    pub pupils_total: i32,
    /// Who finished grade 9.
    pub graduates_9: Option<i32>,
    /// Who finished grade 11.
    pub graduates_11: Option<i32>,
    /// Teachers.
    pub teachers_total: i32,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

/// A result in one procedure, as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = assessments, treat_none_as_default_value = false)]
pub struct AssessmentRow {
    /// The school.
    pub school_id: SchoolId,
    /// The first calendar year of the academic year.
    pub academic_year: i32,
    /// Which assessment.
    pub assessment: AssessmentKind,
    /// Subject, as typed.
    pub subject: String,
    /// Folded subject: what tells subjects apart.
    pub subject_folded: String,
    /// Grade.
    pub grade: i32,
    /// Calendar year.
    pub year: i32,
    /// Pupils who took part.
    pub participants: i32,
    /// Of these, below the minimum.
    pub below_minimum: i32,
}

/// The statistics of a school in an academic year, whole.
#[derive(Debug, Clone)]
pub struct Stat {
    /// The totals.
    pub row: StatRow,
    /// The results, by assessment, grade, subject and year.
    pub results: Vec<AssessmentRow>,
}

impl Keyed for Stat {
    fn key(&self, _: &str) -> String {
        self.row.academic_year.to_string()
    }
}

/// The statistics of a school, at most `page.limit + 1` years.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn years_of(
    conn: &mut AnyConnection,
    school: &SchoolRow,
    years: Option<&[i32]>,
    page: &Page,
) -> QueryResult<Listed<Stat>> {
    let matching = || {
        let mut query = stats::table.filter(stats::school_id.eq(&school.id)).into_boxed();
        if let Some(years) = years {
            query = query.filter(stats::academic_year.eq_any(years));
        }
        if let Some(ids) = &page.ids {
            let named: Vec<i32> = ids.iter().flat_map(|id| id.parse()).collect();
            query = query.filter(stats::academic_year.eq_any(named));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(StatRow::as_select());
    keyset!(query, page, stats::table, { "academic_year" => stats::academic_year => i32 });
    let rows: Vec<StatRow> = query.load(conn)?;
    Ok(Listed { rows: with_results(conn, school, rows)?, count })
}

/// The statistics of a school in one academic year.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn of_year(
    conn: &mut AnyConnection,
    school: &SchoolRow,
    year: AcademicYear,
) -> QueryResult<Option<Stat>> {
    let found = stats::table.find((&school.id, year.start())).select(StatRow::as_select()).first(conn);
    let rows: Option<StatRow> = found.optional()?;
    Ok(with_results(conn, school, rows.into_iter().collect())?.pop())
}

fn with_results(conn: &mut AnyConnection, school: &SchoolRow, rows: Vec<StatRow>) -> QueryResult<Vec<Stat>> {
    let years: Vec<i32> = rows.iter().map(|row| row.academic_year).collect();
    let mut found: Vec<AssessmentRow> = assessments::table
        .filter(assessments::school_id.eq(&school.id))
        .filter(assessments::academic_year.eq_any(years))
        .select(AssessmentRow::as_select())
        .load(conn)?;
    sort(&mut found);
    let stat = |row: StatRow| {
        let own = found.iter().filter(|result| result.academic_year == row.academic_year);
        Stat { results: own.cloned().collect(), row }
    };
    Ok(rows.into_iter().map(stat).collect())
}

/// The one order of results: never by how good they are.
pub(super) fn sort(results: &mut [AssessmentRow]) {
    results.sort_by(|one, other| {
        let key = |row: &AssessmentRow| (row.assessment, row.grade);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.subject_folded.cmp(&other.subject_folded))
            .then_with(|| one.year.cmp(&other.year))
    });
}

/// The results of a school that stand in other academic years than this one.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn taken_elsewhere(
    conn: &mut AnyConnection,
    school: &SchoolId,
    year: AcademicYear,
) -> QueryResult<HashSet<OutcomeKey>> {
    let found: Vec<OutcomeKey> = assessments::table
        .filter(assessments::school_id.eq(school))
        .filter(assessments::academic_year.ne(year.start()))
        .select((assessments::assessment, assessments::subject_folded, assessments::grade, assessments::year))
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// The results of a municipality's active schools in the calendar years from `first` to `last`,
/// by school.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn results_within(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    first: i32,
    last: i32,
) -> QueryResult<Vec<AssessmentRow>> {
    let active = schools::table
        .filter(schools::municipality_id.eq(municipality))
        .filter(schools::status.eq(SchoolStatus::Active))
        .select(schools::id);
    assessments::table
        .filter(assessments::school_id.eq_any(active))
        .filter(assessments::year.between(first, last))
        .select(AssessmentRow::as_select())
        .order((assessments::school_id, assessments::year))
        .load(conn)
}

/// Stores the statistics of a year for the first time.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, stat: &Stat) -> QueryResult<()> {
    diesel::insert_into(stats::table).values(&stat.row).execute(conn)?;
    insert_all!(conn, assessments::table, &stat.results)
}

/// Replaces the statistics of a year.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, stat: &Stat) -> QueryResult<()> {
    let StatRow { school_id, academic_year, .. } = &stat.row;
    diesel::update(stats::table.find((school_id, academic_year))).set(&stat.row).execute(conn)?;
    let own = assessments::table
        .filter(assessments::school_id.eq(school_id))
        .filter(assessments::academic_year.eq(academic_year));
    diesel::delete(own).execute(conn)?;
    insert_all!(conn, assessments::table, &stat.results)
}
