//! Operations of a person on his own account.

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
use crate::auth::session::Sessions;
use crate::auth::token::Tokens;
use crate::auth::{Permit, Role, Scope, password};
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

/// Who one is and what one may.
#[derive(Serialize, ToSchema)]
struct MeOut {
    account_id: AccountId,
    login: String,
    full_name: Option<String>,
    position: Option<String>,
    /// Role of the account.
    role: Role,
    role_label: &'static str,
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
#[utoipa::path(tag = "auth", responses((status = 200, description = "The caller", body = MeOut)))]
#[get("/me")]
pub(super) async fn get_me(
    permit: Permit<policy::ReadOwnAccount>,
    db: Data<Db>,
    catalogue: Data<Catalogue>,
    info: RequestInfo,
    one: One,
) -> Result<HttpResponse, Error> {
    let caller = permit.caller;
    let Account { row, school_ids } = own_account(&db, caller.account_id.clone()).await?;
    let me = MeOut {
        allowed: if row.must_change_password { BTreeMap::new() } else { catalogue.allowed(&caller) },
        account_id: row.id,
        login: row.login,
        full_name: row.full_name,
        position: row.position,
        role: row.role,
        role_label: row.role.label(info.lang),
        acting: caller.acting,
        acting_until: row.acting_until,
        region_code: row.region_code,
        municipality_id: row.municipality_id,
        school_id: row.school_id,
        school_ids,
        must_change_password: row.must_change_password,
        read_only_until: row.read_only_until,
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
    let (actor, id) = (permit.caller.actor(), permit.caller.account_id);
    let account = own_account(&db, id.clone()).await?.row;
    attempts.admit(&account.login, info.now)?;

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
        attempts.forget(&account.login);
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
