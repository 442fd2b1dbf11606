//! Tokens of an outside issuer: a region's single sign-on, accepted when it is configured.
//!
//! Its users have no account here, so they read and nothing else: what is written has an author
//! whom this service knows, a person by his account or a client by its registration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::client_scope::{self, ClientScope};
use super::rights::{Rights, SERVICE};
use super::role::Role;
use super::scope::Scope;
use super::token::{LEEWAY_SECONDS, has_critical, payload_of};
use crate::error::Error;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, is_uuid};
use crate::problems;

/// Bytes of a token at most: those of single sign-ons carry many roles.
const TOKEN_LIMIT: usize = 16 * 1024;
/// Bytes of a key set at most.
const KEYS_LIMIT: usize = 256 * 1024;
/// Minutes for which a read key set is believed.
const BELIEVED_MINUTES: i64 = 10;
/// Seconds between two readings of the key set for keys that it does not hold.
const UNKNOWN_WAITS_SECONDS: i64 = 30;
/// How long the issuer may take to answer.
const FETCH_LIMIT: Duration = Duration::from_secs(5);
/// Verified tokens kept.
const CACHED: usize = 10_000;
/// Signatures that need no shared secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Where the issuer's public keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwksPlace {
    /// A file.
    File(PathBuf),
    /// An address, https; http only on the machine itself.
    Url(String),
}

/// An outside issuer and what its claims mean here.
#[derive(Debug, Clone)]
pub struct OutsideIssuer {
    /// `iss` of its tokens.
    pub issuer: String,
    /// `aud` that its tokens for this service have.
    pub audience: String,
    /// Where its keys are.
    pub jwks: JwksPlace,
    /// Claim with the role or roles, members separated by dots.
    pub role_claim: String,
    /// What a value of that claim means: `regional_viewer`, or `service` for a client.
    pub roles: BTreeMap<String, String>,
    /// Claim with the code of the region.
    pub region_claim: String,
    /// Claim with the id of the one municipality of a client.
    pub municipality_claim: String,
}

impl OutsideIssuer {
    /// Refuses meanings that an outside token cannot have.
    ///
    /// # Errors
    ///
    /// The first role that is neither `regional_viewer` nor `service`.
    pub fn check(&self) -> anyhow::Result<()> {
        let known = [Role::RegionalViewer.as_str(), SERVICE];
        match self.roles.values().find(|role| !known.contains(&role.as_str())) {
            Some(role) => anyhow::bail!("an outside token cannot mean {role}: only {}", known.join(" and ")),
            None => Ok(()),
        }
    }
}

/// What the issuer vouches for.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// A digest of issuer and subject: never a name or an address.
    pub subject: String,
    /// What it allows.
    pub rights: Rights,
    /// How far that reaches; `None` when the token does not say.
    pub scope: Option<Scope>,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct OutsideClaims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    /// Keycloak says here which kind of token it is.
    typ: Option<String>,
    scope: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The issuer's keys, and when they were last asked for, in vain or not.
#[derive(Default)]
struct Fetched {
    asked_at: Option<DateTime<Utc>>,
    set: Option<Arc<JwkSet>>,
}

/// Reads the tokens of the outside issuer, if there is one.
pub struct Outside {
    issuer: Option<OutsideIssuer>,
    http: reqwest::Client,
    keys: Mutex<Fetched>,
    verified: Cache<String, (Vouched, i64)>,
}

impl Outside {
    /// For this issuer; `None`: no foreign token is accepted.
    ///
    /// # Errors
    ///
    /// A role that outside tokens cannot have; no client for HTTP can be made.
    pub fn new(issuer: Option<OutsideIssuer>) -> anyhow::Result<Self> {
        if let Some(issuer) = &issuer {
            issuer.check()?;
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(FETCH_LIMIT)
            .no_proxy()
            .build()?;
        Ok(Self { issuer, http, keys: Mutex::default(), verified: Cache::new(CACHED) })
    }

    /// Whether the token says that it is of this issuer; its signature is not looked at yet.
    #[must_use]
    pub fn issued(&self, token: &str) -> bool {
        #[derive(Deserialize)]
        struct Named {
            iss: String,
        }
        let Some(issuer) = &self.issuer else { return false };
        token.len() <= TOKEN_LIMIT
            && payload_of::<Named>(token).is_some_and(|claims| claims.iss == issuer.issuer)
    }

    /// What a good token vouches for; `None` for any fault, without telling which.
    ///
    /// # Errors
    ///
    /// 503 when the issuer's keys could not be read even once.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Vouched>, Error> {
        let Some(issuer) = &self.issuer else { return Ok(None) };
        let (vouched, from) = match self.verified.get(token) {
            Some(known) => known,
            None => {
                let Some(known) = self.decode(issuer, token, now).await? else { return Ok(None) };
                self.verified.insert(token.to_owned(), known.clone());
                known
            }
        };
        let at = now.timestamp();
        let good = vouched.expires_at.timestamp() + LEEWAY_SECONDS > at && from <= at + LEEWAY_SECONDS;
        Ok(good.then_some(vouched))
    }

