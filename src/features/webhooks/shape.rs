//! Webhooks and their deliveries as JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{DisabledBy, FailureKind, Outcome, WebhookStatus};
use super::flow::Details;
use super::policy;
use super::store::{DeliveriesNarrowed, DeliveryRow, WebhookRow};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{ClientId, DeliveryId, WebhookId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "url": "https://portal.region.example/roadmap", "resources": ["schools", "reports", "notes"]
}))]
pub(super) struct WebhookIn {
    /// Where deliveries go: an address that the operator allows.
    #[schema(min_length = 1, max_length = 1000)]
    url: String,
    /// What it is for.
    #[schema(min_length = 1, max_length = 1000)]
    description: Option<String>,
    /// Resources that it is told of, as the change feed names them; empty: all that the client reads.
    #[serde(default)]
    #[schema(max_items = 30, example = json!(["schools", "reports"]))]
    resources: Vec<String>,
    /// Told is what follows this number of the feed, e.g. the `seq` of an export; left out: what
    /// happens from now on.
    #[schema(minimum = 0)]
    pub(super) after: Option<i64>,
    /// The epoch in which that number was given: refused when there is another one now.
    #[schema(max_length = 100)]
    pub(super) epoch: Option<String>,
}

/// Changes of a webhook: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://portal.region.example/roadmap/2", "status": "disabled"}))]
pub(super) struct WebhookPatch {
    /// Where deliveries go.
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    url: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    description: Option<Option<String>>,
    /// Resources that it is told of, all of them; empty: all that the client reads.
    #[schema(max_items = 30, nullable = false)]
    resources: Option<Vec<String>>,
    /// `disabled` stops deliveries and keeps the place in the feed.
    #[schema(nullable = false)]
    status: Option<WebhookStatus>,
}

/// How long the secret before signs as well.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_hours": 24}))]
pub(super) struct SecretRotation {
    /// Hours, 24 when left out.
    #[schema(minimum = 0, maximum = 168)]
    pub(super) overlap_hours: Option<i64>,
}

/// What is delivered once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"after": 120, "until": 130}))]
pub(super) struct WebhookReplay {
    /// After this number of the feed,
    #[schema(minimum = 0)]
    pub(super) after: i64,
    /// through this one; left out: through what is delivered already.
    #[schema(minimum = 1)]
    pub(super) until: Option<i64>,
}

/// A range that is being delivered once more.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayOut {
    /// Delivered through this number.
    after: i64,
    /// Until this one.
    until: i64,
}

/// A webhook. `version` is that of what the client says of it: deliveries do not raise it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookOut {
    id: WebhookId,
    version: i32,
    client_id: ClientId,
    status: WebhookStatus,
    status_label: &'static str,
    /// By what it was disabled.
    disabled_by: Option<DisabledBy>,
    disabled_by_label: Option<&'static str>,
    url: String,
    description: Option<String>,
    /// Resources that it is told of; empty: all that the client reads.
    resources: Vec<String>,
    /// Delivered through this number of the feed.
    delivered_through: i64,
    /// The epoch of that number.
    epoch: String,
    /// A range that is delivered once more, before anything new.
    replay: Option<ReplayOut>,
    /// Failed attempts of the event that is next.
    failed_attempts: i32,
    /// Since when it fails.
    failing_since: Option<DateTime<Utc>>,
    /// When the next attempt is made, while it fails.
    next_attempt_at: Option<DateTime<Utc>>,
    /// Until when the secret before signs as well.
    previous_secret_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A webhook with its new secret: shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: WebhookOut,
    /// Signs deliveries by Standard Webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: Option<String>,
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookPage {
    items: Vec<WebhookOut>,
    page: PageOut,
}

/// An attempt to deliver an event. Attempts are kept for 30 days, those of events given up as
/// long as the webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryOut {
    id: DeliveryId,
    /// `webhook-id`, the same at every attempt and replay.
    event_id: String,
    event_type: String,
    /// Number of the change; null: a test, or a notice about the feed.
    seq: Option<i64>,
    /// Which attempt, from 1.
    attempt: i32,
    outcome: Outcome,
    outcome_label: &'static str,
    /// Why it failed.
    failure: Option<FailureKind>,
    failure_label: Option<&'static str>,
    /// Status of the answer.
    http_status: Option<i32>,
    duration_ms: i32,
    created_at: DateTime<Utc>,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryPage {
    items: Vec<DeliveryOut>,
    page: PageOut,
}

