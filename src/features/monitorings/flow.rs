//! What happens to monitorings, each within one transaction.

use chrono::NaiveDate;

use super::domain::{self, MonitoringStatus, Step};
use super::store::{self, ExtensionRow, MonitoringRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::features::orders::{self, OrderStatus};
use crate::features::{road_maps, support_lists};
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, OrderId, RoadMapId, SchoolId, SupportListId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// The plan of a monitoring, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The road map whose execution it watches.
    pub road_map_id: RoadMapId,
    /// The order that opens it.
    pub order_id: OrderId,
    /// The lists whose schools take part.
    pub support_list_ids: Vec<SupportListId>,
    /// First day of the period.
    pub period_start: NaiveDate,
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// Last day on which a report is in time.
    pub report_deadline: NaiveDate,
}

/// More time for some schools.
#[derive(Debug, Clone)]
pub struct Extension {
    /// The schools.
    pub school_ids: Vec<SchoolId>,
    /// Last day on which they may submit.
    pub until: NaiveDate,
    /// Why.
    pub reason: String,
    /// By which order.
    pub order_id: OrderId,
}

/// The monitoring a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn lock(tx: &mut Tx, scope: &Scope, id: &MonitoringId) -> Result<MonitoringRow, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses a step that the state does not allow.
///
/// # Errors
///
/// 409 `monitoring-state` with what stands in the way.
pub fn require(row: &MonitoringRow, step: Step) -> Result<(), Error> {
    let blockers = step.blockers(row.status);
    if blockers.is_empty() { Ok(()) } else { Err(Error::blocked(&problems::MONITORING_STATE, &blockers)) }
}

/// Stores a plan.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn create(tx: &mut Tx, scope: &Scope, plan: Plan) -> Result<MonitoringRow, Error> {
    let municipality = scope.municipality().cloned().ok_or_else(Error::not_found)?;
    check(tx, scope, &plan)?;
    let now = tx.now();
    let row = MonitoringRow {
        id: MonitoringId::generate(),
        municipality_id: municipality,
        road_map_id: plan.road_map_id,
        conclusion_template_id: None,
        order_id: plan.order_id,
        support_list_ids: serde_json::to_string(&plan.support_list_ids)?,
        period_start: plan.period_start,
        period_end: plan.period_end,
        report_deadline: plan.report_deadline,
        status: MonitoringStatus::Planned,
        opened_at: None,
        opened_on: None,
        frozen_at: None,
        cancel_reason: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &row)?;
    record(tx, &row, Op::Created, "create", None, None);
    Ok(row)
}

/// Changes a plan; an unchanged one keeps its version.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn update(
    tx: &mut Tx,
    scope: &Scope,
    mut row: MonitoringRow,
    plan: Plan,
) -> Result<MonitoringRow, Error> {
    if plan_of(&row)? == plan {
        return Ok(row);
    }
    check(tx, scope, &plan)?;
    row.road_map_id = plan.road_map_id;
    row.order_id = plan.order_id;
    row.support_list_ids = serde_json::to_string(&plan.support_list_ids)?;
    row.period_start = plan.period_start;
    row.period_end = plan.period_end;
    row.report_deadline = plan.report_deadline;
    save(tx, row, "update", Some(MonitoringStatus::Planned), None)
}

/// Deletes a plan.
///
/// # Errors
///
/// Database failures only.
pub fn delete(tx: &mut Tx, row: &MonitoringRow) -> Result<(), Error> {
    store::delete(tx, &row.id)?;
    record(tx, row, Op::Deleted, "delete", Some(row.status), None);
    Ok(())
}

/// Takes a monitoring to another state, once the step was allowed.
///
/// # Errors
///
/// Database failures only.
pub fn advance(
    tx: &mut Tx,
    mut row: MonitoringRow,
    to: MonitoringStatus,
    action: &'static str,
    reason: Option<&str>,
) -> Result<MonitoringRow, Error> {
    let from = row.status;
    row.status = to;
    if to == MonitoringStatus::Cancelled {
        row.cancel_reason = reason.map(str::to_owned);
    }
    save(tx, row, action, Some(from), reason)
}

/// Opens a monitoring on the edition and template given; its reports are the caller's part.
///
/// # Errors
///
/// Database failures only.
pub fn store_opened(
    tx: &mut Tx,
    mut row: MonitoringRow,
    template: crate::kit::id::TemplateId,
) -> Result<MonitoringRow, Error> {
    row.conclusion_template_id = Some(template);
    row.opened_at = Some(tx.now());
    row.opened_on = Some(tx.today());
    advance(tx, row, MonitoringStatus::Open, "open", None)
}

/// Holds the reports: a signed note counted them.
///
/// # Errors
///
/// Database failures only.
pub fn freeze(tx: &mut Tx, row: &MonitoringRow) -> Result<MonitoringRow, Error> {
    let mut row = row.clone();
    row.frozen_at = Some(tx.now());
    let status = row.status;
    save(tx, row, "freeze", Some(status), None)
}

