//! Access tokens: JWT (RFC 7519) of the profile RFC 9068, signed with EdDSA, 15 minutes.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::client_scope::{self, ClientScope};
use super::keys::Keys;
use super::rights::SERVICE;
use crate::kit::id::{AccountId, ClientId, MunicipalityId, SchoolId, SessionId};

/// Seconds for which an access token is good.
pub const LIFETIME_SECONDS: i64 = 900;
/// Seconds by which clocks may differ.
pub(super) const LEEWAY_SECONDS: i64 = 5;
/// Bytes of a token at most; ours are under 1 KiB.
const TOKEN_LIMIT: usize = 4096;
/// Verified tokens kept, so that each is verified once: 40 µs each.
const CACHED: usize = 10_000;

/// Claims of an access token. The role and ids inform the client: rights come from the database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The service.
    pub iss: String,
    /// For whom: the service's own API.
    pub aud: String,
    /// The account or the client.
    pub sub: String,
    /// Expires at, Unix seconds.
    pub exp: i64,
    /// Made at, Unix seconds.
    pub iat: i64,
    /// Not before, Unix seconds; ours have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// One of a kind.
    pub jti: String,
    /// The session, or the client's secret, so that closing it ends the token.
    pub sid: SessionId,
    /// Role at issue; of a client `service`.
    pub role: String,
    /// The client, as RFC 9068 names it; people have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Scopes that a client asked for and was granted at issue, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Region at issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_code: Option<String>,
    /// Municipality at issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality_id: Option<MunicipalityId>,
    /// School at issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_id: Option<SchoolId>,
}

impl Claims {
    /// Whether it is a service client's token.
    #[must_use]
    pub fn is_of_client(&self) -> bool {
        self.client_id.is_some()
    }
}

/// Makes and reads access tokens.
pub struct Tokens {
    keys: Keys,
    issuer: String,
    audience: String,
    verified: Cache<String, Arc<Claims>>,
}

impl Tokens {
    /// Tokens of this issuer for this audience.
    ///
    /// # Errors
    ///
    /// A token signed with the keys does not verify: the cryptography is not usable.
    pub fn new(keys: Keys, issuer: String, audience: String) -> anyhow::Result<Self> {
        let tokens = Self { keys, issuer, audience, verified: Cache::new(CACHED) };
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let probe =
            tokens.issue(now, AccountId::generate(), SessionId::generate(), "probe", (None, None, None))?;
        tokens
            .verify(&probe, now)
            .ok_or_else(|| anyhow::anyhow!("the signing key does not verify its own signature"))?;
        Ok(tokens)
    }

    /// The public keys, see [`Keys::jwks`].
    #[must_use]
    pub fn jwks(&self, now: DateTime<Utc>) -> serde_json::Value {
        self.keys.jwks(now)
    }

    /// The issuer that tokens name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A new token of a person.
    ///
    /// # Errors
    ///
    /// Signing fails.
    pub fn issue(
        &self,
        now: DateTime<Utc>,
        account: AccountId,
        session: SessionId,
        role: &str,
        (region_code, municipality_id, school_id): (Option<String>, Option<MunicipalityId>, Option<SchoolId>),
    ) -> anyhow::Result<String> {
        let claims = self.claims(now, account.0, session, role);
        self.sign(&Claims { region_code, municipality_id, school_id, ..claims })
    }

    /// A new token of a client that showed `secret`.
    ///
    /// # Errors
    ///
    /// Signing fails.
    pub fn issue_to_client(
        &self,
        now: DateTime<Utc>,
        client: ClientId,
        secret: SessionId,
        scopes: &[ClientScope],
        (region_code, municipality_id): (Option<String>, Option<MunicipalityId>),
    ) -> anyhow::Result<String> {
        let claims = self.claims(now, client.to_string(), secret, SERVICE);
        let scope = Some(client_scope::write(scopes));
        self.sign(&Claims { region_code, municipality_id, client_id: Some(client), scope, ..claims })
    }

    fn claims(&self, now: DateTime<Utc>, subject: String, session: SessionId, role: &str) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: subject,
            exp: now.timestamp() + LIFETIME_SECONDS,
            iat: now.timestamp(),
            nbf: None,
            jti: crate::kit::id::new_uuid(),
            sid: session,
            role: role.to_owned(),
            client_id: None,
            scope: None,
            region_code: None,
            municipality_id: None,
            school_id: None,
        }
    }

    fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        let key = self.keys.signing();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(key.kid().to_owned());
        Ok(jsonwebtoken::encode(&header, claims, key.encoding())?)
    }

    /// The claims of a good token; `None` for any fault, without telling which.
    #[must_use]
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Claims>> {
        let claims = match self.verified.get(token) {
            Some(claims) => claims,
            None => {
                let claims = Arc::new(self.decode(token, now)?);
                self.verified.insert(token.to_owned(), Arc::clone(&claims));
                claims
            }
        };
        let at = now.timestamp();
        let good = claims.exp + LEEWAY_SECONDS > at
            && claims.iat <= at + LEEWAY_SECONDS
            && claims.nbf.is_none_or(|from| from <= at + LEEWAY_SECONDS);
        good.then_some(claims)
    }

    fn decode(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        if token.len() > TOKEN_LIMIT {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let typed = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"));
        if header.alg != Algorithm::EdDSA || !typed || has_critical(token) {
            return None;
        }
        let key = self.keys.verifying(header.kid.as_deref()?, now)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        // The library reads the system's clock; times are checked in `verify` by ours.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).ok()?.claims;
        (claims.iss == self.issuer && claims.aud == self.audience).then_some(claims)
    }
}

/// Whether the header names extensions that must be understood (RFC 7515, 4.1.11): none are.
pub(super) fn has_critical(token: &str) -> bool {
    part_of::<serde_json::Value>(token, 0).is_none_or(|header| header.get("crit").is_some())
}

/// The claims of a token whose signature is still to be looked at.
pub(super) fn payload_of<T: DeserializeOwned>(token: &str) -> Option<T> {
    part_of(token, 1)
}

fn part_of<T: DeserializeOwned>(token: &str, place: usize) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(place)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}
