//! What happens to service clients, each within one transaction.

use chrono::NaiveDateTime;

use super::domain::{self, ClientStatus, HINT, MOST_SECRETS, Reach};
use super::store::{self, Client, ClientRow, SecretRow};
use crate::auth::{ClientScope, Scope, client_scope, secret};
use crate::db::{AnyConnection, Change, Op, Tx};
use crate::error::Error;
use crate::features::municipalities;
use crate::kit::code::Code;
use crate::kit::id::{ClientId, ClientSecretId};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// A client to be registered.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// How far it reaches.
    pub reach: Reach,
    /// What it may.
    pub scopes: Vec<ClientScope>,
}

/// What a change of a client may touch. Its reach stays: that would be another client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it may.
    pub scopes: Vec<ClientScope>,
    /// State.
    pub status: ClientStatus,
}

impl Details {
    /// The details of a stored client.
    #[must_use]
    pub fn of(row: &ClientRow) -> Self {
        Self {
            name: row.name.clone(),
            description: row.description.clone(),
            scopes: granted(row),
            status: row.status,
        }
    }
}

/// The scopes of a stored client; those that only a later program knows are left out.
#[must_use]
pub fn granted(row: &ClientRow) -> Vec<ClientScope> {
    row.scopes.split(' ').filter_map(ClientScope::parse).collect()
}

/// The scopes and the reach of an active client, for what the service does for it; `None` for one
/// that is blocked or removed.
///
/// # Errors
///
/// Database failures only.
pub fn rights_of(
    conn: &mut AnyConnection,
    id: &ClientId,
) -> Result<Option<(Vec<ClientScope>, Scope)>, Error> {
    let Some(row) = store::grants(conn, id)? else { return Ok(None) };
    let scopes = granted(&row);
    let scope = row.municipality_id.map(Scope::Published).or(row.region_code.map(Scope::Region));
    Ok(scope.map(|scope| (scopes, scope)))
}

/// The client a request is about, locked.
///
/// # Errors
///
/// 404 when there is none.
pub fn open(tx: &mut Tx, id: &ClientId) -> Result<Client, Error> {
    store::one_for_change(tx, id)?.ok_or_else(Error::not_found)
}

/// Registers a client with its first secret, which is returned and not kept.
///
/// # Errors
///
/// 409 `client-exists`; 422 for its reach and its scopes.
pub fn create(tx: &mut Tx, new: NewClient) -> Result<(Client, String), Error> {
    let mut violations: Vec<Violation> = new.reach.violation().into_iter().collect();
    violations.extend(domain::repeated(&new.scopes));
    if let Some(id) = &new.reach.municipality_id
        && municipalities::find(tx, &Scope::Service, id)?.is_none()
    {
        let detail = Bi::fixed("Такого муниципалитета нет", "There is no such municipality");
        violations.push(Violation::new("/municipality_id", "unknown-reference", detail));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let now = tx.now();
    let row = ClientRow {
        id: ClientId::generate(),
        name_folded: text::folded(&new.name),
        name: new.name,
        description: new.description,
        region_code: new.reach.region_code,
        municipality_id: new.reach.municipality_id,
        scopes: client_scope::write(&new.scopes),
        status: ClientStatus::Active,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::CLIENT_EXISTS))?;
    let (kept, shown) = new_secret(tx, &row.id, None)?;
    tx.record(change(&row, Op::Created, "create", None));
    Ok((Client { row, secrets: vec![kept] }, shown))
}

/// Replaces the details of a client; unchanged ones keep its version.
///
/// # Errors
///
/// 409 `client-exists`; 422 for its scopes.
pub fn update(tx: &mut Tx, mut client: Client, details: Details) -> Result<Client, Error> {
    let violations = domain::repeated(&details.scopes);
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let row = &mut client.row;
    let (from, scopes) = (row.status, client_scope::write(&details.scopes));
    let same = Details { scopes: Vec::new(), ..Details::of(row) }
        == Details { scopes: Vec::new(), ..details.clone() };
    if same && row.scopes == scopes {
        return Ok(client);
    }
    row.name_folded = text::folded(&details.name);
    row.name = details.name;
    row.description = details.description;
    row.scopes = scopes;
    row.status = details.status;
    let action = match (from, row.status) {
        (ClientStatus::Active, ClientStatus::Blocked) => "block",
        (ClientStatus::Blocked, ClientStatus::Active) => "unblock",
        _ => "update",
    };
    store_change(tx, row, action, from)?;
    Ok(client)
}