impl WebhookOut {
    pub(super) fn of(row: WebhookRow, lang: Lang, caller: &Caller) -> Self {
        let may = caller.may::<policy::ManageWebhooks>();
        let action = |name| ActionOut::new(name, may, &[]);
        let replay_blocked: &[&str] =
            if row.status == WebhookStatus::Disabled { &["webhook-disabled"] } else { &[] };
        Self {
            actions: vec![
                action("update"),
                action("delete"),
                action("rotate-secret"),
                action("test"),
                action("enable"),
                ActionOut::new("replay", may, replay_blocked),
            ],
            resources: row.resources(),
            id: row.id,
            version: row.version,
            client_id: row.client_id,
            status: row.status,
            status_label: row.status.label(lang),
            disabled_by: row.disabled_by,
            disabled_by_label: row.disabled_by.map(|by| by.label(lang)),
            url: row.url,
            description: row.description,
            delivered_through: row.after_seq,
            epoch: row.epoch,
            replay: row.replay_after.zip(row.replay_until).map(|(after, until)| ReplayOut { after, until }),
            failed_attempts: row.attempts,
            failing_since: row.failing_since.map(utc),
            next_attempt_at: (row.attempts > 0).then(|| utc(row.next_at)),
            previous_secret_until: row.previous_until.map(utc),
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    pub(super) fn answer(row: WebhookRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, lang, caller))
    }

    /// The answer with the secret, which no repeat shows again; a rehearsal has none.
    pub(super) fn answer_with(
        row: WebhookRow,
        lang: Lang,
        caller: &Caller,
        secret: Option<String>,
    ) -> Result<Answer, Error> {
        let version = row.version;
        Ok(resource(version, &WebhookWithSecret { webhook: Self::of(row, lang, caller), secret })?
            .with_secret())
    }
}

impl DeliveryOut {
    pub(super) fn of(row: DeliveryRow, lang: Lang) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            event_type: row.event_type,
            seq: row.seq,
            attempt: row.attempt,
            outcome: row.outcome,
            outcome_label: row.outcome.label(lang),
            failure: row.failure,
            failure_label: row.failure.map(|kind| kind.label(lang)),
            http_status: row.http_status,
            duration_ms: row.duration_ms,
            created_at: utc(row.created_at),
        }
    }
}

/// Filters of the list of webhooks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WebhookFilter {
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "disabled")]
    pub(super) status: Option<AnyOf<WebhookStatus>>,
}

impl Filter for WebhookFilter {
    const SORTS: &'static [&'static str] = &[];
}

/// Filters of the list of deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryFilter {
    /// Any of these outcomes, comma-separated.
    #[param(value_type = Option<String>, example = "given_up")]
    outcome: Option<AnyOf<Outcome>>,
    /// Attempts of any of these events, comma-separated.
    #[param(value_type = Option<String>)]
    event_id: Option<AnyOf<String>>,
}

impl Filter for DeliveryFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "-id";
}

impl DeliveryFilter {
    pub(super) fn narrowed(&self) -> DeliveriesNarrowed {
        DeliveriesNarrowed {
            outcome: self.outcome.clone().map(|any| any.0),
            event_id: self.event_id.clone().map(|any| any.0),
        }
    }
}

impl From<WebhookIn> for Details {
    fn from(given: WebhookIn) -> Self {
        Self {
            url: given.url,
            description: given.description,
            resources: given.resources,
            status: WebhookStatus::Active,
        }
    }
}

impl WebhookPatch {
    pub(super) fn over(self, details: Details) -> Details {
        Details {
            url: self.url.unwrap_or(details.url),
            description: self.description.unwrap_or(details.description),
            resources: self.resources.unwrap_or(details.resources),
            status: self.status.unwrap_or(details.status),
        }
    }
}
