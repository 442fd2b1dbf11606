//! What is to be delivered to a webhook next, and what became of it.

use std::time::Duration;

use chrono::NaiveDateTime;

use super::domain::{DisabledBy, FailureKind, LAST_WAIT, Next, Outcome, WebhookStatus, after_failure};
use super::event::{self, Event};
use super::sender::{Attempt, Failure};
use super::store::{DeliveryRow, WebhookRow};
use super::{store, store_dispatch};
use crate::auth::{Caller, ClientScope};
use crate::db::{AnyConnection, Horizon, Tx};
use crate::error::Error;
use crate::features::changes::{self, Question};
use crate::features::clients;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{DeliveryId, WebhookId};
use crate::kit::lang::Lang;
use crate::problems;

/// Changes read at a time.
const PAGE: i64 = 100;
/// Seconds for which a process has a webhook after each sign of life.
pub const LEASE_SECONDS: i64 = 30;

/// Where a webhook goes on after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The test is done.
    Tested,
    /// The range to be delivered again is done through this number; `true`: wholly.
    Replayed(i64, bool),
    /// The cursor, in this epoch.
    At(i64, String),
}

/// What is to be delivered next.
pub struct Work {
    /// The webhook.
    pub row: WebhookRow,
    /// Events in their order, each with the place after it.
    pub events: Vec<(Event, Place)>,
    /// The place when all of them are delivered; `None`: that of the last.
    pub then: Option<Place>,
}

/// What is next for a webhook that `owner` has, or whoever has it; `None` when that one has it no
/// more, or it is to be told nothing. Call it within a snapshot of the feed.
///
/// # Errors
///
/// Database failures; an event that cannot be written as JSON.
pub fn next(
    conn: &mut AnyConnection,
    horizon: Horizon,
    id: &WebhookId,
    owner: Option<&str>,
    source: &str,
    now: NaiveDateTime,
) -> Result<Option<Work>, Error> {
    let Some(row) = store_dispatch::held(conn, id, owner)? else { return Ok(None) };
    let Some((rights, scope)) = clients::rights_of(conn, &row.client_id)? else { return Ok(None) };
    // Who may not manage its webhooks any more could not stop them either.
    if !rights.contains(&ClientScope::WebhooksManage) {
        return Ok(None);
    }
    if row.test_requested_at.is_some() {
        let events = vec![(event::of_test(source, utc(now))?, Place::Tested)];
        return Ok(Some(Work { row, events, then: None }));
    }
    if row.status == WebhookStatus::Disabled
        || row.attempts > 0 && row.next_at > now && row.next_at < now + chrono::Duration::hours(27)
    {
        return Ok(None);
    }
    let caller = Caller::of_client(row.client_id.clone(), rights);
    let mut resources = changes::readable_names(&caller);
    let wanted = row.resources();
    resources.retain(|name| wanted.is_empty() || wanted.iter().any(|one| one == name));
    let (after, until) = (row.replay_after.unwrap_or(row.after_seq), row.replay_until);
    let asked = Question { after, limit: PAGE, epoch: Some(row.epoch.clone()), resources };
    let page = match changes::page(conn, horizon, &scope, &asked) {
        Ok(page) => page,
        Err(Error::Refused(_)) if row.replay_after.is_some() => {
            // What was to be told again is no longer kept; what is new is not lost with it.
            let then = Some(Place::Replayed(after, true));
            return Ok(Some(Work { row, events: Vec::new(), then }));
        }
        Err(Error::Refused(refusal)) => return resync(row, *refusal, source, now).map(Some),
        Err(other) => return Err(other),
    };
    let epoch = row.epoch.clone();
    let place = |seq: i64| match until {
        Some(last) => Place::Replayed(seq, seq >= last),
        None => Place::At(seq, epoch.clone()),
    };
    let told = page.items.iter().filter(|told| until.is_none_or(|last| told.row.seq <= last));
    let events = told
        .map(|told| Ok((event::of_change(source, &row.epoch, told)?, place(told.row.seq))))
        .collect::<Result<Vec<_>, serde_json::Error>>()?;
    Ok(Some(Work { then: Some(place(page.next_after)), row, events }))
}

/// The cursor leads nowhere any more: the receiver is told so, and goes on from there.
fn resync(
    row: WebhookRow,
    refusal: crate::error::Refusal,
    source: &str,
    now: NaiveDateTime,
) -> Result<Work, Error> {
    let why = if refusal.problem.slug == problems::FEED_PURGED.slug { "purged" } else { "restarted" };
    let (Some(newest), Some(epoch)) = (refusal.resync_from, refusal.epoch.clone()) else {
        return Err(refusal.into());
    };
    let notice = event::of_resync(source, why, &epoch, newest, utc(now))?;
    Ok(Work { row, events: vec![(notice, Place::At(newest, epoch))], then: None })
}

/// Whether a receiver is still to be told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is, by this process.
    Going,
    /// It is, but the client has changed the webhook since: what is next is to be read again.
    Changed,
    /// Not by this process, or not now.
    Left,
}

/// What became of some attempts, in their order: all but the last arrived.
pub struct Progress {
    /// The version of the webhook on which they rest.
    pub version: i32,
    /// The attempts, with the place after each.
    pub attempts: Vec<(Event, Place, Attempt)>,
    /// The place beyond them, when all arrived.
    pub then: Option<Place>,
    /// Whether the process lets the webhook go.
    pub release: bool,
    /// 0 to 255, at random.
    pub chance: u8,
}

