//! How what reports tell becomes values, and ceases to be confirmed.

use chrono::NaiveDate;

use super::super::domain::Number;
use super::flow::save;
use super::period::ValueState;
use super::store::{self, ValueKey, ValueRow};
use crate::db::Tx;
use crate::error::Error;
use crate::kit::id::{IndicatorId, IndicatorValueId, MunicipalityId, ReportId, SchoolId};
use crate::problems;

/// A number that an accepted report tells of an indicator.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The indicator.
    pub indicator_id: IndicatorId,
    /// What was counted.
    pub number: Number,
}

/// Whose numbers a report tells, and of which period.
#[derive(Debug, Clone)]
pub struct Telling {
    /// The report.
    pub report_id: ReportId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The school; `None`: the municipality itself.
    pub school_id: Option<SchoolId>,
    /// First day and last day.
    pub period: (NaiveDate, NaiveDate),
}

/// Confirms the numbers of a report that is being accepted. Targets and baselines stay; a number
/// that the department typed gives way to the one that was reviewed now; what an earlier acceptance
/// of the report confirmed and it tells no more is no longer confirmed. Two monitorings may look at
/// the same period: what the other one's accepted report told stays its own.
///
/// # Errors
///
/// 409 `value-from-report` when another accepted report told another number.
pub fn confirm(tx: &mut Tx, telling: &Telling, counted: &[Counted]) -> Result<(), Error> {
    store::lock_all_of(tx, &telling.municipality_id)?;
    reopen_but(tx, &telling.report_id, counted)?;
    let subject =
        telling.school_id.as_ref().map_or(telling.municipality_id.as_str(), SchoolId::as_str).to_owned();
    for one in counted {
        let key = ValueKey {
            indicator_id: one.indicator_id.clone(),
            municipality_id: telling.municipality_id.clone(),
            subject: subject.clone(),
            period_start: telling.period.0,
            period_end: telling.period.1,
        };
        let old = store::by_key(tx, &key)?;
        let elsewhere =
            old.as_ref().filter(|old| old.is_told() && old.report_id.as_ref() != Some(&telling.report_id));
        match elsewhere {
            Some(old) if old.number() == Some(one.number) => continue,
            Some(_) => {
                return Err(Error::blocked(&problems::VALUE_FROM_REPORT, &["told-in-another-report"]));
            }
            None => {}
        }
        let row = ValueRow {
            id: old.as_ref().map_or_else(IndicatorValueId::generate, |old| old.id.clone()),
            indicator_id: key.indicator_id,
            subject: key.subject,
            municipality_id: key.municipality_id,
            school_id: telling.school_id.clone(),
            period_start: key.period_start,
            period_end: key.period_end,
            numerator: Some(one.number.numerator),
            denominator: one.number.denominator,
            target: old.as_ref().and_then(|old| old.target),
            baseline: old.as_ref().and_then(|old| old.baseline),
            state: ValueState::Confirmed,
            report_id: Some(telling.report_id.clone()),
            version: old.as_ref().map_or(1, |old| old.version),
            created_at: old.as_ref().map_or(tx.now(), |old| old.created_at),
            updated_at: old.as_ref().map_or(tx.now(), |old| old.updated_at),
        };
        save(tx, old, row)?;
    }
    Ok(())
}

/// Takes the confirmation back of what a report told: it is being corrected, or counts no more.
///
/// # Errors
///
/// Database failures only.
pub fn reopen(tx: &mut Tx, municipality: &MunicipalityId, report: &ReportId) -> Result<(), Error> {
    store::lock_all_of(tx, municipality)?;
    reopen_but(tx, report, &[])
}

fn reopen_but(tx: &mut Tx, report: &ReportId, told: &[Counted]) -> Result<(), Error> {
    for old in store::of_report(tx, report)? {
        let stays = told.iter().any(|one| one.indicator_id == old.indicator_id);
        if !stays && old.state == ValueState::Confirmed {
            let row = ValueRow { state: ValueState::Entered, ..old.clone() };
            save(tx, Some(old), row)?;
        }
    }
    Ok(())
}