    async fn decode(
        &self,
        issuer: &OutsideIssuer,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(Vouched, i64)>, Error> {
        let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
        let kind = header.typ.as_deref().unwrap_or("JWT");
        let typed = ["JWT", "at+jwt"].iter().any(|known| kind.eq_ignore_ascii_case(known));
        let (true, Some(kid)) =
            (typed && ALGORITHMS.contains(&header.alg) && !has_critical(token), header.kid)
        else {
            return Ok(None);
        };
        let Some(jwk) = self.key(issuer, &kid, now).await? else { return Ok(None) };
        Ok(claims_of(issuer, token, header.alg, &jwk).and_then(|claims| vouch(issuer, claims)))
    }

    /// The issuer's key with this id; the key set is read again when it is old or lacks the key.
    async fn key(&self, issuer: &OutsideIssuer, kid: &str, now: DateTime<Utc>) -> Result<Option<Jwk>, Error> {
        let mut keys = self.keys.lock().await;
        let is_known = keys.set.as_ref().is_some_and(|set| set.find(kid).is_some());
        let waits = match is_known {
            true => chrono::Duration::minutes(BELIEVED_MINUTES),
            false => chrono::Duration::seconds(UNKNOWN_WAITS_SECONDS),
        };
        let age = keys.asked_at.map(|at| now - at);
        if age.is_none_or(|age| age >= waits || age < chrono::Duration::zero()) {
            keys.asked_at = Some(now);
            match self.fetch(issuer).await {
                Ok(set) => keys.set = Some(Arc::new(set)),
                // What was read before still serves; it is not asked for at every request.
                Err(cause) => log::error!("the keys of the outside issuer cannot be read: {cause:#}"),
            }
        }
        match &keys.set {
            Some(set) => Ok(set.find(kid).cloned()),
            None => Err(Error::refuse(&problems::UNAVAILABLE)),
        }
    }

    async fn fetch(&self, issuer: &OutsideIssuer) -> anyhow::Result<JwkSet> {
        let bytes = match &issuer.jwks {
            JwksPlace::File(path) => std::fs::read(path)?,
            JwksPlace::Url(url) => {
                let mut response = self.http.get(url).send().await?.error_for_status()?;
                let mut bytes = Vec::new();
                while let Some(piece) = response.chunk().await? {
                    anyhow::ensure!(bytes.len() + piece.len() <= KEYS_LIMIT, "the key set is too large");
                    bytes.extend_from_slice(&piece);
                }
                bytes
            }
        };
        Ok(serde_json::from_slice(&bytes)?)
    }
}

fn claims_of(issuer: &OutsideIssuer, token: &str, algorithm: Algorithm, jwk: &Jwk) -> Option<OutsideClaims> {
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let fits =
        jwk.common.key_algorithm.as_ref().is_none_or(|alg| alg.to_string() == format!("{algorithm:?}"));
    if !signs || !fits {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    let mut rules = Validation::new(algorithm);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.set_issuer(&[&issuer.issuer]);
    rules.set_audience(&[&issuer.audience]);
    // The library reads the system's clock; times are checked by ours.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let claims = jsonwebtoken::decode::<OutsideClaims>(token, &key, &rules).ok()?.claims;
    let for_us = match &claims.aud {
        Audience::One(aud) => *aud == issuer.audience,
        Audience::Many(all) => all.contains(&issuer.audience),
    };
    // An ID token or a refresh token of the same issuer opens nothing.
    let access = claims.typ.as_deref().is_none_or(|typ| typ == "Bearer");
    (claims.iss == issuer.issuer && for_us && access).then_some(claims)
}

/// What the claims mean here, and from when on.
fn vouch(issuer: &OutsideIssuer, claims: OutsideClaims) -> Option<(Vouched, i64)> {
    let roles = texts_at(&claims.rest, &issuer.role_claim);
    let meant: Vec<&str> =
        roles.iter().filter_map(|role| issuer.roles.get(*role)).map(String::as_str).collect();
    let text = |claim: &str| texts_at(&claims.rest, claim).first().map(|text| (*text).to_owned());
    let is_region = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
    let region = text(&issuer.region_claim).filter(is_region).map(Scope::Region);
    // Of several roles the one that reads as a person wins: it is the wider one.
    let (rights, scope) = if meant.contains(&Role::RegionalViewer.as_str()) {
        (Rights::Role(Role::RegionalViewer), region)
    } else if meant.contains(&SERVICE) {
        let scopes: Vec<ClientScope> = claims
            .scope
            .iter()
            .flat_map(|scope| scope.split(' '))
            .filter_map(|scope| client_scope::parse(scope)?.pop())
            .filter(|scope| scope.reads())
            .collect();
        // A municipality that cannot be read must not widen the token to the whole region.
        let scope = match value_at(&claims.rest, &issuer.municipality_claim) {
            None | Some(Value::Null) => region,
            Some(Value::String(id)) if is_uuid(id) => Some(Scope::Published(MunicipalityId(id.clone()))),
            Some(_) => None,
        };
        (Rights::Scopes(scopes), scope)
    } else {
        return None;
    };
    let subject =
        format!("outside-{:.32}", format!("{:x}", Sha256::digest(format!("{}\n{}", claims.iss, claims.sub))));
    let from = claims.iat.unwrap_or(0).max(claims.nbf.unwrap_or(0));
    let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
    Some((Vouched { subject, rights, scope, expires_at }, from))
}

/// The text or texts under a path of members separated by dots.
fn texts_at<'a>(claims: &'a Map<String, Value>, path: &str) -> Vec<&'a str> {
    match value_at(claims, path) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn value_at<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut members = path.split('.');
    let first = members.next().and_then(|name| claims.get(name));
    members.fold(first, |value, name| value.and_then(|value| value.get(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_found_by_its_path() {
        let claims = serde_json::json!({"realm_access": {"roles": ["a", "b", 1]}, "region_code": "57"});
        let claims = claims.as_object().unwrap();
        assert_eq!(texts_at(claims, "realm_access.roles"), ["a", "b"]);
        assert_eq!(texts_at(claims, "region_code"), ["57"]);
        assert_eq!(texts_at(claims, "region_code.x"), Vec::<&str>::new());
        assert_eq!(texts_at(claims, "absent.roles"), Vec::<&str>::new());
    }
}
