//! Answers: single resources with their version, lists with their pages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, LINK, LOCATION};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::conventions::RequestInfo;
use super::cursor;
use super::filter::PageOut;
use super::query::{ListQuery, One};
use crate::db::page::{Keyed, Listed};
use crate::error::Error;

/// An answer before it is sent: what an idempotency key keeps.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 200, 201, 202 or 204.
    pub status: StatusCode,
    /// The body; null for 204.
    pub body: Value,
    /// `version` of the resource, for its tag.
    pub version: Option<i32>,
    /// `Location` of what was created.
    pub location: Option<String>,
    /// Whether the body holds a secret, which no repeat may show again.
    pub secret: bool,
}

/// A single resource: 200 with its body and tag.
///
/// # Errors
///
/// The body cannot be written as JSON: a fault of the program.
pub fn resource<T: Serialize>(version: i32, body: &T) -> Result<Answer, Error> {
    Ok(Answer {
        status: StatusCode::OK,
        body: serde_json::to_value(body)?,
        version: Some(version),
        location: None,
        secret: false,
    })
}

impl Answer {
    /// 200 with a body that has no version.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub fn plain<T: Serialize>(body: &T) -> Result<Self, Error> {
        let answer = resource(0, body)?;
        Ok(Self { version: None, ..answer })
    }

    /// 204.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Value::Null,
            version: None,
            location: None,
            secret: false,
        }
    }

    /// Makes it a 201 with the address of the new resource.
    #[must_use]
    pub fn created(mut self, location: String) -> Self {
        self.status = StatusCode::CREATED;
        self.location = Some(location);
        self
    }

    /// Adds the address of what it shows.
    #[must_use]
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// Makes it a 202 with the address under which what was begun is followed.
    #[must_use]
    pub fn accepted(mut self, location: String) -> Self {
        self.status = StatusCode::ACCEPTED;
        self.location = Some(location);
        self
    }

    /// Marks a body that holds a secret.
    #[must_use]
    pub fn with_secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The tag: version, dot, first 8 hex digits of the SHA-256 of the body.
    #[must_use]
    pub fn etag(&self) -> Option<String> {
        let version = self.version?;
        Some(format!("\"{version}.{}\"", short_hash(self.body.to_string().as_bytes())))
    }

    /// Sends a read resource: 304 when the client has it.
    #[must_use]
    pub fn read(mut self, info: &RequestInfo, one: &One) -> HttpResponse {
        if let Some(fields) = &one.fields {
            keep_fields(&mut self.body, fields);
        }
        let bytes = self.body.to_string();
        let etag = self.read_tag(bytes.as_bytes());
        conditional(info, etag, bytes.into_bytes(), None)
    }

    /// As [`read`](Self::read), where the tag leaves out the member `passing`, which differs each
    /// time.
    #[must_use]
    pub fn read_but(mut self, passing: &str, info: &RequestInfo, one: &One) -> HttpResponse {
        if let Some(fields) = &one.fields {
            keep_fields(&mut self.body, fields);
        }
        let passed = self.body.as_object_mut().and_then(|members| members.shift_remove(passing));
        let etag = self.read_tag(self.body.to_string().as_bytes());
        if let (Some(value), Some(members)) = (passed, self.body.as_object_mut()) {
            members.insert(passing.to_owned(), value);
        }
        conditional(info, etag, self.body.to_string().into_bytes(), None)
    }

    fn read_tag(&self, bytes: &[u8]) -> String {
        let hash = short_hash(bytes);
        match self.version {
            Some(version) => format!("\"{version}.{hash}\""),
            None => format!("\"{hash}\""),
        }
    }

    /// Sends the answer of a write; a dry run has no id, place or tag of its own, and where
    /// several things would be made (`items`), none of them has an id.
    #[must_use]
    pub fn written(mut self, dry_run: bool) -> HttpResponse {
        if dry_run {
            if let Some(members) = self.body.as_object_mut() {
                if self.status == StatusCode::CREATED {
                    members.shift_remove("id");
                    let items = members.get_mut("items").and_then(Value::as_array_mut);
                    for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
                        item.shift_remove("id");
                    }
                }
                members.insert("dry_run".to_owned(), Value::Bool(true));
            } else {
                self.body = json!({ "dry_run": true });
            }
            return HttpResponse::Ok().json(self.body);
        }
        let mut response = HttpResponse::build(self.status);
        if let Some(location) = &self.location {
            response.insert_header((LOCATION, location.as_str()));
        }
        if let Some(etag) = self.etag() {
            response.insert_header((ETAG, etag));
        }
        if self.status == StatusCode::NO_CONTENT {
            return response.finish();
        }
        response.content_type("application/json").body(self.body.to_string())
    }
}

