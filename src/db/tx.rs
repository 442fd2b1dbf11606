//! A transaction that also collects what changed.
//!
//! The audit and the change feed are written as the last statements before COMMIT, the feed's
//! rows last of all: between their numbers and COMMIT nothing may wait, see [`super::feed`].

use std::ops::{Deref, DerefMut};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::connection::{AnyConnection, insert_all};
use super::feed;
use super::schema::{audit_events, changes};
use crate::kit::clock::moscow_date;
use crate::kit::id::{AccountId, MunicipalityId, new_uuid};

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

/// What happened to a resource, in the words of the change feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// It exists now.
    Created,
    /// Something in it changed.
    Updated,
    /// It exists no more.
    Deleted,
    /// Its natural key changed.
    KeyChanged,
}

impl Op {
    fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::KeyChanged => "key_changed",
        }
    }
}

/// One changed resource: a row of the change feed and a row of the audit.
#[derive(Debug, Clone)]
pub struct Change {
    op: Op,
    action: &'static str,
    resource: &'static str,
    id: String,
    version: i32,
    key: Option<String>,
    previous_key: Option<String>,
    municipality_id: Option<MunicipalityId>,
    from_municipality_id: Option<MunicipalityId>,
    region_code: Option<String>,
    visible: (bool, bool),
    status: (Option<&'static str>, Option<&'static str>),
    reason: Option<String>,
    order_number: Option<String>,
}

impl Change {
    /// A change of `resource` (its path name, e.g. `support-lists`) by `action` (e.g. `approve`).
    #[must_use]
    pub fn new(op: Op, resource: &'static str, action: &'static str, id: &str, version: i32) -> Self {
        Self {
            op,
            action,
            resource,
            id: id.to_owned(),
            version,
            key: None,
            previous_key: None,
            municipality_id: None,
            from_municipality_id: None,
            region_code: None,
            visible: (false, false),
            status: (None, None),
            reason: None,
            order_number: None,
        }
    }

    /// The municipality that owns the resource.
    #[must_use]
    pub fn of(mut self, municipality: &MunicipalityId) -> Self {
        self.municipality_id = Some(municipality.clone());
        self
    }

    /// The municipality that it was moved from: readers of that one see it no more.
    #[must_use]
    pub fn moved_from(mut self, municipality: &MunicipalityId) -> Self {
        self.from_municipality_id = Some(municipality.clone());
        self
    }

    /// The region that owns the resource.
    #[must_use]
    pub fn of_region(mut self, code: &str) -> Self {
        self.region_code = Some(code.to_owned());
        self
    }

    /// The natural key, e.g. an OGRN.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The natural key that it had before; another one than now makes an update a change of key.
    #[must_use]
    pub fn previous_key(mut self, key: &str) -> Self {
        if self.op == Op::Updated && self.key.as_deref() != Some(key) {
            self.op = Op::KeyChanged;
            self.previous_key = Some(key.to_owned());
        }
        self
    }

    /// Whether a regional reader saw the row before, and sees it after.
    #[must_use]
    pub fn visible(mut self, before: bool, after: bool) -> Self {
        self.visible = (before, after);
        self
    }

    /// The states before and after.
    #[must_use]
    pub fn status(mut self, from: Option<&'static str>, to: Option<&'static str>) -> Self {
        self.status = (from, to);
        self
    }

    /// Why, in the words of the person who did it.
    #[must_use]
    pub fn reason(mut self, reason: Option<&str>) -> Self {
        self.reason = reason.map(str::to_owned);
        self
    }

    /// The order by which it happened.
    #[must_use]
    pub fn by_order(mut self, number: &str) -> Self {
        self.order_number = Some(number.to_owned());
        self
    }
}

/// An audit event of something that changes no resource, e.g. a sign-in.
#[derive(Debug, Clone)]
pub struct Event {
    /// What happened, e.g. `login`.
    pub action: &'static str,
    /// About which kind of resource.
    pub resource: &'static str,
    /// About which one.
    pub id: String,
    /// Why.
    pub reason: Option<String>,
}

/// A write transaction. Dereferences to the connection.
pub struct Tx<'a> {
    conn: &'a mut AnyConnection,
    actor: &'a Actor,
    now: DateTime<Utc>,
    changes: Vec<Change>,
    events: Vec<Event>,
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
        self.events.push(event);
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
        if self.changes.is_empty() && self.events.is_empty() {
            return Ok(());
        }
        let events: Vec<AuditRow> = self
            .events
            .iter()
            .map(|event| self.audit_of_event(event))
            .chain(self.changes.iter().map(|change| self.audit_of_change(change)))
            .collect();
        insert_all!(self.conn, audit_events::table, &events)?;
        let changes: Vec<ChangeRow> = self.changes.iter().map(|change| self.feed_row(change)).collect();
        if changes.is_empty() {
            return Ok(());
        }
        feed::enter(self.conn)?;
        insert_all!(self.conn, changes::table, &changes)
    }

    fn audit_of_event(&self, event: &Event) -> AuditRow {
        AuditRow {
            at: self.now(),
            actor_id: self.actor.subject.clone(),
            actor_role: self.actor.role,
            acting: self.actor.acting,
            action: event.action,
            resource: event.resource,
            resource_id: event.id.clone(),
            municipality_id: None,
            from_status: None,
            to_status: None,
            reason: event.reason.clone(),
            request_id: self.actor.request_id.clone(),
        }
    }

    fn audit_of_change(&self, change: &Change) -> AuditRow {
        AuditRow {
            at: self.now(),
            actor_id: self.actor.subject.clone(),
            actor_role: self.actor.role,
            acting: self.actor.acting,
            action: change.action,
            resource: change.resource,
            resource_id: change.id.clone(),
            municipality_id: change.municipality_id.clone(),
            from_status: change.status.0,
            to_status: change.status.1,
            reason: change.reason.clone(),
            request_id: self.actor.request_id.clone(),
        }
    }

    fn feed_row(&self, change: &Change) -> ChangeRow {
        ChangeRow {
            op: change.op.code(),
            resource: change.resource,
            resource_id: change.id.clone(),
            version: change.version,
            key: change.key.clone(),
            municipality_id: change.municipality_id.clone(),
            region_code: change.region_code.clone(),
            visible_before: change.visible.0,
            visible_after: change.visible.1,
            actor_role: self.actor.role,
            reason: change.reason.clone(),
            order_number: change.order_number.clone(),
            request_id: self.actor.request_id.clone(),
            occurred_at: self.now(),
            action: change.action,
            previous_key: change.previous_key.clone(),
            from_municipality_id: change.from_municipality_id.clone(),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
struct AuditRow {
    at: NaiveDateTime,
    actor_id: Option<String>,
    actor_role: &'static str,
    acting: bool,
    action: &'static str,
    resource: &'static str,
    resource_id: String,
    municipality_id: Option<MunicipalityId>,
    from_status: Option<&'static str>,
    to_status: Option<&'static str>,
    reason: Option<String>,
    request_id: String,
}

#[derive(Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
struct ChangeRow {
    op: &'static str,
    resource: &'static str,
    resource_id: String,
    version: i32,
    key: Option<String>,
    municipality_id: Option<MunicipalityId>,
    region_code: Option<String>,
    visible_before: bool,
    visible_after: bool,
    actor_role: &'static str,
    reason: Option<String>,
    order_number: Option<String>,
    request_id: String,
    occurred_at: NaiveDateTime,
    action: &'static str,
    previous_key: Option<String>,
    from_municipality_id: Option<MunicipalityId>,
}
