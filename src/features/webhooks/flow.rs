//! What a client does with its webhooks, each within one transaction.

use chrono::Duration;

use super::domain::{DisabledBy, WebhookStatus};
use super::signature;
use super::store::{self, WebhookRow};
use super::target::Targets;
use crate::auth::Caller;
use crate::auth::vault::Vault;
use crate::db::{Change, Op, Tx, feed};
use crate::error::{Error, Refusal};
use crate::features::changes;
use crate::kit::code::Code;
use crate::kit::id::{ClientId, WebhookId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// Webhooks of a client at most.
const MOST: i64 = 20;
/// Seconds between two tests: a test must not become a hammer.
const TEST_PAUSE_SECONDS: i64 = 10;

/// What a client says of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Where deliveries go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Resources it is told of; empty: all that the client reads.
    pub resources: Vec<String>,
    /// State.
    pub status: WebhookStatus,
}

impl Details {
    /// The details of a stored webhook.
    #[must_use]
    pub fn of(row: &WebhookRow) -> Self {
        Self {
            url: row.url.clone(),
            description: row.description.clone(),
            resources: row.resources(),
            status: row.status,
        }
    }
}

/// The webhook a request is about, locked.
///
/// # Errors
///
/// 404 when the owner has none such.
pub fn open(tx: &mut Tx, owner: Option<&ClientId>, id: &WebhookId) -> Result<WebhookRow, Error> {
    store::one_for_change(tx, owner, id)?.ok_or_else(Error::not_found)
}

