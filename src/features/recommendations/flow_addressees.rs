//! What happens to the part of one school, each within one transaction.

use super::domain::{AddresseeStatus, AddresseeStep, RecommendationStatus};
use super::flow;
use super::store::{self, RecommendationRow};
use super::store_addressees::{self as addressees, AddresseeRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::kit::code::Code;
use crate::kit::id::{RecommendationId, SchoolId};
use crate::problems;

/// The part of a school that a request is about, with its recommendation and the school's
/// name; the recommendation is locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(
    tx: &mut Tx,
    scope: &Scope,
    id: &RecommendationId,
    school: &SchoolId,
) -> Result<(RecommendationRow, AddresseeRow, String), Error> {
    let row = store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)?;
    let seen = addressees::addressees_of(tx, scope, std::slice::from_ref(id))?;
    let own = seen.into_iter().find(|(addressee, _)| addressee.school_id == *school);
    let (addressee, name) = own.ok_or_else(Error::not_found)?;
    Ok((row, addressee, name))
}

/// What stands in the way of a step: a withdrawn recommendation, or the school's own state.
#[must_use]
pub fn blockers(
    row: &RecommendationRow,
    addressee: AddresseeStatus,
    step: AddresseeStep,
) -> Vec<&'static str> {
    match row.status {
        RecommendationStatus::Issued => step.blockers(addressee),
        RecommendationStatus::Cancelled => vec!["recommendation-cancelled"],
        RecommendationStatus::Draft => vec!["recommendation-draft"],
    }
}

/// Refuses a step that the state does not allow.
///
/// # Errors
///
/// 409 with what stands in the way.
pub fn require(row: &RecommendationRow, addressee: &AddresseeRow, step: AddresseeStep) -> Result<(), Error> {
    let blockers = blockers(row, addressee.status, step);
    if blockers.is_empty() {
        return Ok(());
    }
    Err(Error::blocked(&problems::RECOMMENDATION_STATE, &blockers))
}

/// Takes the step; `said` replaces the comment when there is something to say. The
/// recommendation shows its addressees, so its version rises too.
///
/// # Errors
///
/// Database failures only.
pub fn take(
    tx: &mut Tx,
    row: RecommendationRow,
    mut addressee: AddresseeRow,
    step: AddresseeStep,
    said: Option<String>,
) -> Result<(RecommendationRow, AddresseeRow), Error> {
    let from = addressee.status;
    addressee.status = step.leads_to();
    addressee.comment = said.or(addressee.comment);
    save(tx, &mut addressee, step.name(), from)?;
    let status = row.status;
    let row = flow::save(tx, row, "addressee-step", status)?;
    Ok((row, addressee))
}

fn save(
    tx: &mut Tx,
    addressee: &mut AddresseeRow,
    action: &'static str,
    from: AddresseeStatus,
) -> Result<(), Error> {
    addressee.version += 1;
    addressee.updated_at = tx.now();
    addressees::save(tx, addressee)?;
    let id = format!("{}/{}", addressee.recommendation_id, addressee.school_id);
    tx.record(
        Change::new(Op::Updated, "recommendation-schools", action, &id, addressee.version)
            .of(&addressee.municipality_id)
            .visible(true, true)
            .status(Some(from.as_str()), Some(addressee.status.as_str()))
            .reason(addressee.comment.as_deref()),
    );
    Ok(())
}
