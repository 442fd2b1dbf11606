//! A transaction that also collects what changed.
//!
//! The audit and the change feed are written as the last statements before COMMIT, see
//! `super::journal`.

use std::ops::{Deref, DerefMut};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::change::{Change, Event, Noted};
use super::connection::AnyConnection;
use super::journal;
use crate::kit::clock::moscow_date;
use crate::kit::id::{AccountId, new_uuid};

/// Who acts, as the audit names it: ids and roles, never names.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The id of the account or client; `None` for the command line and for sign-in attempts.
    pub subject: Option<String>,
    /// The account, when a person acts.
    pub account_id: Option<AccountId>,
    /// Code of the role whose rights were used.
    pub role: &'static str,
    /// With a head's rights by `acting_until`.
    pub acting: bool,
    /// The request, as in `X-Request-Id` and in the log.
    pub request_id: String,
}

impl Actor {
    /// Nobody who signed in: the command line, a task of the service, a stranger.
    #[must_use]
    pub fn without_account(role: &'static str, request_id: String) -> Self {
        Self { subject: None, account_id: None, role, acting: false, request_id }
    }

    /// Who starts the program or works by its command line; the audit names no account.
    #[must_use]
    pub fn operator() -> Self {
        Self::without_account("operator", new_uuid())
    }
}

/// A write transaction. Dereferences to the connection.
pub struct Tx<'a> {
    conn: &'a mut AnyConnection,
    actor: &'a Actor,
    now: DateTime<Utc>,
    changes: Vec<Change>,
    events: Vec<Noted>,
}

impl Deref for Tx<'_> {
    type Target = AnyConnection;
    fn deref(&self) -> &AnyConnection {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.conn
    }
}

impl<'a> Tx<'a> {
    pub(super) fn new(conn: &'a mut AnyConnection, actor: &'a Actor, now: DateTime<Utc>) -> Self {
        Self { conn, actor, now, changes: Vec::new(), events: Vec::new() }
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The instant of the whole transaction, UTC, in the form of the database.
    #[must_use]
    pub fn now(&self) -> NaiveDateTime {
        self.now.naive_utc()
    }

    /// The civil date of the whole transaction in Europe/Moscow.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        moscow_date(self.now)
    }

    /// Notes a change; it is written to the audit and the feed when the transaction commits.
    pub fn record(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Notes an event for the audit alone.
    pub fn note_event(&mut self, event: Event) {
        self.note(Noted { event, actor: self.actor.clone(), at: self.now });
    }

    /// Notes an event that somebody else caused, or at another time, for the audit alone.
    pub fn note(&mut self, noted: Noted) {
        self.events.push(noted);
    }

    /// Whether there is something to tell readers of the feed.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Does a part of the transaction so that its failure leaves the rest as it was: what it stored
    /// and noted is taken back.
    ///
    /// # Errors
    ///
    /// The error of `work`, or that of the savepoint.
    pub fn attempt<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        let noted = (self.changes.len(), self.events.len());
        self.conn.batch_execute("SAVEPOINT attempt")?;
        match work(self) {
            Ok(value) => {
                self.conn.batch_execute("RELEASE SAVEPOINT attempt")?;
                Ok(value)
            }
            Err(cause) => {
                self.changes.truncate(noted.0);
                self.events.truncate(noted.1);
                self.conn.batch_execute("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")?;
                Err(cause)
            }
        }
    }

    pub(super) fn write_journal(&mut self) -> QueryResult<()> {
        journal::write(self.conn, (self.actor, self.now), &self.events, &self.changes)
    }
}
