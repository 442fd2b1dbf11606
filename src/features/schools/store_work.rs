//! Queries on what holds a school where it is, and on the people who move with it.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::Work;
use super::store::SchoolRow;
use crate::db::AnyConnection;
use crate::db::page::Keyed;
use crate::db::schema::{account_schools, accounts, monitoring_schools, monitorings, reports};
use crate::kit::id::{AccountId, MunicipalityId, SchoolId};

/// States in which a report waits for nobody any more.
const DONE_REPORT: [&str; 2] = ["accepted", "cancelled"];
/// States in which a monitoring waits for nobody any more.
const DONE_MONITORING: [&str; 2] = ["completed", "cancelled"];

/// A school with what it has not finished.
#[derive(Debug, Clone)]
pub struct School {
    /// The school.
    pub row: SchoolRow,
    /// What it has not finished.
    pub work: Work,
}

impl School {
    /// A school that has nothing to finish: a new one, or a closed one. Also one shown to
    /// somebody who may not transfer it: what it has not finished matters to nobody else.
    #[must_use]
    pub fn idle(row: SchoolRow) -> Self {
        Self { row, work: Work::default() }
    }
}

impl Keyed for School {
    fn key(&self, name: &str) -> String {
        match name {
            "short_name" => self.row.short_name_folded.clone(),
            _ => self.row.id.to_string(),
        }
    }
}

/// A school with what it has not finished.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn with_its_work(conn: &mut AnyConnection, row: SchoolRow) -> QueryResult<School> {
    let unfinished = Unfinished::among(conn, &[&row.id])?;
    Ok(School { work: unfinished.of(&row.id), row })
}

/// Schools with what they have not finished, in the same order.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn with_work(conn: &mut AnyConnection, rows: Vec<SchoolRow>) -> QueryResult<Vec<School>> {
    let ids: Vec<&SchoolId> = rows.iter().map(|row| &row.id).collect();
    let unfinished = Unfinished::among(conn, &ids)?;
    Ok(rows.into_iter().map(|row| School { work: unfinished.of(&row.id), row }).collect())
}

/// The schools with a report, and those with a monitoring, that are not finished.
struct Unfinished {
    reports: HashSet<Option<SchoolId>>,
    monitorings: HashSet<SchoolId>,
}

impl Unfinished {
    fn among(conn: &mut AnyConnection, ids: &[&SchoolId]) -> QueryResult<Self> {
        let reports: Vec<Option<SchoolId>> = reports::table
            .filter(reports::school_id.eq_any(ids))
            .filter(reports::status.ne_all(DONE_REPORT))
            .select(reports::school_id)
            .load(conn)?;
        let monitorings: Vec<SchoolId> = monitoring_schools::table
            .inner_join(monitorings::table)
            .filter(monitoring_schools::school_id.eq_any(ids))
            .filter(monitoring_schools::released_on.is_null())
            .filter(monitorings::status.ne_all(DONE_MONITORING))
            .select(monitoring_schools::school_id)
            .load(conn)?;
        Ok(Self { reports: reports.into_iter().collect(), monitorings: monitorings.into_iter().collect() })
    }

    fn of(&self, id: &SchoolId) -> Work {
        Work { report: self.reports.contains(&Some(id.clone())), monitoring: self.monitorings.contains(id) }
    }
}

/// Moves the accounts of a school's people with it; answers with their ids and new versions.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn move_people(
    conn: &mut AnyConnection,
    school: &SchoolId,
    to: &MunicipalityId,
    now: NaiveDateTime,
) -> QueryResult<Vec<(AccountId, i32)>> {
    diesel::update(accounts::table.filter(accounts::school_id.eq(school)))
        .set((
            accounts::municipality_id.eq(to),
            accounts::version.eq(accounts::version + 1),
            accounts::updated_at.eq(now),
        ))
        .execute(conn)?;
    accounts::table
        .filter(accounts::school_id.eq(school))
        .select((accounts::id, accounts::version))
        .order(accounts::id)
        .load(conn)
}

/// Takes a school from its curators; answers with their ids and new versions.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn unassign_curators(
    conn: &mut AnyConnection,
    school: &SchoolId,
    now: NaiveDateTime,
) -> QueryResult<Vec<(AccountId, i32)>> {
    let assigned = account_schools::table.filter(account_schools::school_id.eq(school));
    let curators: Vec<AccountId> = assigned.select(account_schools::account_id).load(conn)?;
    diesel::delete(assigned).execute(conn)?;
    diesel::update(accounts::table.filter(accounts::id.eq_any(&curators)))
        .set((accounts::version.eq(accounts::version + 1), accounts::updated_at.eq(now)))
        .execute(conn)?;
    accounts::table
        .filter(accounts::id.eq_any(&curators))
        .select((accounts::id, accounts::version))
        .order(accounts::id)
        .load(conn)
}
