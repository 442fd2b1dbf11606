//! What happens around every request: its id and language, what is refused before any
//! handler, how errors are answered, and the headers of every answer.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;

use super::access_log;
use super::known::Known;
use super::metrics::Metrics;
use super::notebook::Notebook;
use super::peer;
use super::rate::{Class, Limits};
use crate::db::{Db, timing};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::id::new_uuid;
use crate::kit::lang::{Bi, Lang};
use crate::problems;

/// Bytes of the path and query of a request at most.
const TARGET_LIMIT: usize = 8_000;
/// Bytes of the header fields of a request together at most.
const HEAD_LIMIT: usize = 16 * 1024;
/// Characters of a client's `X-Request-Id` at most.
const REQUEST_ID_LIMIT: usize = 64;

/// Host names that are served; empty: any.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(pub Vec<String>);

/// Address under which readers of documents reach the service, without a slash at the end.
#[derive(Debug, Clone)]
pub struct PublicUrl(pub String);

/// What a handler needs to know of its request.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// `X-Request-Id`: the client's, or made here.
    pub request_id: String,
    /// The language of titles and labels.
    pub lang: Lang,
    /// Whence it comes.
    pub address: IpAddr,
    /// The instant of the request.
    pub now: DateTime<Utc>,
    target: String,
    if_none_match: Option<String>,
}

impl RequestInfo {
    /// The info that [`around`] left with the request.
    #[must_use]
    pub fn of(req: &HttpRequest) -> Self {
        req.extensions().get::<Self>().cloned().unwrap_or_else(|| Self::read(req))
    }

    fn read(req: &HttpRequest) -> Self {
        let text = |name: HeaderName| req.headers().get(name).and_then(|value| value.to_str().ok());
        let given = text(HeaderName::from_static("x-request-id")).filter(|id| {
            (1..=REQUEST_ID_LIMIT).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
        });
        let clock = req.app_data::<web::Data<Clock>>();
        Self {
            request_id: given.map_or_else(new_uuid, str::to_owned),
            lang: text(header::ACCEPT_LANGUAGE).map_or(Lang::Ru, Lang::negotiate),
            address: peer::address(req),
            now: clock.map_or_else(|| Clock::system().now(), |clock| clock.now()),
            target: req.uri().to_string(),
            if_none_match: text(header::IF_NONE_MATCH).map(str::to_owned),
        }
    }

    /// Whether the client already has the representation with this tag.
    #[must_use]
    pub fn has_tag(&self, etag: &str) -> bool {
        self.if_none_match.as_ref().is_some_and(|known| {
            known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*")
        })
    }

    /// The path and query of this request with another cursor.
    #[must_use]
    pub fn with_cursor(&self, cursor: &str) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let pairs: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
        format!("{path}?{}", pairs.join("&"))
    }
}

impl FromRequest for RequestInfo {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(req)))
    }
}

/// The middleware.
///
/// # Errors
///
/// Only with a response that is already a problem: where routing itself failed.
pub async fn around<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let info = RequestInfo::read(req.request());
    req.extensions_mut().insert(info.clone());
    let path = req.path().to_owned();
    let method = req.method().clone();
    let metrics = req.app_data::<web::Data<Metrics>>().cloned();
    let notebook = req.app_data::<web::Data<Notebook>>().cloned();
    let in_flight = metrics.as_ref().map(|metrics| metrics.begin());
    let started = std::time::Instant::now();
    let mut in_database = Duration::ZERO;
    let outcome = match admitted(req.request()).err() {
        Some(error) => Ok(req.into_response(error.render(info.lang, &info.request_id))),
        // The request must not be cloned before it is routed: actix needs it alone then.
        None => {
            let (served, spent) = timing::measured(AssertUnwindSafe(next.call(req)).catch_unwind()).await;
            in_database = spent;
            match served {
                Ok(Ok(response)) => Ok(answer_errors(response.map_into_boxed_body(), &info)),
                Ok(Err(error)) => Err(rendered(&error, StatusCode::INTERNAL_SERVER_ERROR, &info)),
                Err(_panic) => {
                    let error = Error::Internal(anyhow::anyhow!("a handler panicked"));
                    Err(error.render(info.lang, &info.request_id))
                }
            }
        }
    };
    let status = outcome.as_ref().map_or_else(HttpResponse::status, ServiceResponse::status);
    let took = started.elapsed();
    drop(in_flight);
    let known = outcome.as_ref().map(|response| Known::of(response.request())).unwrap_or_default();
    if let Some(metrics) = metrics {
        let route = outcome.as_ref().ok().and_then(|response| response.request().match_pattern());
        metrics.answered(method.as_str(), route, status.as_u16(), took);
    }
    let subject = known.actor.as_ref().and_then(|actor| actor.subject.as_deref());
    access_log::line(&info.request_id, &method, &path, status, took, subject);
    if let (401 | 403 | 429, Some(notebook)) = (status.as_u16(), notebook) {
        notebook.refused(status.as_u16(), (known.actor.clone(), info.address), info.now, &info.request_id);
    }
    match outcome {
        Ok(mut response) => {
            complete(response.headers_mut(), &path, &info);
            told(response.headers_mut(), &known, took, in_database);
            Ok(response)
        }
        Err(mut response) => {
            complete(response.headers_mut(), &path, &info);
            Err(InternalError::from_response("refused", response).into())
        }
    }
}

