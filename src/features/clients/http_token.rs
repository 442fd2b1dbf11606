//! Tokens for service clients: OAuth 2 client credentials (RFC 6749, 4.4), and the document
//! by which a library finds them (RFC 8414).

use std::collections::HashMap;

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{flow, store};
use crate::auth::rights::SERVICE;
use crate::auth::token::{LIFETIME_SECONDS, Tokens};
use crate::auth::{ClientScope, client_scope, secret};
use crate::db::{Actor, Db, Event, Mode};
use crate::error::{Error, Refusal};
use crate::kit::code::Code;
use crate::kit::id::{ClientId, SessionId};
use crate::problems::{self, ProblemType};
use crate::web::conventions::PublicUrl;
use crate::web::{Answer, Operations, RequestInfo, body, query};

/// Bytes of a token request at most.
const REQUEST_LIMIT: usize = 16 * 1024;
/// The one grant that this endpoint knows.
const GRANT: &str = "client_credentials";

/// Registers the operation under the contract's base.
pub(super) fn configure(operations: &mut Operations) {
    operations.service(give_token);
}

/// Registers what stands beside the contract's base.
pub fn configure_beside(operations: &mut Operations) {
    operations.service(metadata);
}

/// Who asks for a token, as a form. The client's id and secret may stand in the header
/// `Authorization: Basic` instead, each form-encoded (RFC 6749, 2.3.1).
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "grant_type": "client_credentials", "scope": "schools:read changes:read",
    "client_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "client_secret": "srs_…"
}))]
struct TokenRequest {
    /// Always `client_credentials`.
    grant_type: String,
    /// Fewer scopes than granted, separated by spaces; left out: all that were granted.
    scope: Option<String>,
    /// The client's id.
    client_id: Option<String>,
    /// One of its secrets.
    client_secret: Option<String>,
}

/// An access token for a client. There is no refresh token: the client asks again.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl", "token_type": "Bearer",
    "expires_in": 900, "scope": "schools:read changes:read"
}))]
struct ClientToken {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds for which it is good.
    expires_in: i64,
    /// What it allows, separated by spaces.
    scope: String,
}

/// What the token endpoint can do (RFC 8414).
#[derive(Serialize, ToSchema)]
struct AuthorizationServer {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<ClientScope>,
    response_types_supported: Vec<String>,
    grant_types_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Vec<String>,
    service_documentation: String,
}

/// A token request with the client that shows itself in it.
struct Asking {
    request: TokenRequest,
    client: ClientId,
    secret: String,
    info: RequestInfo,
}

impl FromRequest for Asking {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let bytes = body::receive_in_time(&req, payload, REQUEST_LIMIT).await?;
            query::plain(&req, &[])?;
            let kind =
                req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                return Err(Error::refuse(&problems::UNSUPPORTED_MEDIA_TYPE));
            }
            let request =
                read_form(&bytes).ok_or_else(|| refuse(&problems::MALFORMED_REQUEST, "invalid_request"))?;
            let (client, secret) = shown_by(&req, &request)?;
            Ok(Self { request, client, secret, info: RequestInfo::of(&req) })
        })
    }
}

/// Reads the form; `None` when a field stands twice, as RFC 6749, 3.2 forbids, or is missing.
/// Fields that it does not know are ignored, as the same section asks.
fn read_form(bytes: &[u8]) -> Option<TokenRequest> {
    let mut fields: HashMap<String, String> = HashMap::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
    Some(TokenRequest {
        grant_type: take("grant_type")?,
        scope: take("scope"),
        client_id: take("client_id"),
        client_secret: take("client_secret"),
    })
}

/// The client's id and secret, from the header or from the form, but not from both.
fn shown_by(req: &HttpRequest, request: &TokenRequest) -> Result<(ClientId, String), Error> {
    let invalid_client = || refuse(&problems::INVALID_CLIENT, "invalid_client");
    let mut headers = req.headers().get_all(AUTHORIZATION);
    match (headers.next(), headers.next()) {
        (None, _) => match (&request.client_id, &request.client_secret) {
            (Some(id), Some(secret)) => Ok((id_of(id).ok_or_else(invalid_client)?, secret.clone())),
            _ => Err(invalid_client()),
        },
        (Some(header), None) if request.client_secret.is_none() => {
            let (id, secret) = header.to_str().ok().and_then(basic).ok_or_else(invalid_client)?;
            let other = request.client_id.as_ref().is_some_and(|named| *named != id);
            let id = id_of(&id).filter(|_| !other).ok_or_else(invalid_client)?;
            Ok((id, secret))
        }
        _ => Err(refuse(&problems::MALFORMED_REQUEST, "invalid_request")),
    }
}

