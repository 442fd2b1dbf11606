//! Delivers to one webhook, for as long as there is something to tell and it answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::flow_dispatch::{self, Kept, LEASE_SECONDS, Place, Progress, Work};
use super::sender::{Parcel, Sender};
use super::store::WebhookRow;
use super::{signature, store_dispatch};
use crate::auth::rights::SERVICE;
use crate::auth::vault::Vault;
use crate::db::{Actor, Db, Mode};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::id::{WebhookId, new_uuid};

/// Arrivals that are stored together: the fewer, the fewer are repeated after a crash.
const TOGETHER: usize = 50;
/// How long arrivals stand unstored: with the limit of an attempt less than the lease.
const UNSTORED: Duration = Duration::from_secs(2);
/// How long one webhook is delivered to while others wait.
const TURN: Duration = Duration::from_secs(30);
/// By how many numbers of the feed a cursor may lag behind what was looked at.
const UNWRITTEN: i64 = 1000;

/// How far a webhook was found to have nothing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Through this number,
    pub seq: i64,
    /// of this epoch.
    pub epoch: String,
}

/// What delivering takes. Cloning shares it.
#[derive(Clone)]
pub struct Delivering {
    db: Db,
    clock: Clock,
    sender: Sender,
    vault: Arc<Vault>,
    source: Arc<str>,
}

impl Delivering {
    /// `public_url`: where receivers reach the service.
    #[must_use]
    pub fn new(db: Db, clock: Clock, sender: Sender, vault: Arc<Vault>, public_url: &str) -> Self {
        let source = format!("{public_url}/api/v1");
        Self { db, clock, sender, vault, source: source.into() }
    }

    /// Its database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Delivers to a webhook until nothing is left to tell, an attempt fails, or another process
    /// has it, or others should have their turn. Answers how far it looked, when nothing was left.
    ///
    /// # Errors
    ///
    /// Database failures; secrets that cannot be opened.
    pub async fn run(&self, id: &WebhookId) -> Result<Option<Looked>, Error> {
        // A look without a lease: where nothing concerns the client, nothing need be written.
        let Some(peeked) = self.next(id, None).await? else { return Ok(None) };
        let is_quiet = peeked.events.is_empty();
        if let Some(Place::At(seq, epoch)) = peeked.then.filter(|_| is_quiet)
            && seq - peeked.row.after_seq < UNWRITTEN
        {
            return Ok(Some(Looked { seq, epoch }));
        }
        // Of this run alone: another one of the same process is another process to it.
        let owner: Arc<str> = new_uuid().into();
        if !self.claim(id, &owner).await? {
            return Ok(None);
        }
        let began = Instant::now();
        loop {
            let work = self.next(id, Some(&owner)).await?;
            let Some(work) = work.filter(|_| began.elapsed() < TURN) else {
                let version = peeked.row.version;
                let nothing =
                    Progress { version, attempts: Vec::new(), then: None, release: true, chance: 0 };
                self.settle(id, &owner, nothing).await?;
                return Ok(None);
            };
            let is_quiet = work.events.is_empty() && work.row.replay_after.is_none();
            let looked = match &work.then {
                Some(Place::At(seq, epoch)) if is_quiet => Some(Looked { seq: *seq, epoch: epoch.clone() }),
                _ => None,
            };
            if self.tell(id, &owner, work, is_quiet).await? == Kept::Left {
                return Ok(looked);
            }
        }
    }

    /// Tells the events one after another; `last`: there is nothing more to read for now.
    async fn tell(&self, id: &WebhookId, owner: &Arc<str>, work: Work, last: bool) -> Result<Kept, Error> {
        let Work { row, events, then } = work;
        let version = row.version;
        let secrets = self.secrets_of(&row)?;
        let mut attempts = Vec::new();
        let mut stored = Instant::now();
        for (event, place) in events {
            let attempt = self.sender.send(&self.parcel(&row, &secrets, &event.id, &event.body)?).await;
            let failed = attempt.result.is_err();
            attempts.push((event, place, attempt));
            if self.db.is_stopping() {
                let progress = Progress { version, attempts, then: None, release: true, chance: chance()? };
                return self.settle(id, owner, progress).await;
            }
            if failed || attempts.len() >= TOGETHER || stored.elapsed() >= UNSTORED {
                let attempts = std::mem::take(&mut attempts);
                let progress = Progress { version, attempts, then: None, release: false, chance: chance()? };
                match self.settle(id, owner, progress).await? {
                    Kept::Going => {}
                    otherwise => return Ok(otherwise),
                }
                stored = Instant::now();
            }
        }
        self.settle(id, owner, Progress { version, attempts, then, release: last, chance: 0 }).await
    }

    async fn claim(&self, id: &WebhookId, owner: &Arc<str>) -> Result<bool, Error> {
        let (id, owner) = (id.clone(), Arc::clone(owner));
        self.write(move |tx| {
            let now = tx.now();
            Ok(store_dispatch::claim(tx, &id, &owner, now, now + chrono::Duration::seconds(LEASE_SECONDS))?)
        })
        .await
    }

    async fn next(&self, id: &WebhookId, owner: Option<&Arc<str>>) -> Result<Option<Work>, Error> {
        let (id, owner, source) = (id.clone(), owner.map(Arc::clone), Arc::clone(&self.source));
        let now = self.clock.now().naive_utc();
        let next = move |conn: &mut _, horizon| {
            flow_dispatch::next(conn, horizon, &id, owner.as_deref(), &source, now)
        };
        self.db.snapshot_of_feed(next).await
    }

    async fn settle(&self, id: &WebhookId, owner: &Arc<str>, progress: Progress) -> Result<Kept, Error> {
        let (id, owner) = (id.clone(), Arc::clone(owner));
        self.write(move |tx| flow_dispatch::settle(tx, &id, &owner, progress)).await
    }

    async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce(&mut crate::db::Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        self.db.write(Actor::without_account(SERVICE, new_uuid()), Mode::Keep, work).await
    }

    /// The secrets that sign now: the one in force, and the one before while it still does.
    fn secrets_of(&self, row: &WebhookRow) -> Result<Vec<String>, Error> {
        let now = self.clock.now().naive_utc();
        let previous =
            row.previous_secret.as_ref().filter(|_| row.previous_until.is_some_and(|end| now < end));
        let sealed = std::iter::once(&row.secret).chain(previous);
        sealed.map(|sealed| self.vault.open(row.id.as_str(), sealed).map_err(Error::Internal)).collect()
    }

    fn parcel(&self, row: &WebhookRow, secrets: &[String], id: &str, body: &[u8]) -> Result<Parcel, Error> {
        let timestamp = self.clock.now().timestamp();
        let signatures: anyhow::Result<Vec<String>> =
            secrets.iter().map(|secret| signature::sign(secret, id, timestamp, body)).collect();
        Ok(Parcel {
            url: row.url.clone(),
            id: id.to_owned(),
            timestamp,
            signature: signatures.map_err(Error::Internal)?.join(" "),
            body: body.to_vec(),
        })
    }
}

fn chance() -> Result<u8, Error> {
    let mut byte = [0_u8; 1];
    let filled = aws_lc_rs::rand::fill(&mut byte);
    filled.map_err(|cause| Error::Internal(anyhow::anyhow!("the system gives no randomness: {cause}")))?;
    Ok(byte.first().copied().unwrap_or_default())
}
