//! The rows that a transaction leaves in the audit and in the change feed.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::change::{Change, Noted};
use super::connection::{AnyConnection, insert_all};
use super::feed;
use super::schema::{audit_events, changes};
use super::tx::Actor;
use crate::kit::id::MunicipalityId;

/// Writes them, the feed's last: between their numbers and COMMIT nothing may wait, see [`feed`].
pub(super) fn write(
    conn: &mut AnyConnection,
    (actor, now): (&Actor, DateTime<Utc>),
    noted: &[Noted],
    changed: &[Change],
) -> QueryResult<()> {
    let events = noted.iter().map(AuditRow::of_event);
    let events: Vec<AuditRow> =
        events.chain(changed.iter().map(|change| AuditRow::of_change(change, actor, now))).collect();
    if events.is_empty() {
        return Ok(());
    }
    insert_all!(conn, audit_events::table, &events)?;
    let rows: Vec<ChangeRow> = changed.iter().map(|change| ChangeRow::of(change, actor, now)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    feed::enter(conn)?;
    insert_all!(conn, changes::table, &rows)
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

impl AuditRow {
    fn of_event(Noted { event, actor, at }: &Noted) -> Self {
        Self {
            at: at.naive_utc(),
            actor_id: actor.subject.clone(),
            actor_role: actor.role,
            acting: actor.acting,
            action: event.action,
            resource: event.resource,
            resource_id: event.id.clone(),
            municipality_id: event.municipality_id.clone(),
            from_status: None,
            to_status: None,
            reason: event.reason.clone(),
            request_id: actor.request_id.clone(),
        }
    }

    fn of_change(change: &Change, actor: &Actor, now: DateTime<Utc>) -> Self {
        Self {
            at: now.naive_utc(),
            actor_id: actor.subject.clone(),
            actor_role: actor.role,
            acting: actor.acting,
            action: change.action,
            resource: change.resource,
            resource_id: change.id.clone(),
            municipality_id: change.municipality_id.clone(),
            from_status: change.status.0,
            to_status: change.status.1,
            reason: change.reason.clone(),
            request_id: actor.request_id.clone(),
        }
    }
}

impl ChangeRow {
    fn of(change: &Change, actor: &Actor, now: DateTime<Utc>) -> Self {
        Self {
            op: change.op.code(),
            resource: change.resource,
            resource_id: change.id.clone(),
            version: change.version,
            key: change.key.clone(),
            municipality_id: change.municipality_id.clone(),
            region_code: change.region_code.clone(),
            visible_before: change.visible.0,
            visible_after: change.visible.1,
            actor_role: actor.role,
            reason: change.reason.clone(),
            order_number: change.order_number.clone(),
            request_id: actor.request_id.clone(),
            occurred_at: now.naive_utc(),
            action: change.action,
            previous_key: change.previous_key.clone(),
            from_municipality_id: change.from_municipality_id.clone(),
        }
    }
}