/// An id: visible ASCII (RFC 6749, A.1). Not every database could even be asked for other text.
fn id_of(text: &str) -> Option<ClientId> {
    text.chars().all(|c| (' '..='~').contains(&c)).then(|| ClientId(text.to_owned()))
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| {
        let pair = format!("x={text}");
        form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

/// A refusal that also carries the code of RFC 6749, 5.2, which OAuth libraries read.
fn refuse(problem: &'static ProblemType, code: &'static str) -> Error {
    Refusal { oauth_error: Some(code), ..Refusal::of(problem) }.into()
}

/// Get an access token for a service client: OAuth 2 client credentials.
///
/// The client shows itself by `client_secret_basic` or `client_secret_post`. Refusals are
/// problem details that also hold the `error` of RFC 6749, 5.2, sent as `application/json`.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token", body = ClientToken)),
)]
#[post("/oauth/token")]
async fn give_token(asking: Asking, db: Data<Db>, tokens: Data<Tokens>) -> Result<HttpResponse, Error> {
    let Asking { request, client, secret, info } = asking;
    if request.grant_type != GRANT {
        return Err(refuse(&problems::UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type"));
    }
    let asked = match &request.scope {
        None => None,
        Some(text) => {
            let scopes = client_scope::parse(text).filter(|scopes| !scopes.is_empty());
            Some(scopes.ok_or_else(|| refuse(&problems::INVALID_SCOPE, "invalid_scope"))?)
        }
    };
    if !secret::is_whole(secret::CLIENT_PREFIX, &secret) {
        return Err(refuse(&problems::INVALID_CLIENT, "invalid_client"));
    }
    let hash = secret::hash(&secret);
    let actor = Actor {
        subject: Some(client.to_string()),
        ..Actor::without_account(SERVICE, info.request_id.clone())
    };
    let now = info.now;
    // A guess costs a look, and no turn to write.
    let (sought, guess, at) = (client.clone(), hash.clone(), now.naive_utc());
    let known = db.read(move |conn| Ok::<_, Error>(store::by_secret(conn, &sought, &guess, at)?)).await?;
    if known.is_none() {
        return Err(refuse(&problems::INVALID_CLIENT, "invalid_client"));
    }
    let (row, secret_id, scopes) = db
        .write(actor, Mode::Keep, move |tx| {
            let at = tx.now();
            let found = store::by_secret(tx, &client, &hash, at)?;
            let (row, secret_id) =
                found.ok_or_else(|| refuse(&problems::INVALID_CLIENT, "invalid_client"))?;
            let granted = flow::granted(&row);
            let scopes = asked.unwrap_or_else(|| granted.clone());
            if scopes.iter().any(|scope| !granted.contains(scope)) {
                return Err(refuse(&problems::INVALID_SCOPE, "invalid_scope"));
            }
            store::note_use(tx, &secret_id, at)?;
            tx.note_event(Event {
                action: "token",
                resource: "clients",
                id: row.id.to_string(),
                municipality_id: row.municipality_id.clone(),
                reason: None,
            });
            Ok::<_, Error>((row, secret_id, scopes))
        })
        .await?;
    let reach = (row.region_code, row.municipality_id);
    let token = ClientToken {
        access_token: tokens
            .issue_to_client(now, row.id, SessionId(secret_id.0), &scopes, reach)
            .map_err(Error::Internal)?,
        token_type: "Bearer",
        expires_in: LIFETIME_SECONDS,
        scope: client_scope::write(&scopes),
    };
    Ok(Answer::plain(&token)?.written(false))
}

/// What the token endpoint can do, for OAuth libraries that discover it (RFC 8414).
#[utoipa::path(tag = "auth", security(()), responses((status = 200, description = "The metadata", body = AuthorizationServer)))]
#[get("/.well-known/oauth-authorization-server")]
async fn metadata(tokens: Data<Tokens>, public: Data<PublicUrl>) -> HttpResponse {
    let base = &public.0;
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(AuthorizationServer {
        issuer: tokens.issuer().to_owned(),
        token_endpoint: format!("{base}/api/v1/oauth/token"),
        jwks_uri: format!("{base}/.well-known/jwks.json"),
        scopes_supported: ClientScope::ALL.to_vec(),
        response_types_supported: Vec::new(),
        grant_types_supported: list(&[GRANT]),
        token_endpoint_auth_methods_supported: list(&["client_secret_basic", "client_secret_post"]),
        service_documentation: format!("{base}/docs/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_in_the_header_is_form_encoded() {
        let header = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        assert_eq!(basic(&header("id:srs_a%2Bb")), Some(("id".to_owned(), "srs_a+b".to_owned())));
        assert_eq!(basic(&header("id:a:b")), Some(("id".to_owned(), "a:b".to_owned())));
        assert_eq!(basic("Bearer x"), None);
        assert_eq!(basic(&header("nothing")), None);
        assert_eq!(basic("Basic %%%"), None);
    }

    #[test]
    fn a_field_stands_once() {
        assert!(read_form(b"grant_type=client_credentials&other=1").is_some());
        assert!(read_form(b"grant_type=a&grant_type=b").is_none());
        assert!(read_form(b"scope=x").is_none());
    }
}
