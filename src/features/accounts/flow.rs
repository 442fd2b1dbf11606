//! What happens to accounts, each within one transaction.

use chrono::{Duration, NaiveDateTime};

use super::domain::{AccountStatus, Placement, Step};
use super::sign_in;
use super::store::{self, Account, AccountRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::{Error, Refusal};
use crate::features::municipalities;
use crate::features::schools::{self, SchoolStatus};
use crate::kit::code::Code;
use crate::kit::id::{AccountId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// Days for which a one-time password opens.
const ONE_TIME_DAYS: i64 = 7;

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Login; it is kept folded.
    pub login: String,
    /// Name of the person; the command line may leave it out.
    pub full_name: Option<String>,
    /// Position.
    pub position: Option<String>,
    /// Role and scope.
    pub placement: Placement,
}

/// What a change of an account may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Name of the person.
    pub full_name: Option<String>,
    /// Position.
    pub position: Option<String>,
    /// Role and scope.
    pub placement: Placement,
}

impl Details {
    /// The details of a stored account.
    #[must_use]
    pub fn of(account: &Account) -> Self {
        Self {
            full_name: account.row.full_name.clone(),
            position: account.row.position.clone(),
            placement: account.placement(),
        }
    }
}

/// The account a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &AccountId) -> Result<Account, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses a step that the account's state does not allow, or not on one's own account.
///
/// # Errors
///
/// 409 `account-state` with what stands in the way.
pub fn require(tx: &Tx, account: &Account, step: Step) -> Result<(), Error> {
    let own = tx.actor().account_id.as_ref() == Some(&account.row.id);
    let blockers = step.blockers(account.row.status, own);
    if blockers.is_empty() {
        return Ok(());
    }
    Err(if blockers.contains(&"own-account") {
        own_account()
    } else {
        Error::blocked(&problems::ACCOUNT_STATE, &blockers)
    })
}

fn own_account() -> Error {
    Refusal {
        detail: Some(Bi::fixed(
            "Это ваша собственная учётная запись: такое изменение выполняет другой человек",
            "This is your own account: somebody else has to do this",
        )),
        blocked_by: vec!["own-account".to_owned()],
        ..Refusal::of(&problems::ACCOUNT_STATE)
    }
    .into()
}

/// Makes an account that opens with the one-time password behind `password_hash`.
///
/// A municipality left out is that of `scope`.
///
/// # Errors
///
/// 409 `login-taken`, `school-closed`; 422 for what the role lacks or must not have, and
/// for municipalities and schools out of reach.
pub fn create(tx: &mut Tx, scope: &Scope, new: NewAccount, password_hash: String) -> Result<Account, Error> {
    let mut placement = new.placement;
    placement.municipality_id = placement.municipality_id.or_else(|| scope.municipality().cloned());
    check_placement(tx, scope, &placement)?;
    let now = tx.now();
    let mut account = Account {
        row: AccountRow {
            id: AccountId::generate(),
            login: text::folded(&new.login),
            full_name: None,
            position: None,
            search_text: String::new(),
            role: placement.role,
            region_code: None,
            municipality_id: None,
            school_id: None,
            acting_until: None,
            status: AccountStatus::Active,
            password_hash: Some(password_hash),
            must_change_password: true,
            password_expires_at: Some(one_time_end(now)),
            read_only_until: None,
            version: 1,
            created_at: now,
            updated_at: now,
        },
        school_ids: Vec::new(),
    };
    let details = Details { full_name: new.full_name, position: new.position, placement };
    write_details(&mut account, details);
    store::insert(tx, &account).map_err(Error::on_duplicate(&problems::LOGIN_TAKEN))?;
    tx.record(change(&account, Op::Created, "create", None));
    Ok(account)
}

/// Replaces the details of an account; unchanged ones keep its version.
///
/// # Errors
///
/// 409 for a change of one's own role or scope; 409 and 422 as [`create`].
pub fn update(tx: &mut Tx, scope: &Scope, mut account: Account, details: Details) -> Result<Account, Error> {
    let before = Details::of(&account);
    let mut after = details.clone();
    after.placement.school_ids.sort();
    if before == after {
        return Ok(account);
    }
    if before.placement != after.placement {
        if tx.actor().account_id.as_ref() == Some(&account.row.id) {
            return Err(own_account());
        }
        check_placement(tx, scope, &details.placement)?;
    }
    write_details(&mut account, details);
    let status = account.row.status;
    store_change(tx, &mut account, "update", status)?;
    Ok(account)
}

/// Keeps an account out of the service: its sessions end now.
///
/// # Errors
///
/// Database failures only.
pub fn block(tx: &mut Tx, mut account: Account) -> Result<Account, Error> {
    let from = std::mem::replace(&mut account.row.status, AccountStatus::Blocked);
    sign_in::end_all(tx, &account.row.id)?;
    store_change(tx, &mut account, "block", from)?;
    Ok(account)
}

