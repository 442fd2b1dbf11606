//! How a school closes: nothing that it had to do is left open.

use chrono::{Days, NaiveDate};

use super::store;
use super::store_closing;
use super::{flow_monitoring, store::ReportRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::features::monitorings;
use crate::features::schools::{self, ClosureKind, SchoolRow, SchoolStatus};
use crate::features::support_lists;
use crate::kit::code::Code;
use crate::kit::id::SchoolId;
use crate::kit::lang::{Bi, Lang};
use crate::kit::violation::Violation;
use crate::problems;

/// Days for which the people of a closed school still read.
const READ_ONLY_DAYS: u64 = 90;

/// How a school ends.
#[derive(Debug, Clone)]
pub struct Closure {
    /// Reorganised or liquidated.
    pub kind: ClosureKind,
    /// The school that takes its place; inherits nothing.
    pub successor_id: Option<SchoolId>,
    /// The day.
    pub closed_on: NaiveDate,
}

/// The school a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open_school(tx: &mut Tx, scope: &Scope, id: &SchoolId) -> Result<SchoolRow, Error> {
    schools::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses to close a closed school.
///
/// # Errors
///
/// 409 `school-closed`.
pub fn require_active(row: &SchoolRow) -> Result<(), Error> {
    match row.status {
        SchoolStatus::Active => Ok(()),
        SchoolStatus::Closed => Err(Error::blocked(&problems::SCHOOL_CLOSED, &["school-closed"])),
    }
}

/// Closes a school: its open reports are released, its list entries end, what it still had to
/// do by recommendations is cancelled, its accounts only read for 90 days.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn close(tx: &mut Tx, scope: &Scope, row: SchoolRow, closure: Closure) -> Result<SchoolRow, Error> {
    check(tx, scope, &row, &closure)?;
    let reason = closure.kind.label(Lang::Ru);
    for report in store::open_of_school(tx, &row.id)? {
        release(tx, scope, &report, reason)?;
    }
    support_lists::exclude_closed_school(tx, &row.id, closure.closed_on, None)?;
    let now = tx.now();
    for touched in store_closing::cancel_recommendations(tx, &row.id, reason, now)? {
        let (id, version) = (touched.id.as_str(), touched.version);
        tx.record(
            Change::new(Op::Updated, "recommendations", "cancel-for-school", id, version)
                .of(&touched.municipality_id)
                .key(&touched.natural_key())
                .visible(true, true)
                .reason(Some(reason)),
        );
    }
    let until = closure.closed_on.checked_add_days(Days::new(READ_ONLY_DAYS)).unwrap_or(closure.closed_on);
    for (id, version) in store_closing::make_accounts_read_only(tx, &row.id, until, now)? {
        let change = Change::new(Op::Updated, "accounts", "make-read-only", id.as_str(), version);
        tx.record(change.of(&row.municipality_id).reason(Some(reason)));
    }
    schools::close(tx, row, closure.kind, closure.successor_id, closure.closed_on)
}

fn release(tx: &mut Tx, scope: &Scope, report: &ReportRow, reason: &str) -> Result<(), Error> {
    let monitoring = monitorings::lock(tx, scope, &report.monitoring_id)?;
    let place = match &report.school_id {
        Some(school) => flow_monitoring::taking_part(tx, &monitoring, school)?,
        None => None,
    };
    if let Some(place) = place.filter(|place| place.released_on.is_none()) {
        flow_monitoring::release_school(tx, monitoring, &place, reason)?;
    }
    Ok(())
}

fn check(tx: &mut Tx, scope: &Scope, row: &SchoolRow, closure: &Closure) -> Result<(), Error> {
    let mut violations = Vec::new();
    if closure.closed_on > tx.today() {
        let detail = Bi::fixed("Дата ещё не наступила", "The day is yet to come");
        violations.push(Violation::new("/closed_on", "future-date", detail));
    }
    if let Some(id) = &closure.successor_id {
        if closure.kind == ClosureKind::Liquidated {
            let detail = Bi::fixed(
                "У ликвидированной школы нет правопреемника",
                "A liquidated school has no successor",
            );
            violations.push(Violation::new("/successor_id", "not-allowed", detail));
        }
        let known = schools::find(tx, scope, id)?.filter(|school| school.status == SchoolStatus::Active);
        if *id == row.id || known.is_none() {
            let detail = Bi::fixed("Такой действующей школы нет", "There is no such active school");
            violations.push(Violation::new("/successor_id", "unknown-reference", detail));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}
