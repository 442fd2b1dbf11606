//! What happens to drafts of road maps, each within one transaction.

use chrono::NaiveDate;

use super::domain::{MeasureLevel, RoadMapStatus};
use super::measures::{self, MeasureRow, check_texts, measures_of};
use super::steps::{Facts, Step, problem_of};
use super::store::{self, RoadMapRow};
use super::store_facts::{self, RoadMapView};
use crate::auth::Scope;
use crate::db::{Change, Json, Op, Tx};
use crate::error::{Error, Refusal};
use crate::features::conclusion_templates;
use crate::features::orders;
use crate::features::schools;
use crate::kit::code::Code;
use crate::kit::id::{OrderId, RoadMapId, SchoolId, TemplateId};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// Characters of a task at most.
const TASK_MAX: usize = 1000;

/// The text of a road map, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct RoadMapText {
    /// Title.
    pub title: String,
    /// First day.
    pub period_start: NaiveDate,
    /// Last day.
    pub period_end: NaiveDate,
    /// What it is for.
    pub goal: Option<String>,
    /// Its tasks, in order.
    pub tasks: Vec<String>,
    /// The order that approves a municipal map.
    pub order_id: Option<OrderId>,
    /// Its conclusion template; `None`: the municipality's latest, or the parent's.
    pub template_id: Option<TemplateId>,
    /// The municipal map that a school's own map belongs to.
    pub parent_id: Option<RoadMapId>,
}

/// The road map a request wants to change, locked.
///
/// # Errors
///
/// 404 outside `scope`; 403 for a map that the caller only reads.
pub fn open(tx: &mut Tx, scope: &Scope, id: &RoadMapId) -> Result<RoadMapRow, Error> {
    let row = store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)?;
    if row.is_of(scope) { Ok(row) } else { Err(Error::refuse(&problems::FORBIDDEN)) }
}

/// Refuses a step that the map's state, or that of other resources, does not allow.
///
/// # Errors
///
/// 409 with what stands in the way, and for an approval with the places to look at.
pub fn require(tx: &mut Tx, scope: &Scope, row: &RoadMapRow, step: Step) -> Result<(), Error> {
    if let (Step::Approve, Some(order)) = (step, &row.order_id) {
        // Held until the end, so that the order is not repealed between this check and the approval.
        orders::find_for_change(tx, scope, order)?;
    }
    let view = store_facts::view(tx, row.clone())?;
    refuse_blocked(row.status, &view.facts, step)
}

/// Refuses to change the measures of anything but a draft.
///
/// # Errors
///
/// 409 `road-map-state`.
pub fn require_draft(row: &RoadMapRow) -> Result<(), Error> {
    refuse_blocked(row.status, &Facts::default(), Step::Update)
}

fn refuse_blocked(status: RoadMapStatus, facts: &Facts, step: Step) -> Result<(), Error> {
    let blockers = step.blockers(status, facts);
    let Some(first) = blockers.first() else { return Ok(()) };
    let problem = problem_of(first);
    let detail = if problem.slug == problems::ROAD_MAP_NOT_READY.slug { places(facts) } else { None };
    let blocked_by = blockers.iter().map(|code| (*code).to_owned()).collect();
    Err(Refusal { blocked_by, detail, ..Refusal::of(problem) }.into())
}

/// Which measures and criteria keep a map from being approved.
fn places(facts: &Facts) -> Option<Bi> {
    let mut parts = Vec::new();
    if !facts.to_review.is_empty() {
        let codes = facts.to_review.join(", ");
        parts.push((
            format!("Проверьте сроки мероприятий: {codes}."),
            format!("Review the dates of: {codes}."),
        ));
    }
    if !facts.unknown_criteria.is_empty() {
        let codes = facts.unknown_criteria.join(", ");
        parts.push((
            format!("В шаблоне выводов нет критериев: {codes}."),
            format!("The conclusion template has no criteria: {codes}."),
        ));
    }
    let (ru, en): (Vec<String>, Vec<String>) = parts.into_iter().unzip();
    (!ru.is_empty()).then(|| Bi::of(ru.join(" "), en.join(" ")))
}