/// Stores progress, unless another process has the webhook by now.
///
/// # Errors
///
/// Database failures only.
pub fn settle(tx: &mut Tx, id: &WebhookId, owner: &str, progress: Progress) -> Result<Kept, Error> {
    let Some(mut row) = store_dispatch::held_for_change(tx, id, owner)? else {
        return Ok(Kept::Left);
    };
    let now = tx.now();
    let is_changed = row.version != progress.version;
    let is_open = clients::rights_of(tx, &row.client_id)?.is_some();
    let mut records = Vec::new();
    let mut kept = if is_changed { Kept::Changed } else { Kept::Going };
    for (event, place, attempt) in progress.attempts {
        let number = if place == Place::Tested { 1 } else { row.attempts + 1 };
        let mut record = record_of(&row.id, event, number, attempt, now);
        match attempt.result {
            // What arrived has arrived, whatever the client has changed since.
            Ok(_status) if is_changed => advance(&mut row, place, now),
            // What failed was sent elsewhere, or otherwise, than the client wants it now.
            Err(_failure) if is_changed => {}
            Ok(_status) => move_to(&mut row, place, now, true),
            Err(_failure) if place == Place::Tested => move_to(&mut row, place, now, false),
            Err(failure) => {
                kept = Kept::Left;
                let is_notice = record.seq.is_none();
                if fail(&mut row, failure, now, progress.chance, is_notice) == Next::GiveUp {
                    record.outcome = Outcome::GivenUp;
                    move_to(&mut row, place, now, false);
                    row.parked = true;
                    log::error!(
                        "webhook {}: event {} is given up after {number} attempts",
                        row.id,
                        record.event_id
                    );
                }
            }
        }
        records.push(record);
    }
    if let Some(place) = progress.then.filter(|_| kept == Kept::Going) {
        move_to(&mut row, place, now, false);
    }
    let is_stopped = row.status == WebhookStatus::Disabled && row.test_requested_at.is_none();
    let released = progress.release || kept == Kept::Left || is_stopped || !is_open;
    if released && row.attempts == 0 {
        // Those that wait longest come first.
        row.next_at = now;
    }
    row.lease_owner = (!released).then(|| owner.to_owned());
    row.lease_until = (!released).then(|| now + chrono::Duration::seconds(LEASE_SECONDS));
    store::update(tx, &row)?;
    store_dispatch::record(tx, &records)?;
    Ok(if released { Kept::Left } else { kept })
}

/// Moves on after an arrival that rests on what the webhook was before the client changed it.
fn advance(row: &mut WebhookRow, place: Place, now: NaiveDateTime) {
    match place {
        Place::At(seq, epoch) if epoch == row.epoch => row.after_seq = row.after_seq.max(seq),
        Place::Tested => move_to(row, place, now, true),
        Place::At(..) | Place::Replayed(..) => {}
    }
}

/// Moves on; `arrived`: the receiver answered 2xx, so it fails no more.
fn move_to(row: &mut WebhookRow, place: Place, now: NaiveDateTime, arrived: bool) {
    match place {
        Place::Tested => {
            row.test_requested_at = None;
            row.tested_at = Some(now);
            return;
        }
        Place::Replayed(_, true) => {
            row.replay_after = None;
            row.replay_until = None;
        }
        Place::Replayed(seq, false) => row.replay_after = Some(seq),
        Place::At(seq, epoch) => {
            // A range of the epoch before is none of this one.
            if row.epoch != epoch {
                row.replay_after = None;
                row.replay_until = None;
            }
            row.after_seq = seq;
            row.epoch = epoch;
        }
    }
    if arrived {
        row.attempts = 0;
        row.failing_since = None;
        row.parked = false;
    }
}

/// Notes a failure and says what follows it; a receiver that is gone, or failed with the event
/// before as well, is told nothing more.
fn fail(row: &mut WebhookRow, failure: Failure, now: NaiveDateTime, chance: u8, is_notice: bool) -> Next {
    let disabled = match failure.status {
        Some(410) => Some(DisabledBy::Gone),
        _ if row.parked => Some(DisabledBy::Failing),
        _ => None,
    };
    row.failing_since = row.failing_since.or(Some(now));
    row.attempts += 1;
    if let Some(by) = disabled {
        log::error!("webhook {}: {}", row.id, by.label(Lang::En));
        row.status = WebhookStatus::Disabled;
        row.disabled_by = Some(by);
        return Next::Retry(0);
    }
    // A notice that the copy is out of date cannot be replayed, so it is never given up.
    let attempt = if is_notice { row.attempts.min(LAST_WAIT) } else { row.attempts };
    let next = after_failure(attempt, failure.retry_after, chance);
    match next {
        Next::Retry(seconds) => row.next_at = now + chrono::Duration::seconds(seconds),
        Next::GiveUp => row.attempts = 0,
    }
    next
}

fn record_of(id: &WebhookId, event: Event, attempt: i32, made: Attempt, now: NaiveDateTime) -> DeliveryRow {
    let failure: Option<FailureKind> = made.result.err().map(|failure| failure.kind);
    let status = made.result.map_or_else(|failure| failure.status, Some);
    DeliveryRow {
        id: DeliveryId::generate(),
        webhook_id: id.clone(),
        event_id: event.id,
        event_type: event.kind,
        seq: event.seq,
        attempt,
        outcome: if failure.is_none() { Outcome::Delivered } else { Outcome::Failed },
        failure,
        http_status: status.map(i32::from),
        duration_ms: in_ms(made.duration),
        created_at: now,
    }
}

fn in_ms(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
