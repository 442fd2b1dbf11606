//! Queries on accounts.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::domain::{AccountStatus, Placement};
use crate::auth::{Role, Scope};
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{account_schools, accounts};
use crate::db::{AnyConnection, Backend, insert_all, keyset, lock};
use crate::kit::id::{AccountId, MunicipalityId, SchoolId};
use crate::kit::text;

/// An account as stored. Not `Debug`: its hash must not come into a log.
#[derive(Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// Login, folded.
    pub login: String,
    /// Name; `None` once anonymised, or when the operator gave none.
    pub full_name: Option<String>,
    /// Position.
    pub position: Option<String>,
    /// Folded login, name and position.
    pub search_text: String,
    /// Role.
    pub role: Role,
    /// The region, for regional readers.
    pub region_code: Option<String>,
    /// The municipality, for everybody who works within one.
    pub municipality_id: Option<MunicipalityId>,
    /// The school, for its own people.
    pub school_id: Option<SchoolId>,
    /// The last day with the head's rights.
    pub acting_until: Option<NaiveDate>,
    /// State.
    pub status: AccountStatus,
    /// PHC string; `None`: nobody can sign in.
    pub password_hash: Option<String>,
    /// Whether the password is a one-time one.
    pub must_change_password: bool,
    /// Until when a one-time password opens, UTC.
    pub password_expires_at: Option<NaiveDateTime>,
    /// The last day on which an account of a closed school reads.
    pub read_only_until: Option<NaiveDate>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

/// An account with the schools assigned to it.
#[derive(Clone, PartialEq)]
pub struct Account {
    /// The account.
    pub row: AccountRow,
    /// Assigned schools of a curator, by id.
    pub school_ids: Vec<SchoolId>,
}

impl Account {
    /// Its role and scope.
    #[must_use]
    pub fn placement(&self) -> Placement {
        Placement {
            role: self.row.role,
            region_code: self.row.region_code.clone(),
            municipality_id: self.row.municipality_id.clone(),
            school_id: self.row.school_id.clone(),
            school_ids: self.school_ids.clone(),
            acting_until: self.row.acting_until,
        }
    }
}

impl Keyed for Account {
    fn key(&self, name: &str) -> String {
        match name {
            "login" => self.row.login.clone(),
            _ => self.row.id.to_string(),
        }
    }
}

/// What a list of accounts is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Any of these roles.
    pub role: Option<Vec<Role>>,
    /// Any of these states.
    pub status: Option<Vec<AccountStatus>>,
    /// Of any of these municipalities.
    pub municipality_id: Option<Vec<MunicipalityId>>,
    /// Of the people of any of these schools.
    pub school_id: Option<Vec<SchoolId>>,
    /// Text to find in login, name and position.
    pub q: Option<String>,
}

/// Accounts that `scope` reads: all for the service, those of the municipality for its
/// department, none for anybody else.
fn scoped<'a>(scope: &'a Scope) -> accounts::BoxedQuery<'a, Backend> {
    let query = accounts::table.into_boxed();
    match scope {
        Scope::Service => query,
        Scope::Municipality(id) => query.filter(accounts::municipality_id.eq(id)),
        Scope::School(..) | Scope::Assigned(..) | Scope::Region(_) | Scope::Published(_) => {
            query.filter(sql::<Bool>("1 = 0"))
        }
    }
}

/// Accounts within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<Account>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(roles) = &narrowed.role {
            query = query.filter(accounts::role.eq_any(roles));
        }
        if let Some(statuses) = &narrowed.status {
            query = query.filter(accounts::status.eq_any(statuses));
        }
        if let Some(ids) = &narrowed.municipality_id {
            query = query.filter(accounts::municipality_id.eq_any(ids));
        }
        if let Some(ids) = &narrowed.school_id {
            query = query.filter(accounts::school_id.eq_any(ids));
        }
        if let Some(q) = &narrowed.q {
            query = query.filter(accounts::search_text.like(text::like_anywhere(q)).escape('\\'));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(accounts::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(AccountRow::as_select());
    keyset!(query, page, accounts::table, {
        "id" => accounts::id => String,
        "login" => accounts::login => String,
    });
    let rows = query.load(conn)?;
    Ok(Listed { rows: with_schools(conn, rows)?, count })
}

fn with_schools(conn: &mut AnyConnection, rows: Vec<AccountRow>) -> QueryResult<Vec<Account>> {
    let ids: Vec<&AccountId> = rows.iter().map(|row| &row.id).collect();
    let assigned: Vec<(AccountId, SchoolId)> = account_schools::table
        .filter(account_schools::account_id.eq_any(ids))
        .order((account_schools::account_id, account_schools::school_id))
        .load(conn)?;
    let mut by_account: HashMap<AccountId, Vec<SchoolId>> = HashMap::new();
    for (account, school) in assigned {
        by_account.entry(account).or_default().push(school);
    }
    Ok(rows
        .into_iter()
        .map(|row| Account { school_ids: by_account.remove(&row.id).into_iter().flatten().collect(), row })
        .collect())
}

/// One account within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(conn: &mut AnyConnection, scope: &Scope, id: &AccountId) -> QueryResult<Option<Account>> {
    let row =
        scoped(scope).filter(accounts::id.eq(id)).select(AccountRow::as_select()).first(conn).optional()?;
    Ok(with_schools(conn, row.into_iter().collect())?.pop())
}

/// One account of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &AccountId,
) -> QueryResult<Option<Account>> {
    lock!(conn, accounts::table.find(id))?;
    find(conn, scope, id)
}

/// The account with this login, for a sign-in: nobody has a scope yet.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_by_login(conn: &mut AnyConnection, login: &str) -> QueryResult<Option<AccountRow>> {
    accounts::table
        .filter(accounts::login.eq(text::folded(login)))
        .select(AccountRow::as_select())
        .first(conn)
        .optional()
}

/// Stores a new account and its assigned schools.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when the login is taken.
pub(super) fn insert(conn: &mut AnyConnection, account: &Account) -> QueryResult<()> {
    diesel::insert_into(accounts::table).values(&account.row).execute(conn)?;
    assign(conn, &account.row.id, &account.school_ids)
}

/// Stores a changed account and its assigned schools.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, account: &Account) -> QueryResult<()> {
    let id = &account.row.id;
    diesel::update(accounts::table.find(id)).set(&account.row).execute(conn)?;
    diesel::delete(account_schools::table.filter(account_schools::account_id.eq(id))).execute(conn)?;
    assign(conn, id, &account.school_ids)
}

#[derive(Insertable)]
#[diesel(table_name = account_schools, treat_none_as_default_value = false)]
struct Assignment<'a> {
    account_id: &'a AccountId,
    school_id: &'a SchoolId,
}

fn assign(conn: &mut AnyConnection, id: &AccountId, school_ids: &[SchoolId]) -> QueryResult<()> {
    let rows: Vec<Assignment> =
        school_ids.iter().map(|school_id| Assignment { account_id: id, school_id }).collect();
    insert_all!(conn, account_schools::table, &rows)
}

/// Whether there is any account. Takes no scope: it tells of no row.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn is_any(conn: &mut AnyConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(accounts::table.select(accounts::id))).get_result(conn)
}