/// Lets the reports go: the note is being replaced. A completed monitoring is analysed again.
///
/// # Errors
///
/// Database failures only.
pub fn thaw(tx: &mut Tx, row: &MonitoringRow) -> Result<MonitoringRow, Error> {
    let mut row = row.clone();
    let from = row.status;
    row.frozen_at = None;
    if from == MonitoringStatus::Completed {
        row.status = MonitoringStatus::Analysed;
    }
    save(tx, row, "thaw", Some(from), None)
}

/// Gives schools of the snapshot more time by a registered order.
///
/// # Errors
///
/// 409 `order-not-registered`; 422 for schools named twice or that do not take part, a day that is past or
/// lies before the deadline, an unknown order.
pub fn extend(
    tx: &mut Tx,
    scope: &Scope,
    row: MonitoringRow,
    given: Extension,
) -> Result<MonitoringRow, Error> {
    let order = orders::find_for_change(tx, scope, &given.order_id)?;
    if order.as_ref().is_some_and(|order| order.status != OrderStatus::Registered) {
        return Err(Error::blocked(&problems::ORDER_NOT_REGISTERED, &["order-not-registered"]));
    }
    let taking_part = store::schools_of(tx, &row.id)?;
    let mut violations = domain::check_extension(given.until, row.report_deadline, tx.today());
    violations.extend(repeated("/school_ids", &given.school_ids));
    for (place, id) in given.school_ids.iter().enumerate() {
        if !taking_part.iter().any(|school| school.school_id == *id && school.released_on.is_none()) {
            let detail = Bi::fixed("Школа не участвует в мониторинге", "The school does not take part");
            violations.push(Violation::new(format!("/school_ids/{place}"), "unknown-reference", detail));
        }
    }
    if order.is_none() {
        violations.push(unknown("/order_id"));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let rows: Vec<ExtensionRow> = given
        .school_ids
        .into_iter()
        .map(|school_id| ExtensionRow {
            monitoring_id: row.id.clone(),
            school_id,
            until: given.until,
            reason: given.reason.clone(),
            order_id: given.order_id.clone(),
            created_at: tx.now(),
        })
        .collect();
    store::extend(tx, &rows)?;
    let status = row.status;
    save(tx, row, "extend", Some(status), Some(&given.reason))
}

/// The plan of a stored monitoring.
///
/// # Errors
///
/// The stored JSON is broken.
pub fn plan_of(row: &MonitoringRow) -> Result<Plan, Error> {
    Ok(Plan {
        road_map_id: row.road_map_id.clone(),
        order_id: row.order_id.clone(),
        support_list_ids: row.list_ids()?,
        period_start: row.period_start,
        period_end: row.period_end,
        report_deadline: row.report_deadline,
    })
}

fn check(tx: &mut Tx, scope: &Scope, plan: &Plan) -> Result<(), Error> {
    let mut violations = domain::check_dates(plan.period_start, plan.period_end, plan.report_deadline);
    let road_map = road_maps::find(tx, scope, &plan.road_map_id)?;
    if road_map.is_none_or(|map| map.school_id.is_some()) {
        violations.push(unknown("/road_map_id"));
    }
    if orders::find(tx, scope, &plan.order_id)?.is_none() {
        violations.push(unknown("/order_id"));
    }
    violations.extend(repeated("/support_list_ids", &plan.support_list_ids));
    for (place, id) in plan.support_list_ids.iter().enumerate() {
        if support_lists::find(tx, scope, id)?.is_none() {
            violations.push(unknown(&format!("/support_list_ids/{place}")));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

/// The ids that stand there a second time.
fn repeated<T: PartialEq>(pointer: &str, ids: &[T]) -> Vec<Violation> {
    let again =
        ids.iter().enumerate().filter(|(place, id)| ids.iter().take(*place).any(|other| other == *id));
    let detail = || Bi::fixed("Элементы не должны повторяться", "The items must differ");
    again.map(|(place, _)| Violation::new(format!("{pointer}/{place}"), "not-unique", detail())).collect()
}

fn unknown(pointer: &str) -> Violation {
    Violation::new(pointer, "unknown-reference", Bi::fixed("Такой записи нет", "There is no such resource"))
}

fn save(
    tx: &mut Tx,
    mut row: MonitoringRow,
    action: &'static str,
    from: Option<MonitoringStatus>,
    reason: Option<&str>,
) -> Result<MonitoringRow, Error> {
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row)?;
    record(tx, &row, Op::Updated, action, from, reason);
    Ok(row)
}

impl MonitoringRow {
    /// The natural key: its road map and the order that opens it. Nothing forbids two of one key.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}", self.road_map_id, self.order_id)
    }
}

fn record(
    tx: &mut Tx,
    row: &MonitoringRow,
    op: Op,
    action: &'static str,
    from: Option<MonitoringStatus>,
    reason: Option<&str>,
) {
    let before = row.opened_at.is_some() && from.is_some_and(|status| status != MonitoringStatus::Planned);
    tx.record(
        Change::new(op, "monitorings", action, row.id.as_str(), row.version)
            .of(&row.municipality_id)
            .key(&row.natural_key())
            .visible(before, row.opened_at.is_some())
            .status(from.map(Code::as_str), Some(row.status.as_str()))
            .reason(reason),
    );
}
