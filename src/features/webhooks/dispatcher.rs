//! Looks for webhooks that are due, and has each delivered to by one task.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore};

use super::delivering::{Delivering, Looked};
use super::store_dispatch::{self, Due};
use crate::auth::rights::SERVICE;
use crate::db::{Actor, Mode};
use crate::error::Error;
use crate::features::changes;
use crate::kit::id::{ClientId, WebhookId, new_uuid};

/// Webhooks delivered to at a time.
const AT_A_TIME: usize = 16;
/// Of one client at most: slow receivers of its own hold up nobody else's.
const OF_ONE_CLIENT: usize = 4;
/// How often it is looked whether the time of a webhook has come.
const LOOKS: Duration = Duration::from_secs(1);
/// How long what is under way may take when the service stops: longer than an attempt.
const FINISHES: Duration = Duration::from_secs(20);
/// Days for which attempts are kept.
const KEPT_DAYS: i64 = 30;
/// How often old attempts are removed.
const FORGETS: Duration = Duration::from_secs(3600);
/// Attempts removed at a time: a write must stay short.
const FORGOTTEN_AT_A_TIME: i64 = 1000;

/// The dispatcher of a process. Several processes on one database share the work: each webhook is
/// delivered to by one of them at a time.
pub struct Dispatcher {
    delivering: Delivering,
    turns: Arc<Semaphore>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Those delivered to by this process now, each with its client.
    running: Mutex<HashMap<WebhookId, ClientId>>,
    /// Through which number of the feed each was found to have nothing to tell; the cursor itself
    /// is stored with the next delivery, so that a busy feed is not a write for each webhook.
    looked: Mutex<HashMap<WebhookId, Looked>>,
    ended: Notify,
}

impl Dispatcher {
    /// A dispatcher that delivers so.
    #[must_use]
    pub fn new(delivering: Delivering) -> Self {
        Self { delivering, turns: Arc::new(Semaphore::new(AT_A_TIME)), state: Arc::default() }
    }

    /// Delivers until the service stops.
    pub async fn run(self) {
        let Ok(mut waiter) = self.delivering.db().waiter(SERVICE) else {
            log::error!("webhooks: no place among those who wait for changes");
            return;
        };
        let mut forgotten: Option<Instant> = None;
        loop {
            if let Err(cause) = self.round().await {
                log::error!("webhooks: {cause}");
            }
            if forgotten.is_none_or(|at| at.elapsed() >= FORGETS) {
                forgotten = Some(Instant::now());
                if let Err(cause) = self.forget().await {
                    log::error!("webhooks: {cause}");
                }
            }
            let deadline = Instant::now() + LOOKS;
            let news = std::pin::pin!(self.delivering.db().wait::<Error>(&mut waiter, deadline));
            let ended = std::pin::pin!(self.state.ended.notified());
            if let futures_util::future::Either::Left((Err(cause), _)) =
                futures_util::future::select(news, ended).await
            {
                log::error!("webhooks: {cause}");
                tokio::time::sleep(LOOKS).await;
            }
            if self.delivering.db().is_stopping() {
                return self.finish().await;
            }
        }
    }

    /// Waits for what is under way: each lets its webhook go for another process to go on.
    async fn finish(&self) {
        let deadline = Instant::now() + FINISHES;
        while !self.lock(&self.state.running).is_empty() && Instant::now() < deadline {
            let ended = std::pin::pin!(self.state.ended.notified());
            let waited = std::pin::pin!(tokio::time::sleep(LOOKS));
            futures_util::future::select(ended, waited).await;
        }
    }