/// Stores a draft: the municipality's, or the school's own.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn create(tx: &mut Tx, scope: &Scope, text: RoadMapText) -> Result<RoadMapView, Error> {
    let municipality = scope.municipality().cloned().ok_or_else(Error::not_found)?;
    let now = tx.now();
    let school_id = scope.own_school().cloned();
    let mut row = RoadMapRow {
        id: RoadMapId::generate(),
        municipality_id: municipality,
        level: if school_id.is_some() { MeasureLevel::School } else { MeasureLevel::Municipal },
        school_id,
        parent_id: None,
        title: String::new(),
        search_text: String::new(),
        goal: None,
        tasks: Json::of(Vec::new())?,
        period_start: text.period_start,
        period_end: text.period_end,
        order_id: None,
        approval_number: None,
        approval_date: None,
        conclusion_template_id: None,
        edition: 1,
        amends_id: None,
        copied_from_id: None,
        status: RoadMapStatus::Draft,
        approved_at: None,
        closed_at: None,
        cancel_reason: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    write_text(tx, scope, &mut row, text)?;
    store::insert(tx, &row)?;
    tx.record(change(&row, Op::Created, "create", None));
    Ok(store_facts::view(tx, row)?)
}

/// Replaces the text of a draft; an unchanged one keeps its version.
///
/// # Errors
///
/// As [`create`].
pub fn update(
    tx: &mut Tx,
    scope: &Scope,
    mut row: RoadMapRow,
    text: RoadMapText,
) -> Result<RoadMapView, Error> {
    if text_of(&row) != text {
        write_text(tx, scope, &mut row, text)?;
        touch(tx, &mut row);
        store::update(tx, &row)?;
        tx.record(change(&row, Op::Updated, "update", Some(row.status)));
    }
    Ok(store_facts::view(tx, row)?)
}

/// Deletes a draft with its measures.
///
/// # Errors
///
/// 409 `road-map-in-use` when a planned monitoring refers to it.
pub fn delete(tx: &mut Tx, row: &RoadMapRow) -> Result<(), Error> {
    for measure in measures::measure_rows_of(tx, &row.id)? {
        tx.record(measure_change(&measure, row.status, Op::Deleted, "delete"));
    }
    measures::delete_of(tx, &row.id)?;
    store::delete(tx, &row.id).map_err(Error::on_reference(&problems::ROAD_MAP_IN_USE))?;
    tx.record(change(row, Op::Deleted, "delete", Some(row.status)));
    Ok(())
}

/// The text of a stored road map. What a school's own map takes from its parent is left out.
#[must_use]
pub fn text_of(row: &RoadMapRow) -> RoadMapText {
    RoadMapText {
        title: row.title.clone(),
        period_start: row.period_start,
        period_end: row.period_end,
        goal: row.goal.clone(),
        tasks: row.tasks.to_vec(),
        order_id: row.order_id.clone(),
        template_id: row.conclusion_template_id.clone().filter(|_| row.school_id.is_none()),
        parent_id: row.parent_id.clone(),
    }
}

fn write_text(tx: &mut Tx, scope: &Scope, row: &mut RoadMapRow, text: RoadMapText) -> Result<(), Error> {
    let mut violations = check_texts("/tasks", &text.tasks, TASK_MAX);
    if text.period_end < text.period_start {
        let detail = Bi::fixed("Последний день раньше первого", "The last day is before the first one");
        violations.push(Violation::new("/period_end", "order", detail));
    }
    let template = if row.school_id.is_some() {
        own_basis(tx, scope, row, &text, &mut violations)?
    } else {
        municipal_basis(tx, scope, row, &text, &mut violations)?
    };
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    row.search_text = text::folded(&format!("{} {}", text.title, text.goal.as_deref().unwrap_or_default()));
    row.title = text.title;
    row.goal = text.goal;
    row.tasks = Json::of(text.tasks)?;
    row.period_start = text.period_start;
    row.period_end = text.period_end;
    row.order_id = text.order_id;
    row.conclusion_template_id = template;
    row.parent_id = text.parent_id;
    Ok(())
}

/// A municipal map rests on an order and names its template.
fn municipal_basis(
    tx: &mut Tx,
    scope: &Scope,
    row: &RoadMapRow,
    text: &RoadMapText,
    violations: &mut Vec<Violation>,
) -> Result<Option<TemplateId>, Error> {
    if text.parent_id.is_some() {
        let detail = Bi::fixed(
            "Родительскую карту указывают только в собственной карте школы",
            "Only a school's own map has a parent",
        );
        violations.push(Violation::new("/parent_id", "not-allowed", detail));
    }
    if let Some(id) = &text.order_id
        && orders::find(tx, scope, id)?.is_none()
    {
        let detail = Bi::fixed("Такого приказа нет", "There is no such order");
        violations.push(Violation::new("/order_id", "unknown-reference", detail));
    }
    let Some(id) = &text.template_id else {
        let latest = conclusion_templates::latest_for(tx, &row.municipality_id)?;
        let missing = || Error::Internal(anyhow::anyhow!("no conclusion template is shipped"));
        return Ok(Some(latest.ok_or_else(missing)?.id));
    };
    if conclusion_templates::find(tx, scope, id)?.is_none() {
        let detail = Bi::fixed("Такого шаблона выводов нет", "There is no such conclusion template");
        violations.push(Violation::new("/conclusion_template_id", "unknown-reference", detail));
    }
    Ok(Some(id.clone()))
}

