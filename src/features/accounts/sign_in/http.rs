//! Operations on sessions. None takes an idempotency key: their answers hold secrets.

use std::future::{Ready, ready};

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::flow::{self, Opened, Refreshed};
use super::me;
use crate::auth::Permit;
use crate::auth::attempts::Attempts;
use crate::auth::password;
use crate::auth::session::Sessions;
use crate::auth::token::{LIFETIME_SECONDS, Tokens};
use crate::db::{Actor, Db, Mode};
use crate::error::Error;
use crate::features::accounts::{policy, store};
use crate::kit::code::Code;
use crate::problems;
use crate::web::{Answer, Body, Operations, RequestInfo, query};

/// Role of somebody who has not signed in, for the audit.
const STRANGER: &str = "anonymous";

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(login)
        .service(refresh)
        .service(logout)
        .service(me::get_me)
        .service(me::change_password);
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"login": "ivanova", "password": "пять синих тракторов"}))]
struct LoginIn {
    /// Login, in any case of letters.
    #[schema(min_length = 1, max_length = 100)]
    login: String,
    /// Password, as typed.
    #[schema(min_length = 1, max_length = 128)]
    password: String,
}

/// A refresh token to be used up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "srr_Zm9yIGFuIGV4YW1wbGUsIG5vdCBhIHNlY3JldCEh"}))]
struct RefreshIn {
    /// As given by the sign-in or the refresh before.
    #[schema(min_length = 1, max_length = 200)]
    refresh_token: String,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl", "token_type": "Bearer",
    "expires_in": 900, "refresh_token": "srr_Zm9yIGFuIGV4YW1wbGUsIG5vdCBhIHNlY3JldCEh"
}))]
pub(super) struct TokenPair {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds for which the access token is good.
    expires_in: i64,
    /// For the next pair; good once, for 30 days after the sign-in at most.
    refresh_token: String,
}

/// A request without parameters; any is refused, so that none is silently ignored.
pub(super) struct NoParameters(pub(super) RequestInfo);

impl FromRequest for NoParameters {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query::plain(req, &[]).map(|_none| Self(RequestInfo::of(req))))
    }
}

/// Sign in with login and password.
///
/// Answers 401 `login-failed` alike for an unknown login, a wrong password, a blocked
/// account and an expired one-time password, and 429 after ten tries within 15 minutes.
#[utoipa::path(tag = "auth", security(()), request_body = LoginIn, responses((status = 200, description = "Signed in", body = TokenPair)))]
#[post("/auth/login")]
async fn login(
    db: Data<Db>,
    tokens: Data<Tokens>,
    attempts: Data<Attempts>,
    NoParameters(info): NoParameters,
    body: Body<LoginIn>,
) -> Result<HttpResponse, Error> {
    let LoginIn { login, password } = body.checked()?;
    attempts.admit(&login, info.address, info.now)?;
    let sought = login.clone();
    let account = db.read(move |conn| Ok::<_, Error>(store::find_by_login(conn, &sought)?)).await?;
    let stored = flow::usable_hash(account.as_ref(), info.now.naive_utc());
    let matches = password::verify_in_turn(password, stored.clone()).await?;
    let mut actor = stranger(&info);
    let proven = match (&account, stored) {
        (Some(account), Some(hash)) if matches => {
            actor.subject = Some(account.id.to_string());
            actor.account_id = Some(account.id.clone());
            actor.role = account.role.as_str();
            Some((account.id.clone(), hash))
        }
        _ => None,
    };
    let opened = db
        .write(actor, Mode::Keep, move |tx| {
            let opened = match proven {
                Some((id, hash)) => flow::open(tx, &id, &hash)?,
                None => None,
            };
            if opened.is_none() {
                flow::note_refusal(tx, account.as_ref());
            }
            Ok::<_, Error>(opened)
        })
        .await?
        .ok_or_else(|| Error::refuse(&problems::LOGIN_FAILED))?;
    attempts.succeeded(&login, info.address);
    pair(&tokens, opened)
}

/// Exchange a refresh token for the next pair.
///
/// Within 10 seconds the token before answers too, for a client that lost the reply; later
/// it ends the session. Answers 401 `unauthenticated` when the session is over.
#[utoipa::path(tag = "auth", security(()), request_body = RefreshIn, responses((status = 200, description = "The next pair", body = TokenPair)))]
#[post("/auth/refresh")]
async fn refresh(
    db: Data<Db>,
    tokens: Data<Tokens>,
    sessions: Data<Sessions>,
    NoParameters(info): NoParameters,
    body: Body<RefreshIn>,
) -> Result<HttpResponse, Error> {
    let token = body.checked()?.refresh_token;
    let refreshed = db.write(stranger(&info), Mode::Keep, move |tx| flow::refresh(tx, &token)).await?;
    match refreshed {
        Refreshed::Opened(opened) => pair(&tokens, *opened),
        Refreshed::Refused => Err(Error::refuse(&problems::UNAUTHENTICATED)),
        Refreshed::Reused => {
            sessions.forget();
            Err(Error::refuse(&problems::UNAUTHENTICATED))
        }
    }
}

/// Sign out: the session and all its tokens end now.
#[utoipa::path(tag = "auth", responses((status = 204, description = "Signed out")))]
#[post("/auth/logout")]
async fn logout(
    permit: Permit<policy::SignOut>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    _: NoParameters,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (account, session) = (caller.account()?.clone(), caller.session()?.clone());
    let municipality = scope.municipality().cloned();
    db.write(caller.actor(), Mode::Keep, move |tx| flow::close(tx, (&account, municipality), &session))
        .await?;
    sessions.forget();
    Ok(Answer::empty().written(false))
}

/// Sends the tokens of an opened session.
pub(super) fn pair(tokens: &Tokens, opened: Opened) -> Result<HttpResponse, Error> {
    let Opened { account, session, refresh_token, at } = opened;
    let scope = (account.region_code, account.municipality_id, account.school_id);
    let access_token =
        tokens.issue(at, account.id, session, account.role.as_str(), scope).map_err(Error::Internal)?;
    let pair = TokenPair { access_token, token_type: "Bearer", expires_in: LIFETIME_SECONDS, refresh_token };
    Ok(Answer::plain(&pair)?.written(false))
}

fn stranger(info: &RequestInfo) -> Actor {
    Actor::without_account(STRANGER, info.request_id.clone())
}
