//! The account or client behind a token, kept for seconds: a request costs no query of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;

use super::client_scope;
use super::rights::{Rights, Who};
use super::role::Role;
use super::scope::Scope;
use crate::db::AnyConnection;
use crate::db::schema::{account_schools, accounts, client_secrets, clients, sessions};
use crate::kit::clock::moscow_date;
use crate::kit::id::{AccountId, ClientId, MunicipalityId, SchoolId, SessionId};

/// Seconds for which a loaded account is believed; on the instance that changes
/// it, it is forgotten at once.
const BELIEVED_SECONDS: i64 = 5;
/// Loaded accounts kept at most.
const KEPT: usize = 10_000;

/// An open session with its account, or a client with the secret it used, as the database has it.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session; of a client its secret.
    pub id: SessionId,
    /// Who.
    pub who: Who,
    /// The role written in the account, or the scopes granted to the client.
    pub rights: Rights,
    /// The last day of a head's rights.
    pub acting_until: Option<NaiveDate>,
    /// Until when an account of a closed school still reads.
    pub read_only_until: Option<NaiveDate>,
    /// Whether the first password must be changed before anything else.
    pub must_change_password: bool,
    /// How far its rights reach; `None` when the account lacks what its role needs.
    pub scope: Option<Scope>,
}

impl Session {
    /// Whether a head's rights hold at `now`.
    #[must_use]
    pub fn acting(&self, now: DateTime<Utc>) -> bool {
        let lends = self.rights.role().is_some_and(|role| role.acting_as() != role);
        lends && self.acting_until.is_some_and(|last| moscow_date(now) <= last)
    }
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
        who: Who::Person { account: row.account_id, session: row.id.clone() },
        id: row.id,
        rights: Rights::Role(row.role),
        acting_until: row.acting_until,
        read_only_until: row.read_only_until,
        must_change_password: row.must_change_password,
        scope,
    }))
}

/// Loads an active client by the secret that its token was given for.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn load_client(
    conn: &mut AnyConnection,
    secret: &SessionId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Session>> {
    let row: Option<(ClientId, String, Option<String>, Option<MunicipalityId>)> = client_secrets::table
        .inner_join(clients::table)
        .filter(client_secrets::id.eq(secret))
        .filter(client_secrets::expires_at.is_null().or(client_secrets::expires_at.gt(now.naive_utc())))
        .filter(clients::status.eq("active"))
        .select((clients::id, clients::scopes, clients::region_code, clients::municipality_id))
        .first(conn)
        .optional()?;
    Ok(row.map(|(client, scopes, region, municipality)| Session {
        id: secret.clone(),
        who: Who::Client(client),
        // Scopes that a later version of the program granted are unknown to this one, and grant nothing.
        rights: Rights::Scopes(
            scopes.split(' ').filter_map(|scope| client_scope::parse(scope)?.pop()).collect(),
        ),
        acting_until: None,
        read_only_until: None,
        must_change_password: false,
        scope: municipality.map(Scope::Published).or(region.map(Scope::Region)),
    }))
}