/// A school's own map rests on a municipal one, approved and with measures for the school when
/// it is named, and has its template.
fn own_basis(
    tx: &mut Tx,
    scope: &Scope,
    row: &RoadMapRow,
    text: &RoadMapText,
    violations: &mut Vec<Violation>,
) -> Result<Option<TemplateId>, Error> {
    let given =
        [("/order_id", text.order_id.is_some()), ("/conclusion_template_id", text.template_id.is_some())];
    for (pointer, _) in given.into_iter().filter(|(_, given)| *given) {
        let detail = Bi::fixed(
            "В собственной карте школы это поле не указывают",
            "A school's own map does not take this member",
        );
        violations.push(Violation::new(pointer, "not-allowed", detail));
    }
    let Some(id) = &text.parent_id else {
        let detail = Bi::fixed(
            "Укажите муниципальную карту, к которой относится карта школы",
            "Name the municipal map that the school's map belongs to",
        );
        violations.push(Violation::new("/parent_id", "required", detail));
        return Ok(None);
    };
    let kept = row.parent_id.as_ref() == Some(id);
    let parent = store::find(tx, scope, id)?.filter(|parent| {
        let municipal = parent.school_id.is_none() && parent.municipality_id == row.municipality_id;
        municipal && (kept || parent.status == RoadMapStatus::Approved)
    });
    if let (Some(_), false, Some(school)) = (&parent, kept, &row.school_id)
        && !concerns(tx, scope, id, school)?
    {
        let detail = Bi::fixed(
            "В этой муниципальной карте нет мероприятий для школы",
            "That municipal road map has no measures for the school",
        );
        violations.push(Violation::new("/parent_id", "not-applicable", detail));
    }
    if parent.is_none() {
        let detail = Bi::fixed(
            "Такой утверждённой муниципальной карты нет",
            "There is no such approved municipal road map",
        );
        violations.push(Violation::new("/parent_id", "unknown-reference", detail));
    }
    Ok(parent.and_then(|parent| parent.conclusion_template_id))
}

/// Whether a municipal map has a measure that stands in the school's report.
fn concerns(tx: &mut Tx, scope: &Scope, map: &RoadMapId, school: &SchoolId) -> Result<bool, Error> {
    let Some(school) = schools::find(tx, scope, school)? else { return Ok(false) };
    let levels = school.levels()?;
    let measures = measures_of(tx, map)?;
    Ok(measures.iter().any(|measure| measure.concerns_school(&school.id, &levels)))
}

pub(super) fn touch(tx: &Tx, row: &mut RoadMapRow) {
    row.version += 1;
    row.updated_at = tx.now();
}

impl RoadMapRow {
    /// The natural key: school or municipality, first and last day, edition. Nothing forbids two
    /// maps of one key.
    #[must_use]
    pub fn natural_key(&self) -> String {
        let whose = self.school_id.as_ref().map_or(self.municipality_id.as_str(), SchoolId::as_str);
        format!("{whose}/{}/{}/{}", self.period_start, self.period_end, self.edition)
    }
}

pub(super) fn change(row: &RoadMapRow, op: Op, action: &'static str, from: Option<RoadMapStatus>) -> Change {
    let after = op != Op::Deleted && RoadMapRow::is_published(row.status);
    Change::new(op, "road-maps", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .key(&row.natural_key())
        .visible(from.is_some_and(RoadMapRow::is_published), after)
        .status(from.map(Code::as_str), Some(row.status.as_str()))
}

/// A change of a measure in a map that was and stays in this state.
pub(super) fn measure_change(row: &MeasureRow, map: RoadMapStatus, op: Op, action: &'static str) -> Change {
    let visible = RoadMapRow::is_published(map);
    Change::new(op, "measures", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .key(&row.natural_key())
        .visible(visible && op != Op::Created, visible && op != Op::Deleted)
}