/// Lets a blocked account in again; its sessions stay ended.
///
/// # Errors
///
/// Database failures only.
pub fn unblock(tx: &mut Tx, mut account: Account) -> Result<Account, Error> {
    let from = std::mem::replace(&mut account.row.status, AccountStatus::Active);
    store_change(tx, &mut account, "unblock", from)?;
    Ok(account)
}

/// Replaces the password by the one-time one behind `password_hash`: all sessions end.
///
/// # Errors
///
/// Database failures only.
pub fn reset_password(tx: &mut Tx, mut account: Account, password_hash: String) -> Result<Account, Error> {
    account.row.password_hash = Some(password_hash);
    account.row.must_change_password = true;
    account.row.password_expires_at = Some(one_time_end(tx.now()));
    sign_in::end_all(tx, &account.row.id)?;
    let status = account.row.status;
    store_change(tx, &mut account, "reset-password", status)?;
    Ok(account)
}

/// Erases the person and keeps the id, role and scope, for the audit.
///
/// # Errors
///
/// Database failures only.
pub fn anonymise(tx: &mut Tx, mut account: Account) -> Result<Account, Error> {
    let row = &mut account.row;
    let from = std::mem::replace(&mut row.status, AccountStatus::Anonymised);
    row.login = format!("anonymised-{}", AccountId::generate());
    row.full_name = None;
    row.position = None;
    row.search_text = String::new();
    row.password_hash = None;
    row.must_change_password = false;
    row.password_expires_at = None;
    row.acting_until = None;
    sign_in::end_all(tx, &account.row.id)?;
    store_change(tx, &mut account, "anonymise", from)?;
    Ok(account)
}

/// Sets the password that its owner chose.
///
/// # Errors
///
/// Database failures only.
pub fn set_password(tx: &mut Tx, account: &mut Account, password_hash: String) -> Result<(), Error> {
    account.row.password_hash = Some(password_hash);
    account.row.must_change_password = false;
    account.row.password_expires_at = None;
    sign_in::end_all(tx, &account.row.id)?;
    let status = account.row.status;
    store_change(tx, account, "change-password", status)
}

/// Checks role and scope members with all they refer to.
fn check_placement(tx: &mut Tx, scope: &Scope, placement: &Placement) -> Result<(), Error> {
    let mut violations = placement.violations();
    let mut closed = false;
    if let Some(municipality) = &placement.municipality_id {
        if municipalities::find(tx, scope, municipality)?.is_none() {
            violations.push(unknown_reference("/municipality_id".to_owned()));
        }
        let mut ids = placement.school_ids.clone();
        ids.extend(placement.school_id.clone());
        let found = schools::find_many(tx, scope, &ids)?;
        let own = |id: &SchoolId| {
            found.iter().find(|school| school.id == *id && school.municipality_id == *municipality)
        };
        if let Some(id) = &placement.school_id {
            match own(id) {
                None => violations.push(unknown_reference("/school_id".to_owned())),
                Some(school) => closed = school.status == SchoolStatus::Closed,
            }
        }
        for (place, id) in placement.school_ids.iter().enumerate() {
            if own(id).is_none() {
                violations.push(unknown_reference(format!("/school_ids/{place}")));
            }
        }
    }
    if closed {
        return Err(Error::refuse(&problems::SCHOOL_CLOSED));
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

fn unknown_reference(pointer: String) -> Violation {
    Violation::new(
        pointer,
        "unknown-reference",
        Bi::fixed("Такой записи нет или она вам недоступна", "There is no such resource within your reach"),
    )
}

fn write_details(account: &mut Account, details: Details) {
    let Details { full_name, position, placement } = details;
    let row = &mut account.row;
    row.search_text = text::folded(&format!(
        "{} {} {}",
        row.login,
        full_name.as_deref().unwrap_or_default(),
        position.as_deref().unwrap_or_default()
    ));
    row.full_name = full_name;
    row.position = position;
    if row.school_id != placement.school_id {
        // What was left to read was the closed school's.
        row.read_only_until = None;
    }
    row.role = placement.role;
    row.region_code = placement.region_code;
    row.municipality_id = placement.municipality_id;
    row.school_id = placement.school_id;
    row.acting_until = placement.acting_until;
    account.school_ids = placement.school_ids;
    account.school_ids.sort();
}

fn one_time_end(now: NaiveDateTime) -> NaiveDateTime {
    now + Duration::days(ONE_TIME_DAYS)
}

fn store_change(
    tx: &mut Tx,
    account: &mut Account,
    action: &'static str,
    from: AccountStatus,
) -> Result<(), Error> {
    account.row.version += 1;
    account.row.updated_at = tx.now();
    store::update(tx, account)?;
    tx.record(change(account, Op::Updated, action, Some(from)));
    Ok(())
}

fn change(account: &Account, op: Op, action: &'static str, from: Option<AccountStatus>) -> Change {
    let row = &account.row;
    let mut change = Change::new(op, "accounts", action, row.id.as_str(), row.version)
        .visible(false, false)
        .status(from.map(Code::as_str), Some(row.status.as_str()));
    if let Some(code) = &row.region_code {
        change = change.of_region(code);
    }
    if let Some(id) = &row.municipality_id {
        change = change.of(id);
    }
    change
}
