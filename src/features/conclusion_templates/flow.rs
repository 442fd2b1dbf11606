//! What happens to conclusion templates, each within one transaction.

use super::content::TemplateContent;
use super::domain;
use super::store::{self, SERVICE, TemplateRow};
use crate::auth::Scope;
use crate::db::{self, Actor, AnyConnection, Change, Json, Mode, Op, Tx};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::id::TemplateId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// A version never changes, so its `version` is always the first.
pub const VERSION: i32 = 1;
/// Title of the templates that the service ships.
const SHIPPED_TITLE: &str = "Типовой шаблон выводов и рекомендаций";

/// A new version, as a person writes it.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// The version it is made from.
    pub based_on: TemplateId,
    /// Title.
    pub title: String,
    /// What it says.
    pub content: TemplateContent,
}

/// Stores the municipality's next version.
///
/// # Errors
///
/// 422 for a version out of reach and for every broken rule of the content; 409
/// `template-exists` when somebody makes the same version at the same moment.
pub fn create(tx: &mut Tx, scope: &Scope, new: NewTemplate) -> Result<TemplateRow, Error> {
    let municipality = scope.municipality().cloned().ok_or_else(Error::not_found)?;
    let mut violations = Vec::new();
    if store::find(tx, scope, &new.based_on)?.is_none() {
        let detail = Bi::fixed("Такой версии шаблона нет", "There is no such template version");
        violations.push(Violation::new("/based_on", "unknown-reference", detail));
    }
    violations.extend(domain::broken_rules(&new.content));
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let owner = municipality.to_string();
    let latest = store::latest_of(tx, &owner)?;
    let row = TemplateRow {
        id: TemplateId::generate(),
        municipality_id: Some(municipality),
        owner,
        number: latest.map_or(1, |latest| latest.number + 1),
        based_on_id: Some(new.based_on),
        title: new.title,
        content: Json::of(new.content)?,
        created_at: tx.now(),
    };
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::TEMPLATE_EXISTS))?;
    tx.record(change(&row, "create"));
    Ok(row)
}

/// Brings the shipped template into the database and tells its id.
///
/// Inserts a version only when the shipped content differs from the latest stored one. When
/// another instance stores it at the same moment, that one counts.
///
/// # Errors
///
/// The database's own failures; an internal error when the shipped file is broken.
pub fn ensure_shipped(conn: &mut AnyConnection, clock: &Clock) -> Result<TemplateId, Error> {
    let content = Json::of(TemplateContent::shipped()?)?;
    let latest = store::latest_of(conn, SERVICE)?;
    let row = match latest {
        Some(latest) if latest.content == content => return Ok(latest.id),
        latest => TemplateRow {
            id: TemplateId::generate(),
            municipality_id: None,
            owner: SERVICE.to_owned(),
            number: latest.as_ref().map_or(1, |latest| latest.number + 1),
            based_on_id: latest.map(|latest| latest.id),
            title: SHIPPED_TITLE.to_owned(),
            content,
            created_at: clock.now().naive_utc(),
        },
    };
    let stored = db::transact(conn, &Actor::operator(), clock.now(), Mode::Keep, |tx| {
        store::insert(tx, &row).map_err(Error::on_duplicate(&problems::TEMPLATE_EXISTS))?;
        tx.record(change(&row, "ship"));
        Ok(())
    });
    match stored {
        Err(Error::Refused(refusal)) if refusal.problem.slug == problems::TEMPLATE_EXISTS.slug => {
            let latest = store::latest_of(conn, SERVICE)?;
            Ok(latest.ok_or(diesel::NotFound)?.id)
        }
        outcome => outcome.map(|()| row.id),
    }
}

impl TemplateRow {
    /// The natural key: owner and number.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}", self.owner, self.number)
    }
}

/// What the journal says of a new version; an older one never changes.
fn change(row: &TemplateRow, action: &'static str) -> Change {
    let change = Change::new(Op::Created, "conclusion-templates", action, row.id.as_str(), VERSION)
        .key(&row.natural_key())
        .visible(false, true);
    match &row.municipality_id {
        Some(id) => change.of(id),
        None => change,
    }
}
