//! How an import begins: whose it is, where its rows go, and what would refuse it later.

use sha2::{Digest, Sha256};

use super::domain::{ImportKind, ImportMode, JobStatus, MOST_WAITING, Parameters, same_since};
use super::flow::{count, note};
use super::flow_run::store_all;
use super::kinds::Goal;
use super::store::{self, FileFacts, JobRow};
use super::table::Table;
use crate::auth::Scope;
use crate::db::{Json, Tx};
use crate::error::{Error, Refusal};
use crate::features::{municipalities, road_maps, support_lists};
use crate::kit::id::{ClientId, JobId, MunicipalityId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// When somebody who has too many jobs may ask again.
const RETRY_SECONDS: u32 = 15;

/// An import as it is asked for.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, by which its file is kept.
    pub id: JobId,
    /// What its rows are.
    pub kind: ImportKind,
    /// What a rejected row does to the others.
    pub mode: ImportMode,
    /// Whether it only rehearses.
    pub dry_run: bool,
    /// What else is asked.
    pub parameters: Parameters,
    /// The municipality of the rows, where several are in reach.
    pub municipality: Option<MunicipalityId>,
    /// Its file.
    pub file: FileFacts,
    /// The service client that asks.
    pub client: Option<ClientId>,
}

/// Stores a job, unless the same one is there; whether it is a new one.
///
/// # Errors
///
/// 422 for a municipality, a list, a map or an order out of reach; 409 for a list or a map that is no
/// draft, and `import-shrinks`; 429 while too many jobs of the same caller wait.
pub fn begin(tx: &mut Tx, scope: &Scope, new: NewJob, table: &Table) -> Result<(JobRow, bool), Error> {
    let actor = tx.actor();
    let municipality = municipality_of(tx, scope, &new)?;
    let goal = Goal {
        kind: new.kind,
        scope: municipality.clone().map_or_else(|| scope.clone(), Scope::Municipality),
        municipality: municipality.clone(),
        parameters: new.parameters.clone(),
    };
    store::hold_owner(tx, actor.account_id.as_ref(), new.client.as_ref())?;
    let owner = actor.subject.clone().unwrap_or_default();
    let fingerprint = fingerprint(&owner, &new, municipality.as_ref())?;
    let since = same_since(tx.now());
    if let Some(first) = store::same(tx, &fingerprint, since)? {
        return Ok((first, false));
    }
    if store::waiting(tx, actor.account_id.as_ref(), new.client.as_ref())? >= MOST_WAITING {
        let detail = Bi::fixed(
            "Пять загрузок уже ожидают или выполняются; дождитесь их окончания",
            "Five imports wait or run already; let them end first",
        );
        let retry_after = Some(RETRY_SECONDS);
        let busy = Refusal::of(&problems::TOO_MANY_REQUESTS);
        return Err(Refusal { detail: Some(detail), retry_after, ..busy }.into());
    }
    require_target(tx, scope, &goal, table)?;
    let row = JobRow {
        id: new.id,
        kind: new.kind,
        mode: new.mode,
        dry_run: new.dry_run,
        parameters: Json::of(new.parameters)?,
        account_id: actor.account_id.clone(),
        client_id: new.client,
        acting: actor.acting,
        municipality_id: municipality,
        region_code: scope.region().map(str::to_owned),
        request_id: actor.request_id.clone(),
        fingerprint,
        file: Json::of(new.file)?,
        status: JobStatus::Queued,
        applied: false,
        failure: None,
        rows_total: count(table.rows),
        rows_created: 0,
        rows_updated: 0,
        rows_unchanged: 0,
        rows_rejected: 0,
        removed: 0,
        errors_count: 0,
        results: Json::of(Vec::new())?,
        attempts: 0,
        worker: None,
        lease_until: None,
        started_at: None,
        finished_at: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::insert(tx, &row)?;
    note(tx, &row, "import");
    Ok((row, true))
}

/// The one municipality of the rows; `None` for a list of a whole region.
fn municipality_of(tx: &mut Tx, scope: &Scope, new: &NewJob) -> Result<Option<MunicipalityId>, Error> {
    let (own, wanted) = (scope.municipality(), new.municipality.as_ref());
    let of_region = new.kind == ImportKind::SupportList && new.parameters.support_list_id.is_none();
    match (own, wanted) {
        (Some(own), None) => Ok(Some(own.clone())),
        (Some(own), Some(wanted)) if own == wanted => Ok(Some(own.clone())),
        (None, Some(wanted)) if municipalities::find(tx, scope, wanted)?.is_some() => {
            Ok(Some(wanted.clone()))
        }
        (None, None) if of_region && scope.region().is_some() => Ok(None),
        (None, None) => Err(Error::invalid(vec![Violation::new(
            "/municipality_id",
            "required",
            Bi::fixed("Обязательное поле", "The member is required"),
        )])),
        (_, Some(_)) => Err(Error::invalid(vec![Violation::new(
            "/municipality_id",
            "unknown-reference",
            Bi::fixed("Такого муниципалитета нет", "There is no such municipality"),
        )])),
    }
}

/// Refuses what the list or the map would refuse later, and a file that would empty it: such rows are
/// few, so that they are rehearsed at once. Nothing is changed. Within `scope`: a client names no draft,
/// for it sees none.
fn require_target(tx: &mut Tx, scope: &Scope, goal: &Goal, table: &Table) -> Result<(), Error> {
    let unknown = |at: &str, cause: Error| match cause {
        Error::Refused(refusal) if refusal.problem.status == 404 => {
            let detail = Bi::fixed("Такой записи нет", "There is no such thing");
            Error::invalid(vec![Violation::new(at, "unknown-reference", detail)])
        }
        other => other,
    };
    if let Some(id) = &goal.parameters.support_list_id {
        support_lists::open_draft(tx, scope, id).map_err(|cause| unknown("/support_list_id", cause))?;
    }
    if let Some(id) = &goal.parameters.road_map_id {
        let map = road_maps::open(tx, &goal.scope, id).map_err(|cause| unknown("/road_map_id", cause))?;
        road_maps::require_draft(&map)?;
    }
    if !goal.kind.replaces() {
        return Ok(());
    }
    let rehearsed = tx.attempt(|tx| {
        store_all(tx, goal, table, &|_rows| ()).map_err(Rehearsed::Refused)?;
        Err::<(), _>(Rehearsed::Good)
    });
    match rehearsed {
        Err(Rehearsed::Refused(cause)) => Err(cause),
        Ok(()) | Err(Rehearsed::Good) => Ok(()),
    }
}

/// How a rehearsal ends: always by taking back what it did.
enum Rehearsed {
    Good,
    Refused(Error),
}

impl From<diesel::result::Error> for Rehearsed {
    fn from(cause: diesel::result::Error) -> Self {
        Self::Refused(cause.into())
    }
}

/// What makes two imports the same: who asks, for what, with which file.
fn fingerprint(
    owner: &str,
    new: &NewJob,
    municipality: Option<&MunicipalityId>,
) -> serde_json::Result<String> {
    let asked = serde_json::json!([
        owner,
        new.kind,
        new.mode,
        new.dry_run,
        new.parameters,
        municipality,
        new.file.sha256
    ]);
    Ok(format!("{:x}", Sha256::digest(serde_json::to_vec(&asked)?)))
}
