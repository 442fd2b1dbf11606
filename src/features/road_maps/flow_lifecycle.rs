//! The life of a road map: approved, amended, closed, cancelled, copied to another year.

use chrono::NaiveDate;

use super::deadline::shifted;
use super::domain::RoadMapStatus;
use super::flow::{change, measure_change, touch};
use super::store::{self, RoadMapRow};
use super::store_facts::{self, RoadMapView};
use super::store_measures::{self, MeasureRow};
use crate::auth::Scope;
use crate::db::{Json, Op, Tx};
use crate::error::Error;
use crate::features::orders;
use crate::kit::id::{MeasureId, RoadMapId};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// The act by which a school approves its own map.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its number.
    pub number: String,
    /// Its date.
    pub date: NaiveDate,
}

/// Puts a draft into force; the edition that it amends becomes archived.
///
/// # Errors
///
/// 422 when a school's own map comes without its approval, or a municipal one with it.
pub fn approve(
    tx: &mut Tx,
    scope: &Scope,
    mut row: RoadMapRow,
    approval: Option<Approval>,
) -> Result<RoadMapView, Error> {
    check_approval(&row, approval.as_ref(), tx.today())?;
    if let Some(id) = &row.amends_id {
        let old = store::find_for_change(tx, scope, id)?;
        if let Some(old) = old.filter(|old| old.status == RoadMapStatus::Approved) {
            archive(tx, old)?;
        }
    }
    row.status = RoadMapStatus::Approved;
    row.approved_at = Some(tx.now());
    row.approval_number = approval.as_ref().map(|act| act.number.clone());
    row.approval_date = approval.as_ref().map(|act| act.date);
    touch(tx, &mut row);
    store::update(tx, &row)?;
    let order = match &row.order_id {
        Some(id) => orders::find(tx, scope, id)?.map(|order| order.number),
        None => row.approval_number.clone(),
    };
    let mut approved = change(&row, Op::Updated, "approve", Some(RoadMapStatus::Draft));
    if let Some(number) = order {
        approved = approved.by_order(&number);
    }
    tx.record(approved);
    for measure in store_measures::measure_rows_of(tx, &row.id)? {
        // Regional readers see the measures from now on, though no measure changes.
        tx.record(measure_change(&measure, row.status, Op::Updated, "approve").visible(false, true));
    }
    Ok(store_facts::view(tx, row)?)
}

fn check_approval(row: &RoadMapRow, approval: Option<&Approval>, today: NaiveDate) -> Result<(), Error> {
    let violation = match (row.school_id.is_some(), approval) {
        (true, None) => {
            let detail = Bi::fixed(
                "Укажите номер и дату акта, которым школа утверждает карту",
                "Give number and date of the act by which the school approves the map",
            );
            Violation::new("/approval", "required", detail)
        }
        (false, Some(_)) => {
            let detail = Bi::fixed(
                "Муниципальная карта утверждается приказом: укажите order_id",
                "A municipal map is approved by its order: see order_id",
            );
            Violation::new("/approval", "not-allowed", detail)
        }
        (true, Some(act)) if act.date > today => {
            let detail = Bi::fixed("Дата акта ещё не наступила", "The date of the act is in the future");
            Violation::new("/approval/date", "range", detail)
        }
        _ => return Ok(()),
    };
    Err(Error::invalid(vec![violation]))
}

fn archive(tx: &mut Tx, mut old: RoadMapRow) -> Result<(), Error> {
    old.status = RoadMapStatus::Archived;
    touch(tx, &mut old);
    store::update(tx, &old)?;
    tx.record(change(&old, Op::Updated, "archive", Some(RoadMapStatus::Approved)));
    Ok(())
}

/// Starts the next edition: the same text and measures, to be approved by an act of its own.
///
/// # Errors
///
/// 409 `amendment-exists` when somebody starts it at the same moment.
pub fn amend(tx: &mut Tx, old: &RoadMapRow) -> Result<RoadMapView, Error> {
    let mut row = draft_of(tx, old);
    row.edition = old.edition + 1;
    row.amends_id = Some(old.id.clone());
    row.copied_from_id = None;
    let measures = store_measures::measure_rows_of(tx, &old.id)?;
    let measures = measures.into_iter().map(|measure| carried(tx, measure, &row.id)).collect();
    store_with_measures(tx, row, measures, "amend")
}

/// Starts the map of a year to come: dates shifted by whole years, to be looked at one by one.
///
/// # Errors
///
/// The database's own failures.
pub fn copy(tx: &mut Tx, old: &RoadMapRow, years: i32, title: Option<String>) -> Result<RoadMapView, Error> {
    let mut row = draft_of(tx, old);
    row.edition = 1;
    row.amends_id = None;
    row.copied_from_id = Some(old.id.clone());
    row.period_start = shifted(old.period_start, years);
    row.period_end = shifted(old.period_end, years);
    if let Some(title) = title {
        row.search_text = text::folded(&format!("{title} {}", row.goal.as_deref().unwrap_or_default()));
        row.title = title;
    }
    let mut measures = Vec::new();
    for measure in store_measures::measure_rows_of(tx, &old.id)? {
        let deadline = measure.deadline.shifted_by_years(years);
        measures.push(MeasureRow {
            needs_review: deadline != *measure.deadline,
            due_date: deadline.due_day(),
            deadline: Json::of(deadline)?,
            ..carried(tx, measure, &row.id)
        });
    }
    store_with_measures(tx, row, measures, "copy")
}

/// A draft with the text of `old` and no act of its own yet.
fn draft_of(tx: &Tx, old: &RoadMapRow) -> RoadMapRow {
    RoadMapRow {
        id: RoadMapId::generate(),
        order_id: None,
        approval_number: None,
        approval_date: None,
        status: RoadMapStatus::Draft,
        approved_at: None,
        closed_at: None,
        cancel_reason: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
        ..old.clone()
    }
}

/// The measure in another map: a new id, the same lineage.
fn carried(tx: &Tx, measure: MeasureRow, map: &RoadMapId) -> MeasureRow {
    MeasureRow {
        id: MeasureId::generate(),
        road_map_id: map.clone(),
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
        ..measure
    }
}

fn store_with_measures(
    tx: &mut Tx,
    row: RoadMapRow,
    measures: Vec<MeasureRow>,
    action: &'static str,
) -> Result<RoadMapView, Error> {
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::AMENDMENT_EXISTS))?;
    store_measures::insert(tx, &measures)?;
    tx.record(change(&row, Op::Created, action, None));
    for measure in &measures {
        tx.record(measure_change(measure, row.status, Op::Created, action));
    }
    Ok(store_facts::view(tx, row)?)
}

/// Ends an approved map.
///
/// # Errors
///
/// The database's own failures.
pub fn close(tx: &mut Tx, mut row: RoadMapRow) -> Result<RoadMapView, Error> {
    row.status = RoadMapStatus::Closed;
    row.closed_at = Some(tx.now());
    touch(tx, &mut row);
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, "close", Some(RoadMapStatus::Approved)));
    Ok(store_facts::view(tx, row)?)
}

/// Drops a draft and keeps it to be read.
///
/// # Errors
///
/// The database's own failures.
pub fn cancel(tx: &mut Tx, mut row: RoadMapRow, reason: String) -> Result<RoadMapView, Error> {
    row.status = RoadMapStatus::Cancelled;
    row.cancel_reason = Some(reason.clone());
    touch(tx, &mut row);
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, "cancel", Some(RoadMapStatus::Draft)).reason(Some(&reason)));
    Ok(store_facts::view(tx, row)?)
}
