//! What a transaction tells: changes for the audit and the feed, events for the audit alone.

use chrono::{DateTime, Utc};

use super::tx::Actor;
use crate::kit::id::MunicipalityId;

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
    pub(super) fn code(self) -> &'static str {
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
    pub(super) op: Op,
    pub(super) action: &'static str,
    pub(super) resource: &'static str,
    pub(super) id: String,
    pub(super) version: i32,
    pub(super) key: Option<String>,
    pub(super) previous_key: Option<String>,
    pub(super) municipality_id: Option<MunicipalityId>,
    pub(super) from_municipality_id: Option<MunicipalityId>,
    pub(super) region_code: Option<String>,
    pub(super) visible: (bool, bool),
    pub(super) status: (Option<&'static str>, Option<&'static str>),
    pub(super) reason: Option<String>,
    pub(super) order_number: Option<String>,
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
    /// The municipality that it concerns.
    pub municipality_id: Option<MunicipalityId>,
    /// Why.
    pub reason: Option<String>,
}

impl Event {
    /// Somebody read it: for what holds personal data.
    #[must_use]
    pub fn read(resource: &'static str, id: &str, municipality: Option<MunicipalityId>) -> Self {
        Self { action: "read", resource, id: id.to_owned(), municipality_id: municipality, reason: None }
    }
}

/// An event with who did it and when: for what happened outside of the transaction that writes it.
#[derive(Debug, Clone)]
pub struct Noted {
    /// What happened.
    pub event: Event,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
}