/// Removes a client: its tokens open nothing from now on.
///
/// # Errors
///
/// Database failures only.
pub fn delete(tx: &mut Tx, client: &Client) -> Result<(), Error> {
    store::delete(tx, &client.row.id)?;
    tx.record(change(&client.row, Op::Deleted, "delete", Some(client.row.status)));
    Ok(())
}

/// Adds a secret to those in force; it is returned and not kept. Expired ones make room.
///
/// # Errors
///
/// 409 `client-secrets-full`; 422 when it would end before it begins.
pub fn add_secret(
    tx: &mut Tx,
    mut client: Client,
    expires_at: Option<NaiveDateTime>,
) -> Result<(Client, ClientSecretId, String), Error> {
    let now = tx.now();
    let (over, mut in_force): (Vec<SecretRow>, Vec<SecretRow>) =
        client.secrets.into_iter().partition(|secret| secret.expires_at.is_some_and(|end| end <= now));
    if in_force.len() >= MOST_SECRETS {
        return Err(Error::refuse(&problems::CLIENT_SECRETS_FULL));
    }
    if expires_at.is_some_and(|end| end <= now) {
        let detail = Bi::fixed("Срок действия уже истёк", "It would have ended already");
        return Err(Error::invalid(vec![Violation::new("/expires_at", "in-the-past", detail)]));
    }
    for secret in over {
        store::delete_secret(tx, &secret.id)?;
    }
    let (kept, shown) = new_secret(tx, &client.row.id, expires_at)?;
    let id = kept.id.clone();
    in_force.push(kept);
    client.secrets = in_force;
    let status = client.row.status;
    store_change(tx, &mut client.row, "add-secret", status)?;
    Ok((client, id, shown))
}

/// Ends a secret: the tokens given for it open nothing from now on.
///
/// # Errors
///
/// 404 when the client has no such secret.
pub fn end_secret(tx: &mut Tx, mut client: Client, id: &ClientSecretId) -> Result<(), Error> {
    if client.secrets.iter().all(|secret| secret.id != *id) {
        return Err(Error::not_found());
    }
    store::delete_secret(tx, id)?;
    let status = client.row.status;
    store_change(tx, &mut client.row, "end-secret", status)
}

fn new_secret(
    tx: &mut Tx,
    client: &ClientId,
    expires_at: Option<NaiveDateTime>,
) -> Result<(SecretRow, String), Error> {
    let shown = secret::generate(secret::CLIENT_PREFIX).map_err(Error::Internal)?;
    let row = SecretRow {
        id: ClientSecretId::generate(),
        client_id: client.clone(),
        hash: secret::hash(&shown),
        hint: shown.chars().take(HINT).collect(),
        expires_at,
        last_used_at: None,
        created_at: tx.now(),
    };
    store::insert_secret(tx, &row)?;
    Ok((row, shown))
}

fn store_change(
    tx: &mut Tx,
    row: &mut ClientRow,
    action: &'static str,
    from: ClientStatus,
) -> Result<(), Error> {
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, row).map_err(Error::on_duplicate(&problems::CLIENT_EXISTS))?;
    tx.record(change(row, Op::Updated, action, Some(from)));
    Ok(())
}

fn change(row: &ClientRow, op: Op, action: &'static str, from: Option<ClientStatus>) -> Change {
    let mut change = Change::new(op, "clients", action, row.id.as_str(), row.version)
        .visible(false, false)
        .status(from.map(Code::as_str), (op != Op::Deleted).then_some(row.status.as_str()));
    if let Some(code) = &row.region_code {
        change = change.of_region(code);
    }
    if let Some(id) = &row.municipality_id {
        change = change.of(id);
    }
    change
}