/// A page of a list, as the client gets it.
pub struct Listing {
    bytes: Vec<u8>,
    next: Option<String>,
}

#[derive(Serialize)]
struct PageBody<'a, T> {
    items: Vec<T>,
    page: &'a PageOut,
}

impl Listing {
    /// Builds the page; `out` turns a row into what is shown.
    ///
    /// # Errors
    ///
    /// A row cannot be written as JSON: a fault of the program.
    pub fn of<F, R: Keyed, T: Serialize>(
        query: &ListQuery<F>,
        listed: Listed<R>,
        info: &RequestInfo,
        mut out: impl FnMut(R) -> T,
    ) -> Result<Self, Error> {
        Self::try_of(query, listed, info, |row| Ok(out(row)))
    }

    /// As [`of`](Self::of), where showing a row can fail.
    ///
    /// # Errors
    ///
    /// The first error of `out`, or a row that cannot be written as JSON.
    pub fn try_of<F, R: Keyed, T: Serialize>(
        query: &ListQuery<F>,
        mut listed: Listed<R>,
        info: &RequestInfo,
        mut out: impl FnMut(R) -> Result<T, Error>,
    ) -> Result<Self, Error> {
        let limit = usize::try_from(query.page.limit).unwrap_or(usize::MAX);
        let has_more = listed.rows.len() > limit;
        listed.rows.truncate(limit);
        let next = match listed.rows.last() {
            Some(last) if has_more => {
                let keys: Vec<String> = query.page.sort.iter().map(|key| last.key(key.name)).collect();
                Some(info.with_cursor(&cursor::write(&query.bound_to, &keys)))
            }
            _ => None,
        };
        let page = PageOut { limit: query.page.limit, next, has_more, count: listed.count };
        let items = listed.rows.into_iter().map(&mut out).collect::<Result<Vec<T>, Error>>()?;
        let bytes = match &query.fields {
            None => serde_json::to_vec(&PageBody { items, page: &page })?,
            Some(fields) => {
                let mut items = items.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
                items.iter_mut().for_each(|item| keep_fields(item, fields));
                serde_json::to_vec(&PageBody { items, page: &page })?
            }
        };
        Ok(Self { bytes, next: page.next })
    }

    /// Adds a member that is said of the whole list.
    ///
    /// # Errors
    ///
    /// The value cannot be written as JSON: a fault of the program.
    pub fn with<T: Serialize>(mut self, name: &str, value: &T) -> Result<Self, Error> {
        // The body is an object with members already: another one goes before its end.
        self.bytes.pop();
        self.bytes.push(b',');
        serde_json::to_writer(&mut self.bytes, name)?;
        self.bytes.push(b':');
        serde_json::to_writer(&mut self.bytes, value)?;
        self.bytes.push(b'}');
        Ok(self)
    }

    /// Sends the page: 304 when the client has it.
    #[must_use]
    pub fn read(self, info: &RequestInfo) -> HttpResponse {
        let etag = format!("\"{}\"", short_hash(&self.bytes));
        conditional(info, etag, self.bytes, self.next)
    }
}

fn conditional(info: &RequestInfo, etag: String, bytes: Vec<u8>, next: Option<String>) -> HttpResponse {
    let mut response = if info.has_tag(&etag) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, "private, no-cache"));
    if let Some(next) = next {
        response.insert_header((LINK, format!("<{next}>; rel=\"next\"")));
    }
    let known = info.has_tag(&etag);
    response.insert_header((ETAG, etag));
    if known {
        return response.finish();
    }
    response.content_type("application/json").body(bytes)
}

fn keep_fields(item: &mut Value, fields: &[String]) {
    if let Some(members) = item.as_object_mut() {
        members.retain(|name, _| fields.contains(name));
    }
}

/// The first 8 hex digits of the SHA-256: what a tag holds of a body.
pub(super) fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
