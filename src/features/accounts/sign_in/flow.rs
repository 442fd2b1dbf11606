//! How sessions begin, go on and end. Time is that of the transaction.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use sha2::{Digest, Sha256};

use super::store::{self, SessionRow};
use crate::auth::Scope;
use crate::db::{Event, Tx};
use crate::error::Error;
use crate::features::accounts::domain::AccountStatus;
use crate::features::accounts::store::{self as accounts, AccountRow};
use crate::features::accounts::{flow as account_flow, store::Account};
use crate::kit::clock::{moscow_date, utc};
use crate::kit::id::{AccountId, MunicipalityId, SessionId};

/// Days after which a session ends whatever happens.
const SESSION_DAYS: i64 = 30;
/// Seconds within which a replaced refresh token counts as a lost reply.
const LOST_REPLY_SECONDS: i64 = 10;
/// What every refresh token begins with, so that scanners of leaked secrets know it.
const PREFIX: &str = "srr_";

/// A session with a refresh token that was not given out yet.
pub struct Opened {
    /// The account.
    pub account: AccountRow,
    /// The session.
    pub session: SessionId,
    /// The token.
    pub refresh_token: String,
    /// When, UTC: also the access token's time.
    pub at: DateTime<Utc>,
}

/// What became of a refresh token.
pub enum Refreshed {
    /// Replaced.
    Opened(Box<Opened>),
    /// Unknown, or its session is over.
    Refused,
    /// Used again too late: the session was ended, which must be committed.
    Reused,
}

/// The hash that a password is compared with; `None` where no password opens the account.
#[must_use]
pub fn usable_hash(account: Option<&AccountRow>, now: NaiveDateTime) -> Option<String> {
    account.filter(|account| is_open(account, now)).and_then(|account| account.password_hash.clone())
}

fn is_open(account: &AccountRow, now: NaiveDateTime) -> bool {
    let one_time_over =
        account.must_change_password && account.password_expires_at.is_some_and(|end| end <= now);
    let reading_over = account.read_only_until.is_some_and(|last| moscow_date(utc(now)) > last);
    account.status == AccountStatus::Active && !one_time_over && !reading_over
}

/// Opens a session for the account whose password was found to match `verified`.
///
/// `None` when the account was blocked, or its password changed, since the comparison.
///
/// # Errors
///
/// The system gives no randomness; database failures.
pub fn open(tx: &mut Tx, id: &AccountId, verified: &str) -> Result<Option<Opened>, Error> {
    let account = accounts::find_for_change(tx, &Scope::Service, id)?.map(|found| found.row);
    let Some(account) =
        account.filter(|account| usable_hash(Some(account), tx.now()).as_deref() == Some(verified))
    else {
        return Ok(None);
    };
    note(tx, "login", (id.as_str(), &account.municipality_id), None);
    begin(tx, account).map(Some)
}

/// Notes a refused sign-in. What was typed is not kept.
pub fn note_refusal(tx: &mut Tx, account: Option<&AccountRow>) {
    let whose = account.map_or(("-", &None), |account| (account.id.as_str(), &account.municipality_id));
    note(tx, "login-failed", whose, None);
}

/// Replaces a refresh token by the next one of its session.
///
/// # Errors
///
/// The system gives no randomness; database failures.
pub fn refresh(tx: &mut Tx, token: &str) -> Result<Refreshed, Error> {
    let (hash, now) = (hash_of(token), tx.now());
    let Some(mut session) = store::find_by_token_for_change(tx, &hash)? else {
        return Ok(Refreshed::Refused);
    };
    if session.revoked_at.is_some() || session.expires_at <= now {
        return Ok(Refreshed::Refused);
    }
    let account = store::account_of(tx, &session.account_id)?;
    if !is_open(&account, now) {
        return Ok(Refreshed::Refused);
    }
    let token = new_token()?;
    if session.refresh_hash == hash {
        session.previous_hash = Some(hash);
        session.rotated_at = now;
    } else if now - session.rotated_at > Duration::seconds(LOST_REPLY_SECONDS) {
        store::revoke(tx, &session.id, now)?;
        let reason = "refresh token used again";
        note(tx, "session-revoked", (account.id.as_str(), &account.municipality_id), Some(reason));
        return Ok(Refreshed::Reused);
    }
    session.refresh_hash = hash_of(&token);
    store::rotate(tx, &session)?;
    Ok(Refreshed::Opened(Box::new(Opened {
        account,
        session: session.id,
        refresh_token: token,
        at: utc(now),
    })))
}

/// Ends a session of an account of this municipality, if of any.
///
/// # Errors
///
/// Database failures only.
pub fn close(
    tx: &mut Tx,
    (account, municipality): (&AccountId, Option<MunicipalityId>),
    session: &SessionId,
) -> Result<(), Error> {
    let now = tx.now();
    store::revoke(tx, session, now)?;
    note(tx, "logout", (account.as_str(), &municipality), None);
    Ok(())
}

/// Ends every session of an account.
///
/// # Errors
///
/// Database failures only.
pub fn end_all(tx: &mut Tx, account: &AccountId) -> Result<(), Error> {
    let now = tx.now();
    Ok(store::revoke_all(tx, account, now)?)
}

/// Replaces the own password and opens the one session that is left.
///
/// `None` when the account was blocked, or its password changed, since `verified` was
/// compared.
///
/// # Errors
///
/// As [`open`].
pub fn change_password(
    tx: &mut Tx,
    id: &AccountId,
    verified: &str,
    password_hash: String,
) -> Result<Option<Opened>, Error> {
    let found = accounts::find_for_change(tx, &Scope::Service, id)?;
    let unchanged = |account: &Account| {
        account.row.status == AccountStatus::Active && account.row.password_hash.as_deref() == Some(verified)
    };
    let Some(mut account) = found.filter(unchanged) else {
        return Ok(None);
    };
    account_flow::set_password(tx, &mut account, password_hash)?;
    begin(tx, account.row).map(Some)
}

fn begin(tx: &mut Tx, account: AccountRow) -> Result<Opened, Error> {
    let (token, now) = (new_token()?, tx.now());
    let session = SessionRow {
        id: SessionId::generate(),
        account_id: account.id.clone(),
        refresh_hash: hash_of(&token),
        previous_hash: None,
        rotated_at: now,
        expires_at: now + Duration::days(SESSION_DAYS),
        revoked_at: None,
        created_at: now,
    };
    store::insert(tx, &session)?;
    Ok(Opened { account, session: session.id, refresh_token: token, at: utc(now) })
}

fn note(
    tx: &mut Tx,
    action: &'static str,
    (id, municipality): (&str, &Option<MunicipalityId>),
    reason: Option<&str>,
) {
    tx.note_event(Event {
        action,
        resource: "accounts",
        id: id.to_owned(),
        municipality_id: municipality.clone(),
        reason: reason.map(str::to_owned),
    });
}

fn new_token() -> Result<String, Error> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).context("the system gives no randomness").map_err(Error::Internal)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn hash_of(token: &str) -> String {
    format!("{:x}", Sha256::digest(token))
}
