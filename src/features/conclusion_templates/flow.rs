//! What happens to conclusion templates, each within one transaction.

use super::content::TemplateContent;
use super::domain;
use super::store::{self, TemplateRow};
use crate::auth::Scope;
use crate::db::{Change, Json, Op, Tx};
use crate::error::Error;
use crate::kit::id::TemplateId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

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
        municipality_id: Some(municipality.clone()),
        owner,
        number: latest.map_or(1, |latest| latest.number + 1),
        based_on_id: Some(new.based_on),
        title: new.title,
        content: Json::of(new.content)?,
        created_at: tx.now(),
    };
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::TEMPLATE_EXISTS))?;
    let change = Change::new(Op::Created, "conclusion-templates", "create", row.id.as_str(), 1);
    tx.record(change.of(&municipality).visible(false, true));
    Ok(row)
}
