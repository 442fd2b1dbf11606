//! Who one is and what one may; the change of the own password.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::flow;
use super::http::{NoParameters, TokenPair, pair};
use crate::auth::attempts::Attempts;
use crate::auth::catalogue::Catalogue;
use crate::auth::rights::SERVICE;
use crate::auth::session::Sessions;
use crate::auth::token::Tokens;
use crate::auth::{ClientScope, Permit, Rights, Role, Scope, password};
use crate::db::{Db, Mode};
use crate::error::Error;
use crate::features::accounts::domain::password as rules;
use crate::features::accounts::policy;
use crate::features::accounts::store::{self, Account};
use crate::kit::code::Code;
use crate::kit::id::{AccountId, MunicipalityId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;
use crate::web::query::One;
use crate::web::{Answer, Body, RequestInfo};

/// What `role_label` says of clients.
static SERVICE_LABEL: Bi = Bi::fixed("служебный клиент", "service client");

/// Who one is and what one may.
#[derive(Serialize, ToSchema)]
struct MeOut {
    /// The account's or the client's id, or a digest of whom an outside issuer vouches for.
    subject: String,
    /// Null for whoever has no account here: clients, and those of an outside issuer.
    account_id: Option<AccountId>,
    login: Option<String>,
    full_name: Option<String>,
    position: Option<String>,
    /// Role of the account; `service` for clients.
    #[schema(example = "school_head")]
    role: &'static str,
    role_label: &'static str,
    /// Scopes that the client's token allows; empty for people.
    scopes: Vec<ClientScope>,
    /// Whether the head's rights hold now, by `acting_until`.
    acting: bool,
    /// The last day with the head's rights.
    acting_until: Option<NaiveDate>,
    region_code: Option<String>,
    municipality_id: Option<MunicipalityId>,
    school_id: Option<SchoolId>,
    /// The assigned schools of a curator; empty for other roles.
    school_ids: Vec<SchoolId>,
    /// Whether only this, the change of password and the sign-out answer.
    must_change_password: bool,
    /// The last day on which an account of a closed school reads.
    read_only_until: Option<NaiveDate>,
    token_expires_at: DateTime<Utc>,
    server_time: DateTime<Utc>,
    /// Actions by resource, each a code of a group of operations; empty until the one-time
    /// password is changed. What a single resource allows now is in its `actions`.
    #[schema(example = json!({"orders": ["read_orders", "draft_orders"]}))]
    allowed: BTreeMap<&'static str, Vec<String>>,
}

/// The change of the own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "abcd-efgh-jkmn-pqrs", "new_password": "пять синих тракторов"}))]
struct PasswordChange {
    /// The password in force, or the one-time password.
    #[schema(min_length = 1, max_length = 128)]
    current_password: String,
    /// 12 to 128 characters, any; not the login, not one of the most common.
    #[schema(min_length = 12, max_length = 128)]
    new_password: String,
}

/// Read who one is, how far one's rights reach and what they are.
///
/// For each resource, the actions that the caller's role or scopes allow; when the token ends, and the
/// time of the service.
#[utoipa::path(tag = "auth", responses((status = 200, description = "The caller", body = MeOut)))]
#[get("/me")]
pub(super) async fn get_me(
    permit: Permit<policy::ReadOwnAccount>,
    db: Data<Db>,
    catalogue: Data<Catalogue>,
    info: RequestInfo,
    one: One,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let account = match caller.account() {
        Ok(id) => Some(own_account(&db, id.clone()).await?),
        Err(_has_none) => None,
    };
    let scopes = match &caller.rights {
        Rights::Scopes(scopes) => scopes.clone(),
        Rights::Role(_) => Vec::new(),
    };
    let row = account.as_ref().map(|account| &account.row);
    // The account's own role: a head's rights that are only lent are told by `acting`.
    let role = row.map(|row| row.role).or(caller.rights.role());
    let must_change_password = row.is_some_and(|row| row.must_change_password);
    let me = MeOut {
        allowed: if must_change_password { BTreeMap::new() } else { catalogue.allowed(&caller) },
        subject: caller.who.subject().to_owned(),
        account_id: row.map(|row| row.id.clone()),
        login: row.map(|row| row.login.clone()),
        full_name: row.and_then(|row| row.full_name.clone()),
        position: row.and_then(|row| row.position.clone()),
        role: role.map_or(SERVICE, Role::as_str),
        role_label: role.map_or(SERVICE_LABEL.get(info.lang), |role| role.label(info.lang)),
        scopes,
        acting: caller.acting,
        acting_until: row.and_then(|row| row.acting_until),
        region_code: row.and_then(|row| row.region_code.clone()).or(scope.region().map(str::to_owned)),
        municipality_id: row.and_then(|row| row.municipality_id.clone()).or(scope.municipality().cloned()),
        school_id: row.and_then(|row| row.school_id.clone()),
        school_ids: account.as_ref().map(|account| account.school_ids.clone()).unwrap_or_default(),
        must_change_password,
        read_only_until: row.and_then(|row| row.read_only_until),
        token_expires_at: caller.token_expires_at,
        server_time: info.now,
    };
    Ok(Answer::plain(&me)?.read(&info, &one))
}

/// Change the own password; the only change that a one-time password allows.
///
/// Every session of the account ends, this one too; the answer opens a new one. Answers 422
/// when the current password is wrong or the new one is too easy to guess, and 429 after
/// ten tries within 15 minutes.
#[utoipa::path(tag = "auth", request_body = PasswordChange, responses((status = 200, description = "A new session", body = TokenPair)))]
#[post("/me/password")]
pub(super) async fn change_password(
    permit: Permit<policy::ChangeOwnPassword>,
    db: Data<Db>,
    tokens: Data<Tokens>,
    sessions: Data<Sessions>,
    attempts: Data<Attempts>,
    NoParameters(info): NoParameters,
    body: Body<PasswordChange>,
) -> Result<HttpResponse, Error> {
    let PasswordChange { current_password, new_password } = body.checked()?;
    let (actor, id) = (permit.caller.actor(), permit.caller.account()?.clone());
    let account = own_account(&db, id.clone()).await?.row;
    attempts.admit(&account.login, info.address, info.now)?;

    let mut violations = rules::violations("/new_password", &new_password, &account.login);
    if new_password == current_password {
        violations.push(Violation::new(
            "/new_password",
            "password-unchanged",
            Bi::fixed(
                "Новый пароль должен отличаться от текущего",
                "The new password must differ from the current one",
            ),
        ));
    }
    let stored = account.password_hash;
    if password::verify_in_turn(current_password, stored.clone()).await? {
        attempts.succeeded(&account.login, info.address);
    } else {
        violations.push(Violation::new(
            "/current_password",
            "wrong-password",
            Bi::fixed("Текущий пароль неверен", "The current password is wrong"),
        ));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let hash = password::hash_in_turn(new_password).await?;
    let opened = db
        .write(actor, Mode::Keep, move |tx| {
            flow::change_password(tx, &id, stored.as_deref().unwrap_or_default(), hash)
        })
        .await?
        .ok_or_else(|| Error::refuse(&problems::UNAUTHENTICATED))?;
    sessions.forget();
    pair(&tokens, opened)
}

async fn own_account(db: &Db, id: AccountId) -> Result<Account, Error> {
    // The caller's own row, whatever his scope reads: the permit proves that it is his.
    db.read(move |conn| {
        store::find(conn, &Scope::Service, &id)?.ok_or_else(|| Error::refuse(&problems::UNAUTHENTICATED))
    })
    .await
}
