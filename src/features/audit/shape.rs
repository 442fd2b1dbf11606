//! The audit on the wire.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{AuditRow, Narrowed};
use crate::kit::clock::utc;
use crate::web::query::PageOut;
use crate::web::{AnyOf, Between, Filter};

/// Something that was done. Ids only: names stand nowhere in the audit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditEventOut {
    /// Its number; later ones are greater.
    seq: i64,
    at: DateTime<Utc>,
    /// The account or the client; null for the command line, and for somebody who is not known.
    actor_id: Option<String>,
    /// The role whose rights were used, `service` for a client, `operator` for the command line.
    actor_role: String,
    /// With a head's rights by `acting_until`.
    acting: bool,
    /// What was done, e.g. `approve`, `login`.
    action: String,
    /// The path name of the resource, e.g. `support-lists`.
    resource: String,
    resource_id: String,
    municipality_id: Option<String>,
    from_status: Option<String>,
    to_status: Option<String>,
    /// Why, in the words of who did it; of `refuse` the status and how often.
    reason: Option<String>,
    /// As in `X-Request-Id` and in the log.
    request_id: String,
}

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditEventPage {
    items: Vec<AuditEventOut>,
    page: PageOut,
}

/// Filters of the audit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// Any of these actions, comma-separated.
    #[param(value_type = Option<String>, example = "login,approve")]
    action: Option<AnyOf<String>>,
    /// Any of these kinds of resources, comma-separated.
    #[param(value_type = Option<String>, example = "reports")]
    resource: Option<AnyOf<String>>,
    /// Exactly this one.
    resource_id: Option<String>,
    /// By this account or client.
    actor_id: Option<String>,
    /// By this request.
    request_id: Option<String>,
    /// When, RFC 3339; also `at[gte]`, `at[lt]`.
    #[param(value_type = Option<DateTime<Utc>>)]
    at: Option<Between<DateTime<Utc>>>,
}

impl Filter for AuditFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "-seq";
    const LAST_KEY: &'static str = "seq";
}

impl AuditFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        let at = self.at.clone().unwrap_or_default();
        // Instants are kept to the microsecond.
        let next =
            |instant: Option<DateTime<Utc>>| instant.map(|instant| instant + TimeDelta::microseconds(1));
        let from = [at.exactly, at.gte, next(at.gt)].into_iter().flatten().max();
        let before = [next(at.exactly), next(at.lte), at.lt].into_iter().flatten().min();
        Narrowed {
            action: self.action.clone().map(|any| any.0),
            resource: self.resource.clone().map(|any| any.0),
            resource_id: self.resource_id.clone(),
            actor_id: self.actor_id.clone(),
            request_id: self.request_id.clone(),
            from: from.map(|instant| instant.naive_utc()),
            before: before.map(|instant| instant.naive_utc()),
        }
    }
}

impl From<AuditRow> for AuditEventOut {
    fn from(row: AuditRow) -> Self {
        Self {
            seq: row.seq,
            at: utc(row.at),
            actor_id: row.actor_id,
            actor_role: row.actor_role,
            acting: row.acting,
            action: row.action,
            resource: row.resource,
            resource_id: row.resource_id,
            municipality_id: row.municipality_id,
            from_status: row.from_status,
            to_status: row.to_status,
            reason: row.reason,
            request_id: row.request_id,
        }
    }
}
