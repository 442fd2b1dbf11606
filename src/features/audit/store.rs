//! Queries on the audit and its seals.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::{AuditLine, micros};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{audit_events as audit, audit_seals as seals};
use crate::db::{AnyConnection, keyset};

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit)]
pub struct AuditRow {
    /// Its number.
    pub seq: i64,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// Id of the account or the client; `None`: the command line, or somebody who is not known.
    pub actor_id: Option<String>,
    /// The role whose rights were used.
    pub actor_role: String,
    /// With a head's rights by `acting_until`.
    pub acting: bool,
    /// What was done.
    pub action: String,
    /// To which kind of resource.
    pub resource: String,
    /// To which one.
    pub resource_id: String,
    /// Its municipality.
    pub municipality_id: Option<String>,
    /// State before.
    pub from_status: Option<String>,
    /// State after.
    pub to_status: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The request.
    pub request_id: String,
}

impl Keyed for AuditRow {
    fn key(&self, _: &str) -> String {
        self.seq.to_string()
    }
}

impl From<AuditRow> for AuditLine {
    fn from(row: AuditRow) -> Self {
        Self {
            seq: row.seq,
            at: micros(row.at),
            actor_id: row.actor_id,
            actor_role: row.actor_role,
            acting: row.acting,
            action: row.action,
            resource: row.resource,
            resource_id: row.resource_id,
            municipality_id: row.municipality_id,
            from_status: row.from_status,
            to_status: row.to_status,
            reason: row.reason,
            request_id: row.request_id,
        }
    }
}

/// A seal: it stands for the rows after those of the seal before, through its own last one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = seals)]
pub struct SealRow {
    /// 1, 2, 3 …
    pub number: i64,
    /// Its last row.
    pub through_seq: i64,
    /// How many rows.
    pub rows_count: i32,
    /// Its hash.
    pub hash: String,
    /// When, UTC.
    pub sealed_at: NaiveDateTime,
}

/// What a list of the audit is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    /// Any of these actions.
    pub(super) action: Option<Vec<String>>,
    /// Any of these kinds of resources.
    pub(super) resource: Option<Vec<String>>,
    /// Exactly this one.
    pub(super) resource_id: Option<String>,
    /// By this account or client.
    pub(super) actor_id: Option<String>,
    /// By this request.
    pub(super) request_id: Option<String>,
    /// Not before this instant, UTC.
    pub(super) from: Option<NaiveDateTime>,
    /// Before this instant, UTC.
    pub(super) before: Option<NaiveDateTime>,
}

/// Rows within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<AuditRow>> {
    let matching = || {
        let mut query = audit::table.into_boxed();
        if let Some(id) = scope.municipality() {
            query = query.filter(audit::municipality_id.eq(id.as_str()));
        }
        if let Some(actions) = &narrowed.action {
            query = query.filter(audit::action.eq_any(actions));
        }
        if let Some(resources) = &narrowed.resource {
            query = query.filter(audit::resource.eq_any(resources));
        }
        if let Some(id) = &narrowed.resource_id {
            query = query.filter(audit::resource_id.eq(id));
        }
        if let Some(id) = &narrowed.actor_id {
            query = query.filter(audit::actor_id.eq(id));
        }
        if let Some(id) = &narrowed.request_id {
            query = query.filter(audit::request_id.eq(id));
        }
        if let Some(from) = narrowed.from {
            query = query.filter(audit::at.ge(from));
        }
        if let Some(before) = narrowed.before {
            query = query.filter(audit::at.lt(before));
        }
        if let Some(ids) = &page.ids {
            let numbers: Vec<i64> = ids.iter().flat_map(|id| id.parse()).collect();
            query = query.filter(audit::seq.eq_any(numbers));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(AuditRow::as_select());
    keyset!(query, page, audit::table, { "seq" => audit::seq => i64 });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// The last seal.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn last_seal(conn: &mut AnyConnection) -> QueryResult<Option<SealRow>> {
    seals::table.select(SealRow::as_select()).order(seals::number.desc()).first(conn).optional()
}

/// The seals after this number, in their order, `most` at most.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn seals_after(conn: &mut AnyConnection, number: i64, most: i64) -> QueryResult<Vec<SealRow>> {
    seals::table
        .filter(seals::number.gt(number))
        .select(SealRow::as_select())
        .order(seals::number)
        .limit(most)
        .load(conn)
}

/// Stores a seal.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert_seal(conn: &mut AnyConnection, seal: &SealRow) -> QueryResult<()> {
    diesel::insert_into(seals::table).values(seal).execute(conn).map(|_| ())
}

/// Rows after one number through another, in their order, `most` at most. Takes no scope: it is the
/// operator's, and that of who seals.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn rows_between(
    conn: &mut AnyConnection,
    (after, through): (i64, i64),
    most: i64,
) -> QueryResult<Vec<AuditRow>> {
    audit::table
        .filter(audit::seq.gt(after))
        .filter(audit::seq.le(through))
        .select(AuditRow::as_select())
        .order(audit::seq)
        .limit(most)
        .load(conn)
}

/// How many rows came since the last seal. Takes no scope: it tells of no row.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn unsealed(conn: &mut AnyConnection) -> QueryResult<i64> {
    let through = last_seal(conn)?.map_or(0, |seal| seal.through_seq);
    audit::table.filter(audit::seq.gt(through)).count().get_result(conn)
}
