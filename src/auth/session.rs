//! The account behind a token, kept for seconds: a request costs no query of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::role::Role;
use super::scope::Scope;
use crate::db::AnyConnection;
use crate::db::schema::{account_schools, accounts, sessions};
use crate::kit::clock::moscow_date;
use crate::kit::id::{AccountId, MunicipalityId, SchoolId, SessionId};

/// Seconds for which a loaded account is believed; on the instance that changes
/// it, it is forgotten at once.
const BELIEVED_SECONDS: i64 = 5;
/// Loaded accounts kept at most.
const KEPT: usize = 10_000;

/// An open session with its account, as the database has it.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// The account.
    pub account_id: AccountId,
    /// The role written in the account.
    pub role: Role,
    /// The last day of a head's rights.
    pub acting_until: Option<NaiveDate>,
    /// Until when an account of a closed school still reads.
    pub read_only_until: Option<NaiveDate>,
    /// Whether the first password must be changed before anything else.
    pub must_change_password: bool,
    /// How far its rights reach; `None` when the account lacks what its role needs.
    pub scope: Option<Scope>,
    /// When the session ends by itself.
    pub expires_at: NaiveDateTime,
}

/// Loaded sessions. One per process.
#[derive(Default)]
pub struct Sessions {
    loaded: Mutex<HashMap<SessionId, (DateTime<Utc>, Session)>>,
}

impl Sessions {
    /// The session, when it was loaded within the last seconds.
    #[must_use]
    pub fn believed(&self, id: &SessionId, now: DateTime<Utc>) -> Option<Session> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, session) = loaded.get(id)?;
        let age = now - at;
        (age >= Duration::zero() && age < Duration::seconds(BELIEVED_SECONDS)).then(|| session.clone())
    }

    /// Keeps a loaded session.
    pub fn keep(&self, session: &Session, now: DateTime<Utc>) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.len() >= KEPT {
            loaded.retain(|_, (at, _)| now - *at < Duration::seconds(BELIEVED_SECONDS));
        }
        loaded.insert(session.id.clone(), (now, session.clone()));
    }

    /// Forgets all, after anything changed about accounts, sessions or assigned schools.
    pub fn forget(&self) {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[derive(Queryable)]
struct Row {
    id: SessionId,
    expires_at: NaiveDateTime,
    account_id: AccountId,
    role: Role,
    region_code: Option<String>,
    municipality_id: Option<MunicipalityId>,
    school_id: Option<SchoolId>,
    acting_until: Option<NaiveDate>,
    read_only_until: Option<NaiveDate>,
    must_change_password: bool,
}

/// Loads an open session of an active account.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn load(conn: &mut AnyConnection, id: &SessionId, now: DateTime<Utc>) -> QueryResult<Option<Session>> {
    let row: Option<Row> = sessions::table
        .inner_join(accounts::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now.naive_utc()))
        .filter(accounts::status.eq("active"))
        .select((
            sessions::id,
            sessions::expires_at,
            accounts::id,
            accounts::role,
            accounts::region_code,
            accounts::municipality_id,
            accounts::school_id,
            accounts::acting_until,
            accounts::read_only_until,
            accounts::must_change_password,
        ))
        .first(conn)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    if row.read_only_until.is_some_and(|last| moscow_date(now) > last) {
        return Ok(None);
    }
    let scope = match (row.role, row.municipality_id, row.school_id, row.region_code) {
        (Role::Admin, ..) => Some(Scope::Service),
        (Role::RegionalViewer, _, _, Some(code)) => Some(Scope::Region(code)),
        (Role::MunicipalHead | Role::MunicipalOfficer, Some(id), ..) => Some(Scope::Municipality(id)),
        (Role::SchoolHead | Role::SchoolOperator, Some(id), Some(school), _) => {
            Some(Scope::School(id, school))
        }
        (Role::Curator, Some(id), ..) => {
            let schools = account_schools::table
                .filter(account_schools::account_id.eq(&row.account_id))
                .select(account_schools::school_id)
                .order(account_schools::school_id)
                .load(conn)?;
            Some(Scope::Assigned(id, schools))
        }
        _ => None,
    };
    Ok(Some(Session {
        id: row.id,
        account_id: row.account_id,
        role: row.role,
        acting_until: row.acting_until,
        read_only_until: row.read_only_until,
        must_change_password: row.must_change_password,
        scope,
        expires_at: row.expires_at,
    }))
}
