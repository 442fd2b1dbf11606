//! Sends one delivery: to allowed addresses only, signed, within seconds, following nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect;

use super::domain::{FailureKind, asked_wait};
use super::target::{Targets, may_be_named};

/// How long an attempt may take in all.
const LIMIT: Duration = Duration::from_secs(15);
/// How long it may take to connect.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read, so that the connection serves again; they are not kept.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Sends deliveries. Cloning shares its connections.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    targets: Targets,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Where to.
    pub url: String,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, Unix seconds.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The event.
    pub body: Vec<u8>,
}

/// Why it did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// The status, when there was one.
    pub status: Option<u16>,
    /// Seconds for which the receiver asked to be left alone.
    pub retry_after: Option<i64>,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// The status of an arrived delivery, or why it did not arrive.
    pub result: Result<u16, Failure>,
    /// How long it took.
    pub duration: Duration,
}

impl Sender {
    /// To these targets; `ca`: certificates (PEM) of a private authority to trust besides the
    /// system's.
    ///
    /// # Errors
    ///
    /// The certificates cannot be read.
    pub fn new(targets: Targets, ca: Option<&[u8]>) -> anyhow::Result<Self> {
        Self::within(targets, ca, LIMIT)
    }

    /// As [`new`](Self::new), where an attempt may take `limit`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn within(targets: Targets, ca: Option<&[u8]>, limit: Duration) -> anyhow::Result<Self> {
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(limit)
            .connect_timeout(CONNECT_LIMIT)
            .no_proxy()
            .user_agent(concat!("school-roadmap/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Resolver));
        if let Some(pem) = ca {
            let certificates =
                reqwest::Certificate::from_pem_bundle(pem).context("the CA file holds no certificates")?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self { http: builder.build()?, targets })
    }

    /// The operator's list.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Sends one delivery; only 2xx is an arrival.
    pub async fn send(&self, parcel: &Parcel) -> Attempt {
        let started = Instant::now();
        let result = self.attempt(parcel).await;
        Attempt { result, duration: started.elapsed() }
    }

    async fn attempt(&self, parcel: &Parcel) -> Result<u16, Failure> {
        let failure = |kind| Failure { kind, status: None, retry_after: None };
        // The operator may have taken the address off the list since it was registered.
        let url = self.targets.admit(&parcel.url).ok_or(failure(FailureKind::Target))?;
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
            .header("webhook-id", &parcel.id)
            .header("webhook-timestamp", parcel.timestamp.to_string())
            .header("webhook-signature", &parcel.signature)
            .body(parcel.body.clone());
        let mut response = request.send().await.map_err(|cause| failure(kind_of(&cause)))?;
        let status = response.status();
        if !status.is_success() {
            let kind = if status.is_redirection() { FailureKind::Redirect } else { FailureKind::Status };
            let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = header.and_then(|text| asked_wait(text, parcel.timestamp));
            return Err(Failure { kind, status: Some(status.as_u16()), retry_after });
        }
        let mut read = 0;
        // What cannot be read of the answer changes nothing: it was 2xx.
        while let Ok(Some(piece)) = response.chunk().await {
            read += piece.len();
            if read > ANSWER_LIMIT {
                break;
            }
        }
        Ok(status.as_u16())
    }
}

fn kind_of(cause: &reqwest::Error) -> FailureKind {
    let mut source: Option<&dyn std::error::Error> = Some(cause);
    while let Some(inner) = source {
        if inner.is::<RefusedAddress>() {
            return FailureKind::Target;
        }
        source = inner.source();
    }
    if cause.is_timeout() { FailureKind::Timeout } else { FailureKind::Connection }
}

/// Every address of a name is one that no delivery may go to.
#[derive(Debug, thiserror::Error)]
#[error("the name stands for an address that is not allowed")]
struct RefusedAddress;

/// Resolves names, and connects to nothing else than what it has checked.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| may_be_named(address.ip())).collect();
            if allowed.is_empty() {
                return Err(RefusedAddress.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}
