//! What happens to remarks on a report, each within one transaction that holds the report.

use super::domain::ReportStatus;
use super::flow;
use super::guard::{self, Guarded};
use super::place::{find_place, item_pointer};
use super::remark::{RemarkStatus, RemarkStep};
use super::store;
use super::store_remarks::{self, RemarkRow};
use super::store_views;
use super::view::ReportView;
use crate::auth::{Caller, Scope};
use crate::db::{AnyConnection, Change, Op, Tx};
use crate::error::{Error, Refusal};
use crate::features::road_maps::Measure;
use crate::kit::code::Code;
use crate::kit::id::{AccountId, MeasureId, RemarkId, ReportId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// Characters of a remark that the refusal of a submission repeats.
const SHOWN: usize = 200;

/// A new remark.
#[derive(Debug, Clone)]
pub struct NewRemark {
    /// The measure it is about.
    pub measure_id: Option<MeasureId>,
    /// Or the JSON pointer of the place it is about; empty: the whole report.
    pub pointer: Option<String>,
    /// What is to be done.
    pub text: String,
    /// What looks like personal data in it belongs there.
    pub personal_data_confirmed: bool,
}

/// An answer to a remark.
#[derive(Debug, Clone)]
pub struct Answered {
    /// What was done about it.
    pub text: String,
    /// What looks like personal data in it belongs there.
    pub personal_data_confirmed: bool,
}

/// A remark with its report, to be read.
///
/// # Errors
///
/// 404 for an unknown remark or one outside `scope`.
pub fn find(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &RemarkId,
) -> Result<(ReportView, RemarkRow), Error> {
    let remark = store_remarks::find(conn, id)?.ok_or_else(Error::not_found)?;
    let row = store::find(conn, scope, &remark.report_id)?.ok_or_else(Error::not_found)?;
    Ok((store_views::view(conn, row)?, remark))
}

/// A remark with its report, locked.
///
/// # Errors
///
/// As [`find`].
pub fn open(tx: &mut Tx, scope: &Scope, id: &RemarkId) -> Result<(ReportView, RemarkRow), Error> {
    let report: ReportId = store_remarks::find(tx, id)?.ok_or_else(Error::not_found)?.report_id;
    let view = flow::open(tx, scope, &report)?;
    // Asked again under the lock: somebody else may have answered meanwhile.
    let remark = store_remarks::find(tx, id)?.ok_or_else(Error::not_found)?;
    Ok((view, remark))
}

/// Writes a remark on a report. When the department writes it on a submitted report, the
/// review has started: the report is not taken back any more.
///
/// # Errors
///
/// 422 for a place that the report does not have, and for personal data that nobody confirmed.
pub fn write(
    tx: &mut Tx,
    view: ReportView,
    new: NewRemark,
    by: &Caller,
    reviews: bool,
) -> Result<(ReportView, RemarkRow), Error> {
    let author_role = by.rights.role().ok_or_else(|| Error::refuse(&problems::FORBIDDEN))?;
    let (anchored, broken) = match anchor(&view.measures(), &new) {
        Ok(anchored) => (Some(anchored), Vec::new()),
        Err(broken) => (None, vec![broken]),
    };
    let texts = Guarded { texts: vec![("/text", &new.text)], confirmed: new.personal_data_confirmed };
    guard::admit(tx, &view.row, &texts, broken)?;
    let (pointer, measure_id) = anchored.unwrap_or_default();
    let row = RemarkRow {
        id: RemarkId::generate(),
        report_id: view.row.id.clone(),
        measure_id,
        pointer,
        text: new.text,
        status: RemarkStatus::Open,
        submission: view.row.submission,
        created_by: by.account()?.clone(),
        author_role,
        answer: None,
        answered_by: None,
        answered_at: None,
        resolved_by: None,
        resolved_at: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store_remarks::insert(tx, &row)?;
    record(tx, &view, &row, Op::Created, "write-remark", None);
    let mut view = view;
    view.open_remarks += 1;
    if reviews && view.row.status == ReportStatus::Submitted {
        view.row = flow::start_review(tx, view.row)?;
    }
    Ok((view, row))
}

/// Where the remark belongs: its pointer, and the measure there.
fn anchor(measures: &[Measure], new: &NewRemark) -> Result<(String, Option<MeasureId>), Violation> {
    let broken = |pointer, code, detail| Err(Violation::new(pointer, code, detail));
    match (&new.measure_id, &new.pointer) {
        (Some(id), None) => match measures.iter().find(|measure| measure.id == *id) {
            Some(measure) => Ok((item_pointer(measure), Some(id.clone()))),
            None => {
                let detail =
                    Bi::fixed("В этом отчёте нет такого мероприятия", "The report has no such measure");
                broken("/measure_id", "unknown-reference", detail)
            }
        },
        (None, Some(pointer)) => match find_place(pointer, measures) {
            Some(measure) => Ok((pointer.clone(), measure.map(|measure| measure.id.clone()))),
            None => {
                let detail = Bi::fixed(
                    "В отчёте нет такого места: укажите /summary, /problems, /items/{код} или /items/{код}/{поле}",
                    "The report has no such place: give /summary, /problems, /items/{code} or /items/{code}/{field}",
                );
                broken("/pointer", "unknown-reference", detail)
            }
        },
        (Some(_), Some(_)) | (None, None) => {
            let detail = Bi::fixed(
                "Укажите либо measure_id, либо pointer; пустой pointer означает отчёт в целом",
                "Give either measure_id or pointer; an empty pointer means the whole report",
            );
            broken("/pointer", "required", detail)
        }
    }
}

/// Refuses a step that the remark's state does not allow.
///
/// # Errors
///
/// 409 `remark-state` with what stands in the way.
pub fn require(remark: &RemarkRow, step: RemarkStep) -> Result<(), Error> {
    match remark.status.blocker(step) {
        None => Ok(()),
        Some(blocker) => Err(Error::blocked(&problems::REMARK_STATE, &[blocker])),
    }
}

/// Answers a remark; the same answer again keeps its version.
///
/// # Errors
///
/// 422 for personal data that nobody confirmed.
pub fn answer(
    tx: &mut Tx,
    view: &ReportView,
    mut remark: RemarkRow,
    answer: Answered,
    by: &AccountId,
) -> Result<RemarkRow, Error> {
    if remark.answer.as_ref() == Some(&answer.text) {
        return Ok(remark);
    }
    let texts = Guarded { texts: vec![("/answer", &answer.text)], confirmed: answer.personal_data_confirmed };
    guard::admit(tx, &view.row, &texts, Vec::new())?;
    let from = remark.status;
    remark.status = RemarkStatus::Answered;
    remark.answer = Some(answer.text);
    remark.answered_by = Some(by.clone());
    remark.answered_at = Some(tx.now());
    save(tx, view, remark, "answer-remark", from)
}

/// Resolves a remark.
///
/// # Errors
///
/// Database failures only.
pub fn resolve(
    tx: &mut Tx,
    view: &ReportView,
    mut remark: RemarkRow,
    by: &AccountId,
) -> Result<RemarkRow, Error> {
    let from = remark.status;
    remark.status = RemarkStatus::Resolved;
    remark.resolved_by = Some(by.clone());
    remark.resolved_at = Some(tx.now());
    save(tx, view, remark, "resolve-remark", from)
}

fn save(
    tx: &mut Tx,
    view: &ReportView,
    mut remark: RemarkRow,
    action: &'static str,
    from: RemarkStatus,
) -> Result<RemarkRow, Error> {
    remark.version += 1;
    remark.updated_at = tx.now();
    store_remarks::update(tx, &remark)?;
    record(tx, view, &remark, Op::Updated, action, Some(from));
    Ok(remark)
}

/// Notes a change of a remark; regional readers see none.
fn record(
    tx: &mut Tx,
    view: &ReportView,
    row: &RemarkRow,
    op: Op,
    action: &'static str,
    from: Option<RemarkStatus>,
) {
    tx.record(
        Change::new(op, "remarks", action, row.id.as_str(), row.version)
            .of(&view.row.municipality_id)
            .status(from.map(Code::as_str), Some(row.status.as_str())),
    );
}

/// Refuses to submit a report while a remark waits for an answer.
///
/// # Errors
///
/// 409 `remarks-open` that lists them.
pub fn require_answered(tx: &mut Tx, view: &ReportView) -> Result<(), Error> {
    if view.open_remarks == 0 {
        return Ok(());
    }
    let told = |remark: &RemarkRow| {
        let text: String = remark.text.chars().take(SHOWN).collect();
        Violation::new(format!("/remarks/{}", remark.id), "remark-open", Bi::of(text.clone(), text))
    };
    let violations = store_remarks::open_of(tx, &view.row.id)?.iter().map(told).collect();
    let blocked_by = vec!["open-remark".to_owned()];
    Err(Refusal { violations, blocked_by, ..Refusal::of(&problems::REMARKS_OPEN) }.into())
}

/// Refuses to send a report back without a word: a reason, or a remark that waits for an answer.
///
/// # Errors
///
/// 422 at `/reason`.
pub fn require_words(view: &ReportView, reason: Option<&str>) -> Result<(), Error> {
    if reason.is_some() || view.open_remarks > 0 {
        return Ok(());
    }
    let detail = Bi::fixed(
        "Укажите причину возврата или сделайте замечание к отчёту",
        "Give a reason for the return, or write a remark on the report",
    );
    Err(Error::invalid(vec![Violation::new("/reason", "required", detail)]))
}
