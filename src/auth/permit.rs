//! Role and scope in one proof.

use std::marker::PhantomData;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;

use super::client_scope::{self, ClientScope};
use super::outside::Outside;
use super::rights::{Rights, Who};
use super::role::Role;
use super::scope::Scope;
use super::session::{self, Session, Sessions};
use super::token::Tokens;
use crate::db::{Actor, Db};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::id::{AccountId, ClientId, SessionId};
use crate::problems;
use crate::web::rate::{Class, Limits};
use crate::web::{Known, RequestInfo};

/// Something that some roles and clients may do. Declared in `policy.rs` by `actions!`.
pub trait Action: 'static {
    /// The roles that may.
    const ROLES: &'static [Role];
    /// The scopes each of which lets a client.
    const CLIENTS: &'static [ClientScope];
    /// Whether it changes anything: accounts of a closed school only read.
    const WRITES: bool;
    /// Whether it may be done before the one-time password was changed.
    const BEFORE_PASSWORD: bool = false;
}

/// Declares actions: `Name = reads|writes|always [Role, …];` lines; `always` reads, and may
/// be done before the one-time password was changed. `or [Scope, …]` after the roles lets
/// clients with one of these scopes, `or any` those with any. Also gives `CATALOGUE`, all of them.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $kind:ident [$($role:ident),* $(,)?] $(or $clients:tt)?;)+) => {
        $(
            $(#[$doc])*
            pub struct $name;
            impl $crate::auth::Action for $name {
                const ROLES: &'static [$crate::auth::Role] = &[$($crate::auth::Role::$role),*];
                const CLIENTS: &'static [$crate::auth::ClientScope] =
                    $crate::auth::permit::actions!(@ clients $($clients)?);
                const WRITES: bool = $crate::auth::permit::actions!(@ writes $kind);
                const BEFORE_PASSWORD: bool = $crate::auth::permit::actions!(@ early $kind);
            }
        )+
        /// Every action of this feature, for `allowed` of `GET /me`.
        pub const CATALOGUE: &[$crate::auth::catalogue::Entry] =
            &[$($crate::auth::catalogue::Entry::of::<$name>(stringify!($name))),+];
    };
    (@ clients) => { &[] };
    (@ clients any) => { <$crate::auth::ClientScope as $crate::kit::code::Code>::ALL };
    (@ clients [$($scope:ident),+ $(,)?]) => { &[$($crate::auth::ClientScope::$scope),+] };
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
    /// Who.
    pub who: Who,
    /// What lets him: the role whose rights hold today, a head's while acting; or a client's scopes.
    pub rights: Rights,
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
            subject: Some(self.who.subject().to_owned()),
            account_id: match &self.who {
                Who::Person { account, .. } => Some(account.clone()),
                Who::Client(_) | Who::Outsider(_) => None,
            },
            role: self.rights.code(),
            acting: self.acting,
            request_id: self.request_id.clone(),
        }
    }

    /// His account, for what only a person with one can do.
    ///
    /// # Errors
    ///
    /// 403 for clients and for those whom an outside issuer vouches for.
    pub fn account(&self) -> Result<&AccountId, Error> {
        match &self.who {
            Who::Person { account, .. } => Ok(account),
            Who::Client(_) | Who::Outsider(_) => Err(Error::refuse(&problems::FORBIDDEN)),
        }
    }

    /// The client registered here, for what only such a one can have.
    ///
    /// # Errors
    ///
    /// 403 for people, and for clients of an outside issuer.
    pub fn client(&self) -> Result<&ClientId, Error> {
        match &self.who {
            Who::Client(id) => Ok(id),
            Who::Person { .. } | Who::Outsider(_) => Err(Error::refuse(&problems::FORBIDDEN)),
        }
    }

    /// The client itself, where the service acts for it without a request.
    #[must_use]
    pub fn of_client(id: ClientId, scopes: Vec<ClientScope>) -> Self {
        Self {
            who: Who::Client(id),
            rights: Rights::Scopes(scopes),
            acting: false,
            read_only: false,
            request_id: String::new(),
            token_expires_at: DateTime::<Utc>::UNIX_EPOCH,
        }
    }

    /// His session, as [`account`](Self::account).
    ///
    /// # Errors
    ///
    /// 403 for those who have none.
    pub fn session(&self) -> Result<&SessionId, Error> {
        match &self.who {
            Who::Person { session, .. } => Ok(session),
            Who::Client(_) | Who::Outsider(_) => Err(Error::refuse(&problems::FORBIDDEN)),
        }
    }

    /// Whether the account is his own.
    #[must_use]
    pub fn is(&self, other: &AccountId) -> bool {
        matches!(&self.who, Who::Person { account, .. } if account == other)
    }

    /// Whether he may do `A` now.
    #[must_use]
    pub fn may<A: Action>(&self) -> bool {
        self.rights.allow::<A>() && !(A::WRITES && self.read_only)
    }
}

