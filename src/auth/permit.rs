//! Role and scope in one proof.

use std::marker::PhantomData;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;

use super::role::Role;
use super::scope::Scope;
use super::session::{self, Session, Sessions};
use super::token::Tokens;
use crate::db::{Actor, Db};
use crate::error::Error;
use crate::kit::clock::{Clock, moscow_date};
use crate::kit::code::Code;
use crate::kit::id::{AccountId, SessionId};
use crate::problems;
use crate::web::RequestInfo;

/// Something that some roles may do. Declared in `policy.rs` by `actions!`.
pub trait Action: 'static {
    /// The roles that may.
    const ROLES: &'static [Role];
    /// Whether it changes anything: accounts of a closed school only read.
    const WRITES: bool;
    /// Whether it may be done before the one-time password was changed.
    const BEFORE_PASSWORD: bool = false;

    /// Whether the role may.
    #[must_use]
    fn may(role: Role) -> bool {
        Self::ROLES.contains(&role)
    }
}

/// Declares actions: `Name = reads|writes|always [Role, …];` lines; `always` reads, and may
/// be done before the one-time password was changed. Also gives `CATALOGUE`, all of them.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $kind:ident [$($role:ident),* $(,)?];)+) => {
        $(
            $(#[$doc])*
            pub struct $name;
            impl $crate::auth::Action for $name {
                const ROLES: &'static [$crate::auth::Role] = &[$($crate::auth::Role::$role),*];
                const WRITES: bool = $crate::auth::permit::actions!(@ writes $kind);
                const BEFORE_PASSWORD: bool = $crate::auth::permit::actions!(@ early $kind);
            }
        )+
        /// Every action of this feature, for `allowed` of `GET /me`.
        pub const CATALOGUE: &[$crate::auth::catalogue::Entry] =
            &[$($crate::auth::catalogue::Entry::of::<$name>(stringify!($name))),+];
    };
    (@ writes writes) => { true };
    (@ writes reads) => { false };
    (@ writes always) => { false };
    (@ early always) => { true };
    (@ early reads) => { false };
    (@ early writes) => { false };
}
pub(crate) use actions;

/// Who calls, with the rights of the moment.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account_id: AccountId,
    /// The session of the token.
    pub session_id: SessionId,
    /// The role whose rights hold today: a head's while acting.
    pub role: Role,
    /// With a head's rights by `acting_until`.
    pub acting: bool,
    /// Whether the account only reads any more.
    pub read_only: bool,
    /// The request.
    pub request_id: String,
    /// When the token ends.
    pub token_expires_at: DateTime<Utc>,
}

impl Caller {
    /// As the audit names him.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            account_id: Some(self.account_id.clone()),
            role: self.role.as_str(),
            acting: self.acting,
            request_id: self.request_id.clone(),
        }
    }

    /// Whether his role may do `A` now.
    #[must_use]
    pub fn may<A: Action>(&self) -> bool {
        A::may(self.role) && !(A::WRITES && self.read_only)
    }
}

/// Proof that the caller may do `A`, and how far that reaches.
///
/// # Errors
///
/// 401: token missing, badly signed, for another `iss` or `aud`, expired (leeway
/// 5 s), or its session or account since closed. 403: the role is not in `A::ROLES`,
/// the one-time password is still to be changed, or the account is read-only.
pub struct Permit<A> {
    /// Who calls.
    pub caller: Caller,
    /// Read from the database: own school, own municipality, region, …
    pub scope: Scope,
    action: PhantomData<A>,
}

impl<A: Action> FromRequest for Permit<A> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let (session, token_expires_at, now) = open_session(&req).await?;
            let acting = session.acting_until.is_some_and(|last| moscow_date(now) <= last)
                && session.role.acting_as() != session.role;
            let caller = Caller {
                account_id: session.account_id,
                session_id: session.id,
                role: if acting { session.role.acting_as() } else { session.role },
                acting,
                read_only: session.read_only_until.is_some(),
                request_id: RequestInfo::of(&req).request_id,
                token_expires_at,
            };
            if session.must_change_password && !A::BEFORE_PASSWORD {
                return Err(Error::refuse(&problems::PASSWORD_CHANGE_REQUIRED));
            }
            if !A::may(caller.role) {
                return Err(Error::refuse(&problems::FORBIDDEN));
            }
            if A::WRITES && caller.read_only {
                return Err(Error::refuse(&problems::READ_ONLY_ACCOUNT));
            }
            let scope = session.scope.ok_or_else(|| Error::refuse(&problems::FORBIDDEN))?;
            Ok(Self { caller, scope, action: PhantomData })
        })
    }
}

async fn open_session(req: &HttpRequest) -> Result<(Session, DateTime<Utc>, DateTime<Utc>), Error> {
    let unauthenticated = || Error::refuse(&problems::UNAUTHENTICATED);
    let part = || Error::Internal(anyhow::anyhow!("the application was built without authentication"));
    let tokens = req.app_data::<Data<Tokens>>().ok_or_else(part)?;
    let sessions = req.app_data::<Data<Sessions>>().ok_or_else(part)?;
    let db = req.app_data::<Data<Db>>().ok_or_else(part)?;
    let now = req.app_data::<Data<Clock>>().ok_or_else(part)?.now();

    let claims = bearer(req).and_then(|token| tokens.verify(token, now)).ok_or_else(unauthenticated)?;
    let session = match sessions.believed(&claims.sid, now) {
        Some(session) => session,
        None => {
            let id = claims.sid.clone();
            let loaded = db.read(move |conn| Ok::<_, Error>(session::load(conn, &id, now)?)).await?;
            let session = loaded.ok_or_else(unauthenticated)?;
            sessions.keep(&session, now);
            session
        }
    };
    if session.account_id != claims.sub {
        return Err(unauthenticated());
    }
    let expires = DateTime::from_timestamp(claims.exp, 0).unwrap_or(now);
    Ok((session, expires, now))
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(req: &HttpRequest) -> Option<&str> {
    let mut headers = req.headers().get_all(AUTHORIZATION);
    let text = headers.next()?.to_str().ok()?;
    if headers.next().is_some() {
        return None;
    }
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