/// Registers a webhook that is told of what follows `after`, by default of what happens from now
/// on; returns it with its secret, which is kept sealed.
///
/// # Errors
///
/// 409 `webhooks-full`; 422 for its address, its resources and its beginning.
pub fn create(
    tx: &mut Tx,
    caller: &Caller,
    (vault, targets): (&Vault, &Targets),
    details: Details,
    (after, epoch): (Option<i64>, Option<String>),
) -> Result<(WebhookRow, String), Error> {
    let client = caller.client()?.clone();
    if store::count_of(tx, &client)? >= MOST {
        return Err(Error::refuse(&problems::WEBHOOKS_FULL));
    }
    let horizon = feed::horizon(tx)?;
    let standing = changes::standing(tx, horizon)?;
    let mut violations = check_url(targets, &details.url);
    violations.extend(check_resources(caller, &details.resources));
    if epoch.is_some_and(|epoch| epoch != standing.epoch) {
        violations.push(not_in_feed("/epoch"));
    }
    if after.is_some_and(|after| after < standing.purged_through || after > standing.newest) {
        violations.push(not_in_feed("/after"));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let (id, secret, now) =
        (WebhookId::generate(), signature::new_secret().map_err(Error::Internal)?, tx.now());
    let row = WebhookRow {
        secret: vault.seal(id.as_str(), &secret).map_err(Error::Internal)?,
        id,
        client_id: client,
        url: details.url,
        description: details.description,
        resources: details.resources.join(","),
        status: details.status,
        disabled_by: (details.status == WebhookStatus::Disabled).then_some(DisabledBy::Client),
        previous_secret: None,
        previous_until: None,
        epoch: standing.epoch,
        after_seq: after.unwrap_or(standing.complete),
        replay_after: None,
        replay_until: None,
        test_requested_at: None,
        tested_at: None,
        attempts: 0,
        failing_since: None,
        next_at: now,
        parked: false,
        lease_owner: None,
        lease_until: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &row)?;
    tx.record(change(&row, Op::Created, "create"));
    Ok((row, secret))
}

/// Replaces the details of a webhook; unchanged ones keep its version.
///
/// # Errors
///
/// 422 as [`create`].
pub fn update(
    tx: &mut Tx,
    caller: &Caller,
    targets: &Targets,
    mut row: WebhookRow,
    details: Details,
) -> Result<WebhookRow, Error> {
    if Details::of(&row) == details {
        return Ok(row);
    }
    let before = Details::of(&row);
    // What stays is not judged again: the operator's list or the scopes may have changed since.
    let mut violations =
        if before.url == details.url { Vec::new() } else { check_url(targets, &details.url) };
    if before.resources != details.resources {
        violations.extend(check_resources(caller, &details.resources));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    if row.status != details.status {
        row.status = details.status;
        row.disabled_by = (details.status == WebhookStatus::Disabled).then_some(DisabledBy::Client);
        begin_anew(tx, &mut row);
    }
    if row.url != details.url {
        // Another receiver has not failed yet.
        begin_anew(tx, &mut row);
    }
    row.url = details.url;
    row.description = details.description;
    row.resources = details.resources.join(",");
    store_change(tx, row, "update")
}

/// Removes a webhook with the record of its deliveries.
///
/// # Errors
///
/// Database failures only.
pub fn delete(tx: &mut Tx, row: &WebhookRow) -> Result<(), Error> {
    store::delete(tx, &row.id)?;
    tx.record(change(row, Op::Deleted, "delete"));
    Ok(())
}

/// Gives the webhook a new secret; the one before signs as well for `overlap_hours` more.
///
/// # Errors
///
/// The secret cannot be sealed; database failures.
pub fn rotate_secret(
    tx: &mut Tx,
    vault: &Vault,
    mut row: WebhookRow,
    overlap_hours: i64,
) -> Result<(WebhookRow, String), Error> {
    let secret = signature::new_secret().map_err(Error::Internal)?;
    let sealed = vault.seal(row.id.as_str(), &secret).map_err(Error::Internal)?;
    row.previous_secret = Some(std::mem::replace(&mut row.secret, sealed));
    row.previous_until = Some(tx.now() + Duration::hours(overlap_hours));
    Ok((store_change(tx, row, "rotate-secret")?, secret))
}

/// Lets a disabled webhook go on where it stopped, and one that fails try again at once.
///
/// # Errors
///
/// Database failures only.
pub fn enable(tx: &mut Tx, mut row: WebhookRow) -> Result<WebhookRow, Error> {
    if row.status == WebhookStatus::Active && row.attempts == 0 {
        return Ok(row);
    }
    row.status = WebhookStatus::Active;
    row.disabled_by = None;
    begin_anew(tx, &mut row);
    store_change(tx, row, "enable")
}

/// Has a test delivered soon, besides what is delivered in order.
///
/// # Errors
///
/// 429 when one was asked for within the last seconds, or is not delivered yet.
pub fn request_test(tx: &mut Tx, mut row: WebhookRow) -> Result<WebhookRow, Error> {
    let now = tx.now();
    let pause = Duration::seconds(TEST_PAUSE_SECONDS);
    if row.test_requested_at.is_some() || row.tested_at.is_some_and(|at| at + pause > now) {
        let retry_after = u32::try_from(TEST_PAUSE_SECONDS).ok();
        return Err(Refusal { retry_after, ..Refusal::of(&problems::TOO_MANY_REQUESTS) }.into());
    }
    row.test_requested_at = Some(now);
    store_change(tx, row, "test")
}

/// Has the range after `after` through `until` delivered once more, before anything new.
///
/// # Errors
///
/// 409 `webhook-state` for a disabled webhook; 422 for a range that is not kept, or was not
/// delivered yet.
pub fn replay(tx: &mut Tx, mut row: WebhookRow, after: i64, until: Option<i64>) -> Result<WebhookRow, Error> {
    if row.status == WebhookStatus::Disabled {
        return Err(Error::blocked(&problems::WEBHOOK_STATE, &["webhook-disabled"]));
    }
    let horizon = feed::horizon(tx)?;
    let standing = changes::standing(tx, horizon)?;
    let until = until.unwrap_or(row.after_seq);
    let mut violations = Vec::new();
    if after < standing.purged_through || after >= row.after_seq || row.epoch != standing.epoch {
        violations.push(not_in_feed("/after"));
    }
    if until <= after || until > row.after_seq {
        violations.push(not_in_feed("/until"));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    row.replay_after = Some(after);
    row.replay_until = Some(until);
    store_change(tx, row, "replay")
}

fn check_url(targets: &Targets, url: &str) -> Vec<Violation> {
    if targets.admit(url).is_some() {
        return Vec::new();
    }
    let detail = Bi::fixed(
        "Адрес не входит в перечень, разрешённый оператором службы (WEBHOOK_TARGETS)",
        "The address is not on the list that the operator of the service allows (WEBHOOK_TARGETS)",
    );
    vec![Violation::new("/url", "target-not-allowed", detail)]
}

fn check_resources(caller: &Caller, resources: &[String]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let readable = changes::readable_names(caller);
    for (place, name) in resources.iter().enumerate() {
        if !readable.contains(&name.as_str()) {
            let list = readable.join(", ");
            violations.push(Violation::new(
                format!("/resources/{place}"),
                "unknown-code",
                Bi::of(format!("Доступные ресурсы: {list}"), format!("Resources that you read: {list}")),
            ));
        }
        if resources.iter().take(place).any(|other| other == name) {
            let detail = Bi::fixed("Ресурс указан дважды", "The resource stands twice");
            violations.push(Violation::new(format!("/resources/{place}"), "not-unique", detail));
        }
    }
    violations
}

fn not_in_feed(pointer: &str) -> Violation {
    Violation::new(
        pointer,
        "not-in-feed",
        Bi::fixed(
            "Такого места в ленте нет, оно уже не хранится или ещё не доставлено",
            "There is no such place in the feed, it is no longer kept, or not delivered yet",
        ),
    )
}

fn begin_anew(tx: &Tx, row: &mut WebhookRow) {
    row.attempts = 0;
    row.failing_since = None;
    row.parked = false;
    row.next_at = tx.now();
}

fn store_change(tx: &mut Tx, mut row: WebhookRow, action: &'static str) -> Result<WebhookRow, Error> {
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, action));
    Ok(row)
}

fn change(row: &WebhookRow, op: Op, action: &'static str) -> Change {
    Change::new(op, "webhooks", action, row.id.as_str(), row.version)
        .visible(false, false)
        .status(None, (op != Op::Deleted).then_some(row.status.as_str()))
}
