//! Service clients as JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{ClientStatus, Reach};
use super::flow::{Details, NewClient, granted};
use super::policy;
use super::store::{Client, Narrowed, SecretRow};
use crate::auth::{Caller, ClientScope};
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{ClientId, ClientSecretId, MunicipalityId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new client. It reaches a region or one municipality, and there what a regional reader reads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Региональный портал образования", "region_code": "57",
    "scopes": ["schools:read", "lists:read", "plans:read", "reports:read", "notes:read", "changes:read"]
}))]
pub(super) struct ClientIn {
    /// Name of the program; unique in the service.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is for.
    #[schema(min_length = 1, max_length = 1000)]
    description: Option<String>,
    /// The region that it reaches, two digits.
    #[schema(pattern = "^[0-9]{2}$")]
    region_code: Option<String>,
    /// The one municipality that it reaches.
    municipality_id: Option<MunicipalityId>,
    /// What it may.
    #[schema(min_items = 1, max_items = 13)]
    scopes: Vec<ClientScope>,
}

/// Changes of a client: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scopes": ["schools:read", "changes:read"], "status": "active"}))]
pub(super) struct ClientPatch {
    /// Name of the program.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    description: Option<Option<String>>,
    /// What it may, all of it.
    #[schema(min_items = 1, max_items = 13, nullable = false)]
    scopes: Option<Vec<ClientScope>>,
    /// `blocked` ends its access now, `active` gives it back.
    #[schema(nullable = false)]
    status: Option<ClientStatus>,
}

/// A new secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires_at": "2025-01-01T00:00:00Z"}))]
pub(super) struct ClientSecretIn {
    /// When it ends by itself; without it, when it is removed.
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// A secret in force; the secret itself is not kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientSecretOut {
    id: ClientSecretId,
    /// How it begins.
    #[schema(example = "srs_Q2hl")]
    hint: String,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
    /// When a token was last given for it: whether the successor is in use everywhere.
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// A service client. Its id is the `client_id` of OAuth.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientOut {
    id: ClientId,
    version: i32,
    status: ClientStatus,
    status_label: &'static str,
    name: String,
    description: Option<String>,
    /// The region that it reaches; null: one municipality.
    region_code: Option<String>,
    /// The one municipality that it reaches; null: a region.
    municipality_id: Option<MunicipalityId>,
    scopes: Vec<ClientScope>,
    /// Its secrets, oldest first.
    secrets: Vec<ClientSecretOut>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A client with a secret of its own: shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientWithSecret {
    #[serde(flatten)]
    client: ClientOut,
    /// The new secret, whole; it is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "srs_Zm9yIGFuIGV4YW1wbGUgb25seSwgbm90IGEgc2VjcmV0IQ0BvT")]
    client_secret: Option<String>,
}

/// A page of clients.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientPage {
    items: Vec<ClientOut>,
    page: PageOut,
}

impl From<SecretRow> for ClientSecretOut {
    fn from(row: SecretRow) -> Self {
        Self {
            id: row.id,
            hint: row.hint,
            expires_at: row.expires_at.map(utc),
            last_used_at: row.last_used_at.map(utc),
            created_at: utc(row.created_at),
        }
    }
}

impl ClientOut {
    pub(super) fn of(client: Client, lang: Lang, caller: &Caller) -> Self {
        let Client { row, secrets } = client;
        let manages = caller.may::<policy::ManageClients>();
        Self {
            actions: ["update", "delete", "add-secret"]
                .map(|name| ActionOut::new(name, manages, &[]))
                .to_vec(),
            scopes: granted(&row),
            id: row.id,
            version: row.version,
            status: row.status,
            status_label: row.status.label(lang),
            name: row.name,
            description: row.description,
            region_code: row.region_code,
            municipality_id: row.municipality_id,
            secrets: secrets.into_iter().map(ClientSecretOut::from).collect(),
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    pub(super) fn answer(client: Client, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(client.row.version, &Self::of(client, lang, caller))
    }

    /// The answer with a secret, which no repeat shows again; a rehearsal has none.
    pub(super) fn answer_with(
        client: Client,
        lang: Lang,
        caller: &Caller,
        client_secret: Option<String>,
    ) -> Result<Answer, Error> {
        let version = client.row.version;
        let body = ClientWithSecret { client: Self::of(client, lang, caller), client_secret };
        Ok(resource(version, &body)?.with_secret())
    }
}

/// Filters of the list of clients.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClientFilter {
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "active")]
    status: Option<AnyOf<ClientStatus>>,
    /// Reaching any of these regions, comma-separated.
    #[param(value_type = Option<String>)]
    region_code: Option<AnyOf<String>>,
    /// Reaching any of these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// Text to find in the name.
    q: Option<String>,
}

impl Filter for ClientFilter {
    const SORTS: &'static [&'static str] = &["name"];
}

impl ClientFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        Narrowed {
            status: self.status.clone().map(|any| any.0),
            region_code: self.region_code.clone().map(|any| any.0),
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            q: self.q.clone(),
        }
    }
}

impl From<ClientIn> for NewClient {
    fn from(given: ClientIn) -> Self {
        Self {
            name: given.name,
            description: given.description,
            reach: Reach { region_code: given.region_code, municipality_id: given.municipality_id },
            scopes: given.scopes,
        }
    }
}

impl ClientPatch {
    pub(super) fn over(self, details: Details) -> Details {
        Details {
            name: self.name.unwrap_or(details.name),
            description: self.description.unwrap_or(details.description),
            scopes: self.scopes.unwrap_or(details.scopes),
            status: self.status.unwrap_or(details.status),
        }
    }
}