/// Proof that the caller may do `A`, and how far that reaches.
///
/// # Errors
///
/// 401: token missing, badly signed, of another `iss` or for another `aud`, expired (leeway
/// 5 s), or its session, account, client or secret since closed. 403: neither the role nor a
/// scope allows `A`, the one-time password is still to be changed, or the account is read-only.
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
            let (caller, scope, must_change_password) = identify(&req).await?;
            admit(&req, &caller)?;
            if must_change_password && !A::BEFORE_PASSWORD {
                return Err(Error::refuse(&problems::PASSWORD_CHANGE_REQUIRED));
            }
            if !caller.rights.allow::<A>() {
                return Err(Error::refuse(&problems::FORBIDDEN));
            }
            if A::WRITES && caller.read_only {
                return Err(Error::refuse(&problems::READ_ONLY_ACCOUNT));
            }
            let scope = scope.ok_or_else(|| Error::refuse(&problems::FORBIDDEN))?;
            Ok(Self { caller, scope, action: PhantomData })
        })
    }
}

/// Counts the request to who asks, and notes him for the log.
fn admit(req: &HttpRequest, caller: &Caller) -> Result<(), Error> {
    let subject = caller.who.subject();
    let class = Class::of(req.method(), req.path());
    let limits = req.app_data::<Data<Limits>>();
    let rate = limits.map_or(Ok(None), |limits| limits.admit_subject(subject, class));
    Known::note(req, |known| {
        known.actor = Some(caller.actor());
        known.is_admin = matches!(caller.rights, Rights::Role(Role::Admin));
    });
    Known::counted(req, rate)
}

/// Who calls, how far his rights reach, and whether a one-time password is still to be changed.
async fn identify(req: &HttpRequest) -> Result<(Caller, Option<Scope>, bool), Error> {
    let unauthenticated = || Error::refuse(&problems::UNAUTHENTICATED);
    let part = || Error::Internal(anyhow::anyhow!("the application was built without authentication"));
    let tokens = req.app_data::<Data<Tokens>>().ok_or_else(part)?;
    let now = req.app_data::<Data<Clock>>().ok_or_else(part)?.now();
    let request_id = RequestInfo::of(req).request_id;
    let token = bearer(req).ok_or_else(unauthenticated)?;

    if let Some(outside) = req.app_data::<Data<Outside>>()
        && outside.issued(token)
    {
        let vouched = outside.verify(token, now).await?.ok_or_else(unauthenticated)?;
        let caller = Caller {
            who: Who::Outsider(vouched.subject),
            rights: vouched.rights,
            acting: false,
            read_only: false,
            request_id,
            token_expires_at: vouched.expires_at,
        };
        return Ok((caller, vouched.scope, false));
    }
    let claims = tokens.verify(token, now).ok_or_else(unauthenticated)?;
    let session = open_session(req, &claims.sid, claims.is_of_client(), now).await?;
    if session.who.subject() != claims.sub {
        return Err(unauthenticated());
    }
    let acting = session.acting(now);
    let rights = match session.rights {
        Rights::Role(role) if acting => Rights::Role(role.acting_as()),
        Rights::Scopes(granted) => {
            // A client may have asked for less than it was granted.
            let asked = claims.scope.as_deref().and_then(client_scope::parse).unwrap_or_default();
            Rights::Scopes(granted.into_iter().filter(|scope| asked.contains(scope)).collect())
        }
        rights @ Rights::Role(_) => rights,
    };
    let caller = Caller {
        who: session.who,
        rights,
        acting,
        read_only: session.read_only_until.is_some(),
        request_id,
        token_expires_at: DateTime::from_timestamp(claims.exp, 0).unwrap_or(now),
    };
    Ok((caller, session.scope, session.must_change_password))
}

async fn open_session(
    req: &HttpRequest,
    id: &SessionId,
    of_client: bool,
    now: DateTime<Utc>,
) -> Result<Session, Error> {
    let part = || Error::Internal(anyhow::anyhow!("the application was built without authentication"));
    let sessions = req.app_data::<Data<Sessions>>().ok_or_else(part)?;
    let db = req.app_data::<Data<Db>>().ok_or_else(part)?;
    if let Some(session) = sessions.believed(id, now) {
        return Ok(session);
    }
    let sought = id.clone();
    let loaded = db
        .read(move |conn| {
            Ok::<_, Error>(match of_client {
                true => session::load_client(conn, &sought, now)?,
                false => session::load(conn, &sought, now)?,
            })
        })
        .await?;
    let session = loaded.ok_or_else(|| Error::refuse(&problems::UNAUTHENTICATED))?;
    sessions.keep(&session, now);
    Ok(session)
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