/// What is refused before any handler, from the cheapest check to the dearest.
fn admitted(req: &HttpRequest) -> Result<(), Error> {
    if let Some(refused) = refused_at_the_door(req) {
        return Err(refused);
    }
    let Some(limits) = req.app_data::<web::Data<Limits>>().filter(|_| !req.path().starts_with("/health"))
    else {
        return Ok(());
    };
    Known::counted(req, limits.admit_address(peer::address(req), Class::of(req.method(), req.path())))?;
    // Who would only wait in vain is told so before anything is spent on him.
    if req.path().starts_with("/api/") && req.app_data::<web::Data<Db>>().is_some_and(|db| db.is_overloaded())
    {
        return Err(Error::refuse(&problems::UNAVAILABLE));
    }
    Ok(())
}

fn refused_at_the_door(req: &HttpRequest) -> Option<Error> {
    let headers = req.headers();
    if req.uri().path_and_query().is_some_and(|target| target.as_str().len() > TARGET_LIMIT) {
        return Some(Error::because(&problems::MALFORMED_REQUEST, too_long()));
    }
    let head: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if head > HEAD_LIMIT {
        return Some(Error::refuse(&problems::HEAD_TOO_LARGE));
    }
    if let Some(AllowedHosts(hosts)) = req.app_data::<web::Data<AllowedHosts>>().map(|hosts| hosts.as_ref())
        && !hosts.is_empty()
        && !asks_for_one_of(hosts, req)
    {
        return Some(Error::refuse(&problems::FOREIGN_HOST));
    }
    // No address here holds a NUL, and PostgreSQL takes none.
    if req.path().contains('\0') || req.path().contains("%00") {
        return Some(Error::not_found());
    }
    // Unpacking a small body can fill the memory: nothing here unpacks.
    let mut codings = headers.get_all(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if codings.any(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
        return Some(Error::refuse(&problems::UNSUPPORTED_MEDIA_TYPE));
    }
    let has_forms =
        |path: &str| ["/content", "/progress", "/errors"].iter().any(|ending| path.ends_with(ending));
    let json_only = req.path().starts_with("/api/") && !has_forms(req.path());
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let in_lines = req.path().ends_with("/export");
    if json_only && accept.is_some_and(|accept| !accepts_json(accept, in_lines)) {
        return Some(Error::refuse(&problems::NOT_ACCEPTABLE));
    }
    None
}

fn too_long() -> Bi {
    Bi::fixed("Адрес запроса длиннее 8000 байт", "The address of the request is longer than 8000 bytes")
}

/// Whether the target and the `Host` of a request, where given, name a host that is served.
///
/// What a forwarding header says does not count: anybody can write one.
fn asks_for_one_of(hosts: &[String], req: &HttpRequest) -> bool {
    let target = req.uri().authority().map(|authority| authority.as_str());
    let header = req.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let mut named = [target, header].into_iter().flatten().peekable();
    named.peek().is_some()
        && named.all(|name| {
            let name = name.to_ascii_lowercase();
            let port_cut = name.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
            let bare = port_cut.map_or(name.as_str(), |(host, _port)| host);
            hosts.iter().any(|host| *host == bare || *host == name)
        })
}

/// Whether JSON is accepted; `in_lines`: also as one value a line.
fn accepts_json(accept: &str, in_lines: bool) -> bool {
    accept.split(',').any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim();
        (in_lines && kind == "application/x-ndjson")
            || matches!(kind, "" | "*/*" | "application/*" | "application/json" | "application/problem+json")
    })
}

fn answer_errors(response: ServiceResponse<BoxBody>, info: &RequestInfo) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else {
        return response;
    };
    let rendered = rendered(error, response.status(), info);
    let (req, _) = response.into_parts();
    ServiceResponse::new(req, rendered)
}

/// An error of ours as it is; one of the framework by its status, without its text.
fn rendered(error: &actix_web::Error, status: StatusCode, info: &RequestInfo) -> HttpResponse {
    if let Some(own) = error.as_error::<Error>() {
        return own.render(info.lang, &info.request_id);
    }
    let own = match status.as_u16() {
        404 => Error::not_found(),
        405 => Error::refuse(&problems::METHOD_NOT_ALLOWED),
        408 => Error::refuse(&problems::REQUEST_TIMEOUT),
        413 => Error::refuse(&problems::TOO_LARGE),
        415 => Error::refuse(&problems::UNSUPPORTED_MEDIA_TYPE),
        code if code < 500 => Error::malformed(vec![]),
        _ => Error::Internal(anyhow::anyhow!("{error}")),
    };
    own.render(info.lang, &info.request_id)
}

/// Adds what the caller may know of his quota, and an administrator of where the time went.
fn told(headers: &mut HeaderMap, known: &Known, took: Duration, in_database: Duration) {
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if let Some(standing) = known.rate {
        let (policy, rate) = standing.headers();
        set("ratelimit-policy", policy);
        set("ratelimit", rate);
    }
    if known.is_admin {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let (all, database) = (milliseconds(took), milliseconds(in_database));
        set("server-timing", format!("db;dur={database:.1}, total;dur={all:.1}"));
    }
}

/// Adds the headers of every answer, where the handler has not set them itself.
fn complete(headers: &mut HeaderMap, path: &str, info: &RequestInfo) {
    // The documentation brings its own scripts and styles; nothing else has any.
    let policy = if path.starts_with("/docs") {
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    let mut set = |name: &'static str, value: &str| {
        let name = HeaderName::from_static(name);
        if let (false, Ok(value)) = (headers.contains_key(&name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    set("x-request-id", &info.request_id);
    set("content-language", info.lang.tag());
    set("vary", "Accept-Language, Authorization");
    set("cache-control", "no-store");
    set("x-content-type-options", "nosniff");
    set("content-security-policy", policy);
    set("referrer-policy", "no-referrer");
}