    /// Starts delivering to every webhook that is due and not delivered to yet.
    ///
    /// # Errors
    ///
    /// Database failures only.
    pub async fn round(&self) -> Result<(), Error> {
        for Due { id, client_id, .. } in self.due().await? {
            let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() else { return Ok(()) };
            if !self.take(&id, client_id) {
                continue;
            }
            let (delivering, state) = (self.delivering.clone(), Arc::clone(&self.state));
            actix_web::rt::spawn(async move {
                let _turn = turn;
                let _running = Running { id: id.clone(), state: Arc::clone(&state) };
                match delivering.run(&id).await {
                    Ok(Some(looked)) => {
                        state.looked.lock().unwrap_or_else(PoisonError::into_inner).insert(id, looked);
                    }
                    Ok(None) => {}
                    Err(cause) => {
                        log::error!("webhook {id}: {cause}");
                        // What fails at once would be tried again at once.
                        tokio::time::sleep(LOOKS).await;
                    }
                }
            });
        }
        Ok(())
    }

    /// Takes a webhook, unless it is delivered to already or its client has enough turns.
    fn take(&self, id: &WebhookId, client: ClientId) -> bool {
        let mut running = self.lock(&self.state.running);
        let turns = running.values().filter(|other| **other == client).count();
        if turns >= OF_ONE_CLIENT || running.contains_key(id) {
            return false;
        }
        running.insert(id.clone(), client);
        true
    }

    /// Delivers to every webhook that is due, one after another, until none is.
    ///
    /// # Errors
    ///
    /// Database failures; secrets that cannot be opened.
    pub async fn drain(&self) -> Result<(), Error> {
        loop {
            let due = self.due().await?;
            if due.is_empty() {
                return Ok(());
            }
            for Due { id, .. } in due {
                if let Some(looked) = self.delivering.run(&id).await? {
                    self.lock(&self.state.looked).insert(id, looked);
                }
            }
        }
    }

    async fn due(&self) -> Result<Vec<Due>, Error> {
        let now = self.delivering.clock().now().naive_utc();
        let (standing, due) = self
            .delivering
            .db()
            .snapshot_of_feed(move |conn, horizon| {
                Ok::<_, Error>((changes::standing(conn, horizon)?, store_dispatch::due(conn, now)?))
            })
            .await?;
        let looked = self.lock(&self.state.looked).clone();
        let running = self.lock(&self.state.running).clone();
        let has_news = |due: &Due| {
            let looked = looked.get(&due.id).filter(|looked| looked.epoch == standing.epoch);
            let seen = looked.map_or(0, |looked| looked.seq).max(due.after_seq);
            due.epoch != standing.epoch || due.after_seq > standing.newest || seen < standing.complete
        };
        let waits =
            |due: &Due| due.test_requested_at.is_some() || due.replay_until.is_some() || has_news(due);
        Ok(due.into_iter().filter(waits).filter(|due| !running.contains_key(&due.id)).collect())
    }

    /// Stores the cursors of webhooks that had nothing to tell, so that purging does not pass them.
    async fn keep_up(&self) -> Result<(), Error> {
        let mut looked: Vec<_> = self.lock(&self.state.looked).clone().into_iter().collect();
        // In one order, as another process does it, so that none waits for the other.
        looked.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let actor = Actor::without_account(SERVICE, new_uuid());
        self.delivering
            .db()
            .write(actor, Mode::Keep, move |tx| {
                for (id, Looked { seq, epoch }) in &looked {
                    store_dispatch::advance(tx, id, epoch, *seq)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.lock(&self.state.looked).clear();
        Ok(())
    }

    async fn forget(&self) -> Result<(), Error> {
        self.keep_up().await?;
        let before = self.delivering.clock().now().naive_utc() - chrono::Duration::days(KEPT_DAYS);
        loop {
            let actor = Actor::without_account(SERVICE, new_uuid());
            let forgotten = self
                .delivering
                .db()
                .write(actor, Mode::Keep, move |tx| {
                    Ok::<_, Error>(store_dispatch::forget_some(tx, before, FORGOTTEN_AT_A_TIME)?)
                })
                .await?;
            if forgotten == 0 {
                return Ok(());
            }
        }
    }

    fn lock<'a, T>(&self, shared: &'a Mutex<T>) -> std::sync::MutexGuard<'a, T> {
        shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A webhook that is delivered to; also a task that panics or is given up lets it go.
struct Running {
    id: WebhookId,
    state: Arc<State>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        self.state.ended.notify_one();
    }
}
