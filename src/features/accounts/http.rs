//! Operations on accounts.

mod bodies;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post};

use self::bodies::{AccountFilter, AccountIn, AccountOut, AccountPage, AccountPatch, AccountWithPassword};
use super::domain::Step;
use super::flow::{self, Details};
use super::store::{self, Account};
use super::{policy, sign_in};
use crate::auth::attempts::Attempts;
use crate::auth::session::Sessions;
use crate::auth::{Caller, Permit, Role, password};
use crate::db::{Db, Event, Tx};
use crate::error::Error;
use crate::kit::id::AccountId;
use crate::kit::lang::Bi;
use crate::problems;
use crate::web::notebook::{MANY, Notebook};
use crate::web::query::One;
use crate::web::{Body, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations, those of sessions and of one's own account included.
pub fn configure(operations: &mut Operations) {
    operations
        .configure(sign_in::configure)
        .service(list_accounts)
        .service(create_account)
        .service(get_account)
        .service(update_account)
        .service(block_account)
        .service(unblock_account)
        .service(reset_password)
        .service(anonymise_account);
}

/// List accounts: all for an administrator, those of the municipality for its head.
#[utoipa::path(tag = "accounts", params(AccountFilter, Paging), responses((status = 200, description = "A page", body = AccountPage)))]
#[get("/accounts")]
async fn list_accounts(
    permit: Permit<policy::ReadAccounts>,
    db: Data<Db>,
    notebook: Data<Notebook>,
    info: RequestInfo,
    query: ListQuery<AccountFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let event = Event::read("accounts", MANY, scope.municipality().cloned());
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    notebook.read(permit.caller.actor(), info.now, event);
    Ok(Listing::of(&query, listed, &info, |account| AccountOut::of(account, info.lang, &permit.caller))?
        .read(&info))
}

/// Make an account. The answer shows its one-time password, once.
///
/// Answers 409 `login-taken`, and 422 for what the role lacks or must not have.
#[utoipa::path(tag = "accounts", request_body = AccountIn, responses((status = 201, description = "Created", body = AccountWithPassword)))]
#[post("/accounts")]
async fn create_account(
    permit: Permit<policy::ManageAccounts>,
    db: Data<Db>,
    writing: Writing,
    body: Body<AccountIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (one_time, password_hash) = one_time_password().await?;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let given = body.checked()?;
            manage(&caller, given.role)?;
            if given.acting_until.is_some() {
                lend(&caller)?;
            }
            let account = flow::create(tx, &scope, given.into(), password_hash)?;
            let location = format!("/api/v1/accounts/{}", account.row.id);
            let shown = (!writing.is_rehearsal()).then_some(one_time);
            let answer = AccountOut::answer_with(account, writing.info.lang, &caller, shown)?;
            Ok(answer.created(location))
        })
        .await
}

/// Read an account.
#[utoipa::path(tag = "accounts", params(("id" = AccountId, Path)), responses((status = 200, description = "The account", body = AccountOut)))]
#[get("/accounts/{id}")]
async fn get_account(
    permit: Permit<policy::ReadAccounts>,
    db: Data<Db>,
    notebook: Data<Notebook>,
    info: RequestInfo,
    one: One,
    id: Path<AccountId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let account = db.read(move |conn| store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)).await?;
    let event = Event::read("accounts", account.row.id.as_str(), account.row.municipality_id.clone());
    notebook.read(permit.caller.actor(), info.now, event);
    Ok(AccountOut::answer(account, info.lang, &permit.caller)?.read(&info, &one))
}

/// Change an account; an unchanged one keeps its version.
///
/// Answers 403 for role or school changed by anybody but an administrator, and 409 for
/// one's own role, scope or `acting_until`.
#[utoipa::path(tag = "accounts", params(("id" = AccountId, Path)), request_body = AccountPatch, responses((status = 200, description = "The account", body = AccountOut)))]
#[patch("/accounts/{id}")]
async fn update_account(
    permit: Permit<policy::ManageAccounts>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<AccountId>,
    body: Body<AccountPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    let response = writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let account = flow::open(tx, &scope, &id)?;
            manage(&caller, account.row.role)?;
            writing.admit(tx, &body)?;
            writing.expect_version(account.row.version)?;
            flow::require(tx, &account, Step::Update)?;
            let patch = body.checked()?;
            if patch.moves() && !policy::moves(&caller) {
                return Err(Error::because(
                    &problems::FORBIDDEN,
                    Bi::fixed(
                        "Роль и школу учётной записи меняет администратор",
                        "Role and school of an account are changed by an administrator",
                    ),
                ));
            }
            if patch.lends() {
                lend(&caller)?;
            }
            let details = patch.over(Details::of(&account));
            let account = flow::update(tx, &scope, account, details)?;
            AccountOut::answer(account, writing.info.lang, &caller)
        })
        .await?;
    sessions.forget();
    Ok(response)
}

