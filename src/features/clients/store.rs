//! Queries on service clients and their secrets. Only administrators manage them, so the rows
//! have no scope: the permit of an action that only they have is the proof.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::ClientStatus;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{client_secrets as secrets, clients};
use crate::db::{AnyConnection, keyset, lock};
use crate::kit::id::{ClientId, ClientSecretId, MunicipalityId};
use crate::kit::text;

/// A client as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = clients, treat_none_as_null = true)]
pub struct ClientRow {
    /// Its id.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// Folded name.
    pub name_folded: String,
    /// What it is for.
    pub description: Option<String>,
    /// The region that it reaches.
    pub region_code: Option<String>,
    /// The one municipality that it reaches.
    pub municipality_id: Option<MunicipalityId>,
    /// Granted scopes, separated by spaces.
    pub scopes: String,
    /// State.
    pub status: ClientStatus,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

/// A secret as stored. Not `Debug`: its hash must not come into a log.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = secrets)]
pub struct SecretRow {
    /// Its id.
    pub id: ClientSecretId,
    /// Whose it is.
    pub client_id: ClientId,
    /// SHA-256, hex.
    pub hash: String,
    /// How it begins.
    pub hint: String,
    /// When it ends by itself, UTC.
    pub expires_at: Option<NaiveDateTime>,
    /// When a token was last given for it, UTC.
    pub last_used_at: Option<NaiveDateTime>,
    /// UTC.
    pub created_at: NaiveDateTime,
}

/// A client with its secrets, oldest first.
#[derive(Clone)]
pub struct Client {
    /// The client.
    pub row: ClientRow,
    /// Its secrets.
    pub secrets: Vec<SecretRow>,
}

impl Keyed for Client {
    fn key(&self, name: &str) -> String {
        match name {
            "name" => self.row.name_folded.clone(),
            _ => self.row.id.to_string(),
        }
    }
}

/// What a list of clients is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Any of these states.
    pub status: Option<Vec<ClientStatus>>,
    /// Reaching any of these regions.
    pub region_code: Option<Vec<String>>,
    /// Reaching any of these municipalities.
    pub municipality_id: Option<Vec<MunicipalityId>>,
    /// Text to find in the name.
    pub q: Option<String>,
}

/// Clients, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn page(
    conn: &mut AnyConnection,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<Client>> {
    let matching = || {
        let mut query = clients::table.into_boxed();
        if let Some(statuses) = &narrowed.status {
            query = query.filter(clients::status.eq_any(statuses));
        }
        if let Some(codes) = &narrowed.region_code {
            query = query.filter(clients::region_code.eq_any(codes));
        }
        if let Some(ids) = &narrowed.municipality_id {
            query = query.filter(clients::municipality_id.eq_any(ids));
        }
        if let Some(q) = &narrowed.q {
            query = query.filter(clients::name_folded.like(text::like_anywhere(q)).escape('\\'));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(clients::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(ClientRow::as_select());
    keyset!(query, page, clients::table, {
        "id" => clients::id => String,
        "name" => clients::name_folded => String,
    });
    let rows = query.load(conn)?;
    Ok(Listed { rows: with_secrets(conn, rows)?, count })
}

fn with_secrets(conn: &mut AnyConnection, rows: Vec<ClientRow>) -> QueryResult<Vec<Client>> {
    let ids: Vec<&ClientId> = rows.iter().map(|row| &row.id).collect();
    let found: Vec<SecretRow> = secrets::table
        .filter(secrets::client_id.eq_any(ids))
        .select(SecretRow::as_select())
        .order((secrets::client_id, secrets::id))
        .load(conn)?;
    let mut by_client: HashMap<ClientId, Vec<SecretRow>> = HashMap::new();
    for secret in found {
        by_client.entry(secret.client_id.clone()).or_default().push(secret);
    }
    let whole =
        |row: ClientRow| Client { secrets: by_client.remove(&row.id).into_iter().flatten().collect(), row };
    Ok(rows.into_iter().map(whole).collect())
}

/// One client.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn one(conn: &mut AnyConnection, id: &ClientId) -> QueryResult<Option<Client>> {
    let row = clients::table.find(id).select(ClientRow::as_select()).first(conn).optional()?;
    Ok(with_secrets(conn, row.into_iter().collect())?.pop())
}

/// One client that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn one_for_change(conn: &mut AnyConnection, id: &ClientId) -> QueryResult<Option<Client>> {
    lock!(conn, clients::table.find(id))?;
    one(conn, id)
}

/// Stores a new client.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when the name is taken.
pub(super) fn insert(conn: &mut AnyConnection, row: &ClientRow) -> QueryResult<()> {
    diesel::insert_into(clients::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed client.
///
/// # Errors
///
/// As [`insert`].
pub(super) fn update(conn: &mut AnyConnection, row: &ClientRow) -> QueryResult<()> {
    diesel::update(clients::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Removes a client with its secrets.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn delete(conn: &mut AnyConnection, id: &ClientId) -> QueryResult<()> {
    diesel::delete(secrets::table.filter(secrets::client_id.eq(id))).execute(conn)?;
    diesel::delete(clients::table.find(id)).execute(conn).map(|_| ())
}

/// Stores a new secret.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert_secret(conn: &mut AnyConnection, row: &SecretRow) -> QueryResult<()> {
    diesel::insert_into(secrets::table).values(row).execute(conn).map(|_| ())
}

/// Removes a secret.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn delete_secret(conn: &mut AnyConnection, id: &ClientSecretId) -> QueryResult<()> {
    diesel::delete(secrets::table.find(id)).execute(conn).map(|_| ())
}

/// The client with this secret, with the secret's id: who asks for a token.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn by_secret(
    conn: &mut AnyConnection,
    id: &ClientId,
    hash: &str,
    now: NaiveDateTime,
) -> QueryResult<Option<(ClientRow, ClientSecretId)>> {
    secrets::table
        .inner_join(clients::table)
        .filter(secrets::hash.eq(hash))
        .filter(clients::id.eq(id))
        .filter(clients::status.eq(ClientStatus::Active))
        .filter(secrets::expires_at.is_null().or(secrets::expires_at.gt(now)))
        .select((ClientRow::as_select(), secrets::id))
        .first(conn)
        .optional()
}

/// What an active client may and how far it reaches: its scopes as stored, region, municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn grants(conn: &mut AnyConnection, id: &ClientId) -> QueryResult<Option<ClientRow>> {
    let active = clients::table.find(id).filter(clients::status.eq(ClientStatus::Active));
    active.select(ClientRow::as_select()).first(conn).optional()
}

/// Notes that a token was given for a secret.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn note_use(conn: &mut AnyConnection, id: &ClientSecretId, at: NaiveDateTime) -> QueryResult<()> {
    let change = secrets::last_used_at.eq(Some(at));
    diesel::update(secrets::table.find(id)).set(change).execute(conn).map(|_| ())
}
