//! Access tokens: JWT (RFC 7519) of the profile RFC 9068, signed with EdDSA, 15 minutes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::keys::Keys;
use crate::kit::id::{AccountId, MunicipalityId, SchoolId, SessionId};

/// Seconds for which an access token is good.
pub const LIFETIME_SECONDS: i64 = 900;
/// Seconds by which clocks may differ.
const LEEWAY_SECONDS: i64 = 5;
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
    /// The account.
    pub sub: AccountId,
    /// Expires at, Unix seconds.
    pub exp: i64,
    /// Made at, Unix seconds.
    pub iat: i64,
    /// Not before, Unix seconds; ours have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// One of a kind.
    pub jti: String,
    /// The session, so that closing it ends the token.
    pub sid: SessionId,
    /// Role at issue.
    pub role: String,
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
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.jwks()
    }

    /// A new token.
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
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: account,
            exp: now.timestamp() + LIFETIME_SECONDS,
            iat: now.timestamp(),
            nbf: None,
            jti: crate::kit::id::new_uuid(),
            sid: session,
            role: role.to_owned(),
            region_code,
            municipality_id,
            school_id,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.keys.kid().to_owned());
        Ok(jsonwebtoken::encode(&header, &claims, self.keys.signing())?)
    }

    /// The claims of a good token; `None` for any fault, without telling which.
    #[must_use]
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Claims>> {
        let claims = match self.verified.get(token) {
            Some(claims) => claims,
            None => {
                let claims = Arc::new(self.decode(token)?);
                self.verified.insert(token.to_owned(), Arc::clone(&claims));
                claims
            }
        };
        let now = now.timestamp();
        let good = claims.exp + LEEWAY_SECONDS > now
            && claims.iat <= now + LEEWAY_SECONDS
            && claims.nbf.is_none_or(|from| from <= now + LEEWAY_SECONDS);
        good.then_some(claims)
    }

    fn decode(&self, token: &str) -> Option<Claims> {
        if token.len() > TOKEN_LIMIT {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let typed = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"));
        if header.alg != Algorithm::EdDSA || !typed || has_critical(token) {
            return None;
        }
        let key = self.keys.verifying(header.kid.as_deref()?)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        // The library reads the system's clock; times are checked in `verify` by ours.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &rules).ok()?.claims;
        (claims.iss == self.issuer && claims.aud == self.audience).then_some(claims)
    }
}

/// Whether the header names extensions that must be understood (RFC 7515, 4.1.11): none are.
fn has_critical(token: &str) -> bool {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let header = token.split('.').next().unwrap_or_default();
    URL_SAFE_NO_PAD
        .decode(header)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .is_none_or(|header| header.get("crit").is_some())
}