/// Block an account: its sessions end with the next request.
#[utoipa::path(tag = "accounts", params(("id" = AccountId, Path)), responses((status = 200, description = "The account", body = AccountOut)))]
#[post("/accounts/{id}/block")]
async fn block_account(
    permit: Permit<policy::ManageAccounts>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<AccountId>,
) -> Result<HttpResponse, Error> {
    let change = |tx: &mut Tx, account| flow::block(tx, account);
    step(permit, &db, writing, id.into_inner(), Step::Block, change).await.inspect(|_| sessions.forget())
}

/// Unblock an account; its person signs in again.
#[utoipa::path(tag = "accounts", params(("id" = AccountId, Path)), responses((status = 200, description = "The account", body = AccountOut)))]
#[post("/accounts/{id}/unblock")]
async fn unblock_account(
    permit: Permit<policy::ManageAccounts>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<AccountId>,
) -> Result<HttpResponse, Error> {
    let change = |tx: &mut Tx, account| flow::unblock(tx, account);
    step(permit, &db, writing, id.into_inner(), Step::Unblock, change).await.inspect(|_| sessions.forget())
}

/// Replace the password by a one-time one, shown once; all sessions end.
#[utoipa::path(tag = "accounts", params(("id" = AccountId, Path)), responses((status = 200, description = "The account", body = AccountWithPassword)))]
#[post("/accounts/{id}/reset-password")]
async fn reset_password(
    permit: Permit<policy::ManageAccounts>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    attempts: Data<Attempts>,
    writing: Writing,
    id: Path<AccountId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (one_time, password_hash) = one_time_password().await?;
    let response = writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let account = flow::open(tx, &scope, &id)?;
            manage(&caller, account.row.role)?;
            writing.replay(tx)?;
            writing.expect_version(account.row.version)?;
            flow::require(tx, &account, Step::ResetPassword)?;
            let account = flow::reset_password(tx, account, password_hash)?;
            if !writing.is_rehearsal() {
                attempts.forget(&account.row.login);
            }
            let shown = (!writing.is_rehearsal()).then_some(one_time);
            AccountOut::answer_with(account, writing.info.lang, &caller, shown)
        })
        .await?;
    sessions.forget();
    Ok(response)
}

/// Erase the person of an account: name, position, login and password go, the id stays.
#[utoipa::path(tag = "accounts", params(("id" = AccountId, Path)), responses((status = 200, description = "The account", body = AccountOut)))]
#[post("/accounts/{id}/anonymise")]
async fn anonymise_account(
    permit: Permit<policy::AnonymiseAccounts>,
    db: Data<Db>,
    sessions: Data<Sessions>,
    writing: Writing,
    id: Path<AccountId>,
) -> Result<HttpResponse, Error> {
    let change = |tx: &mut Tx, account| flow::anonymise(tx, account);
    step(permit, &db, writing, id.into_inner(), Step::Anonymise, change).await.inspect(|_| sessions.forget())
}

/// A transition without a body.
async fn step<A>(
    permit: Permit<A>,
    db: &Db,
    writing: Writing,
    id: AccountId,
    step: Step,
    change: impl FnOnce(&mut Tx, Account) -> Result<Account, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    writing
        .run(db, caller.actor(), "", move |tx, writing| {
            let account = flow::open(tx, &scope, &id)?;
            manage(&caller, account.row.role)?;
            writing.replay(tx)?;
            writing.expect_version(account.row.version)?;
            flow::require(tx, &account, step)?;
            AccountOut::answer(change(tx, account)?, writing.info.lang, &caller)
        })
        .await
}

/// A new one-time password and its hash, made before the transaction: hashing takes long.
async fn one_time_password() -> Result<(String, String), Error> {
    let password = password::one_time().map_err(Error::Internal)?;
    let hash = password::hash_in_turn(password.clone()).await?;
    Ok((password, hash))
}

fn manage(caller: &Caller, role: Role) -> Result<(), Error> {
    if policy::manages(caller, role) {
        return Ok(());
    }
    Err(Error::because(
        &problems::FORBIDDEN,
        Bi::fixed(
            "Учётными записями этой роли управляет администратор",
            "Accounts of this role are managed by an administrator",
        ),
    ))
}

fn lend(caller: &Caller) -> Result<(), Error> {
    if policy::lends(caller) {
        return Ok(());
    }
    Err(Error::because(
        &problems::FORBIDDEN,
        Bi::fixed(
            "Временно исполняющий обязанности не передаёт их дальше",
            "Who is acting does not lend the head's rights on",
        ),
    ))
}
