//! What happens to evidence, each within one transaction that holds the report.

use super::content::{EvidenceContent, FileContent};
use super::domain::EvidenceKind;
use super::evidence::address_rule;
use super::flow_items::{self, touch};
use super::guard::{self, Guarded};
use super::store_evidence::{self, EvidenceRow};
use super::store_versions;
use super::view::ItemView;
use crate::auth::Scope;
use crate::db::{AnyConnection, Tx};
use crate::error::{Error, Refusal};
use crate::kit::id::{AccountId, EvidenceId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// A new piece of evidence.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// Its id, which a file carries before it has a row.
    pub id: EvidenceId,
    /// What kind of document.
    pub kind: EvidenceKind,
    /// Its title.
    pub title: String,
    /// Its number and date.
    pub requisites: Option<String>,
    /// Where it is.
    pub source: Source,
    /// Whether only the school and its municipality's department read it.
    pub contains_personal_data: bool,
    /// What looks like personal data in its title belongs there.
    pub personal_data_confirmed: bool,
}

/// Where a document is.
#[derive(Debug, Clone)]
pub enum Source {
    /// At an address.
    Link(String),
    /// In the store of files.
    File(FileContent),
}

/// Attaches evidence to an item.
///
/// # Errors
///
/// 422 for an address that only the author's network can open, and for personal data in the
/// title or the name of the file that nobody confirmed.
pub fn attach(tx: &mut Tx, view: ItemView, new: NewEvidence, by: &AccountId) -> Result<EvidenceRow, Error> {
    let broken: Vec<Violation> = match &new.source {
        Source::Link(url) => address_rule(url).into_iter().collect(),
        Source::File(_) => Vec::new(),
    };
    let file_name = match &new.source {
        Source::Link(_) => None,
        Source::File(file) => Some(file.name.as_str()),
    };
    let texts = [
        ("/title", Some(new.title.as_str()), None),
        ("/requisites", new.requisites.as_deref(), None),
        ("/file", file_name, None),
    ];
    guard::admit(tx, &view.row, &Guarded::changed(new.personal_data_confirmed, &texts), broken)?;
    let (url, file) = match new.source {
        Source::Link(url) => (Some(url), None),
        Source::File(file) => (None, Some(file)),
    };
    let row = EvidenceRow {
        id: new.id,
        report_id: view.item.report_id.clone(),
        measure_id: view.item.measure_id.clone(),
        kind: new.kind,
        title: new.title,
        requisites: new.requisites,
        url,
        contains_personal_data: new.contains_personal_data,
        created_by: by.clone(),
        created_at: tx.now(),
        file_name: file.as_ref().map(|file| file.name.clone()),
        media_type: file.as_ref().map(|file| file.media_type.clone()),
        size: file.as_ref().map(|file| file.size),
        original_sha256: file.as_ref().map(|file| file.original_sha256.clone()),
        stored_sha256: file.map(|file| file.stored_sha256),
        removed_at: None,
    };
    store_evidence::insert(tx, &row)?;
    touch(tx, view, "attach-evidence")?;
    Ok(row)
}

/// Refuses a file for which the report has no room left.
///
/// # Errors
///
/// 409 `evidence-quota`.
pub fn require_room(
    conn: &mut AnyConnection,
    view: &ItemView,
    more: u64,
    report_bytes: u64,
) -> Result<(), Error> {
    let used = u64::try_from(store_evidence::bytes_of(conn, &view.row.id)?).unwrap_or(0);
    if used.saturating_add(more) <= report_bytes {
        return Ok(());
    }
    let mib = report_bytes / (1024 * 1024);
    let detail = Bi::of(
        format!("Файлы одного отчёта вместе занимают не больше {mib} МиБ"),
        format!("The files of one report take {mib} MiB together at most"),
    );
    Err(Refusal { detail: Some(detail), ..Refusal::of(&problems::EVIDENCE_QUOTA) }.into())
}

/// The item that a piece of evidence belongs to, its report locked, and the evidence.
///
/// # Errors
///
/// 404 for unknown evidence, one taken away, or outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &EvidenceId) -> Result<(ItemView, EvidenceRow), Error> {
    let row = store_evidence::find(tx, id)?.ok_or_else(Error::not_found)?;
    let view = flow_items::open_item(tx, scope, &row.report_id, &row.measure_id)?;
    // Asked again under the lock: somebody else may have taken it away meanwhile.
    let row = store_evidence::find(tx, id)?.filter(|row| row.removed_at.is_none());
    Ok((view, row.ok_or_else(Error::not_found)?))
}

/// Takes evidence away from an item.
///
/// # Errors
///
/// Database failures only.
pub fn detach(tx: &mut Tx, view: ItemView, row: &EvidenceRow) -> Result<(), Error> {
    let now = tx.now();
    store_evidence::take_away(tx, row, now)?;
    touch(tx, view, "remove-evidence").map(|_| ())
}

/// The item that a piece of evidence belongs to, to be read.
///
/// # Errors
///
/// 404 for unknown evidence or outside `scope`.
pub fn item_of(conn: &mut AnyConnection, scope: &Scope, id: &EvidenceId) -> Result<ItemView, Error> {
    let row = store_evidence::find(conn, id)?.ok_or_else(Error::not_found)?;
    flow_items::find_item(conn, scope, &row.report_id, &row.measure_id)
}

/// A piece of evidence as a kept version of the report names it, the latest such version.
///
/// # Errors
///
/// The database's own, or a kept version that cannot be read.
pub fn in_versions(
    conn: &mut AnyConnection,
    view: &ItemView,
    id: &EvidenceId,
) -> Result<Option<EvidenceContent>, Error> {
    for kept in store_versions::contents(conn, &view.row.id)? {
        let content: super::content::Content = serde_json::from_str(&kept)?;
        let mut all = content.items.into_iter().flat_map(|item| item.evidence);
        if let Some(found) = all.find(|evidence| evidence.id == *id) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
