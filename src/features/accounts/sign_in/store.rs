//! Queries on sessions.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::db::schema::{accounts, sessions};
use crate::features::accounts::store::AccountRow;
use crate::kit::id::{AccountId, SessionId};

/// A session as stored. Hashes are SHA-256 in hex; the tokens themselves are not kept.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    /// Its id, in every access token of it.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Of the refresh token in force.
    pub refresh_hash: String,
    /// Of the one before.
    pub previous_hash: Option<String>,
    /// When the one before was replaced, UTC.
    pub rotated_at: NaiveDateTime,
    /// When the session ends by itself, UTC.
    pub expires_at: NaiveDateTime,
    /// When it was ended, UTC.
    pub revoked_at: Option<NaiveDateTime>,
    /// UTC.
    pub created_at: NaiveDateTime,
}

/// Stores a new session.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &SessionRow) -> QueryResult<()> {
    diesel::insert_into(sessions::table).values(row).execute(conn).map(|_| ())
}

/// The session whose refresh token in force, or the one before, has this hash; locked until
/// the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_by_token_for_change(
    conn: &mut AnyConnection,
    hash: &str,
) -> QueryResult<Option<SessionRow>> {
    let bearing = || {
        sessions::table
            .filter(sessions::refresh_hash.eq(hash).or(sessions::previous_hash.eq(hash)))
            .select(SessionRow::as_select())
    };
    let Some(found) = bearing().first::<SessionRow>(conn).optional()? else {
        return Ok(None);
    };
    diesel::update(sessions::table.find(&found.id))
        .set(sessions::rotated_at.eq(sessions::rotated_at))
        .execute(conn)?;
    // Read again: another request may have rotated it before the lock was had.
    bearing().first(conn).optional()
}

/// Replaces the hashes of a session.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn rotate(conn: &mut AnyConnection, row: &SessionRow) -> QueryResult<()> {
    diesel::update(sessions::table.find(&row.id))
        .set((
            sessions::refresh_hash.eq(&row.refresh_hash),
            sessions::previous_hash.eq(&row.previous_hash),
            sessions::rotated_at.eq(row.rotated_at),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Ends one session.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn revoke(conn: &mut AnyConnection, id: &SessionId, now: NaiveDateTime) -> QueryResult<()> {
    diesel::update(sessions::table.find(id)).set(sessions::revoked_at.eq(now)).execute(conn).map(|_| ())
}

/// Ends every open session of an account.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn revoke_all(
    conn: &mut AnyConnection,
    account: &AccountId,
    now: NaiveDateTime,
) -> QueryResult<()> {
    let open =
        sessions::table.filter(sessions::account_id.eq(account)).filter(sessions::revoked_at.is_null());
    diesel::update(open).set(sessions::revoked_at.eq(now)).execute(conn).map(|_| ())
}

/// The account of a session: the session itself is the proof that it may be read.
///
/// # Errors
///
/// Diesel's own error, unchanged; `NotFound` never, for accounts are not deleted.
pub(super) fn account_of(conn: &mut AnyConnection, id: &AccountId) -> QueryResult<AccountRow> {
    accounts::table.find(id).select(AccountRow::as_select()).first(conn)
}
