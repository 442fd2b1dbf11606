//! How a client wants a write done: once, only if unchanged, or only rehearsed.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

use super::answer::Answer;
use super::body::Body;
use super::conventions::RequestInfo;
use super::precondition::IfMatch;
use super::query;
use crate::db::schema::idempotency_keys as keys;
use crate::db::{Actor, AnyConnection, Db, Mode, Tx};
use crate::error::{Error, KeptAnswer};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// Hours for which an answer is kept under its key.
const KEPT_HOURS: i64 = 48;
/// Characters of a key at most.
const KEY_LIMIT: usize = 255;

/// Keys whose requests run in this process right now.
static RUNNING: std::sync::LazyLock<Mutex<HashSet<String>>> = std::sync::LazyLock::new(Mutex::default);

/// The conditions of one write.
#[derive(Debug, Clone)]
pub struct Writing {
    dry_run: bool,
    key: Option<String>,
    if_match: IfMatch,
    method: String,
    path: String,
    subject: String,
    body_hash: String,
    /// The request's language and id.
    pub info: RequestInfo,
}

impl FromRequest for Writing {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(req))
    }
}

impl Writing {
    fn read(req: &HttpRequest) -> Result<Self, Error> {
        let dry_run = match query::plain(req, &["dry_run"])?.get("dry_run").map(String::as_str) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                return Err(Error::malformed(vec![Violation::new(
                    "?dry_run",
                    "invalid-parameter",
                    Bi::fixed("Допустимы true и false", "true and false are allowed"),
                )]));
            }
        };
        let key = match req.headers().get("Idempotency-Key") {
            Some(header) if req.method() == Method::POST => {
                let key = header.to_str().unwrap_or_default();
                let is_printable = key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
                if key.is_empty() || key.len() > KEY_LIMIT || !is_printable {
                    return Err(Error::malformed(vec![Violation::new(
                        "Idempotency-Key",
                        "invalid-header",
                        Bi::fixed("От 1 до 255 печатных знаков ASCII", "1 to 255 printable ASCII characters"),
                    )]));
                }
                Some(key.to_owned())
            }
            _ => None,
        };
        Ok(Self {
            dry_run,
            key: key.filter(|_| !dry_run),
            if_match: IfMatch::of(req),
            method: req.method().to_string(),
            path: req.path().to_owned(),
            subject: String::new(),
            body_hash: String::new(),
            info: RequestInfo::of(req),
        })
    }

    /// Runs the write in one transaction, keeps its answer under the key, and sends it.
    ///
    /// # Errors
    ///
    /// The error of `work`; 409 while a request with the same key runs.
    pub async fn run<F>(
        mut self,
        db: &Db,
        actor: Actor,
        body_hash: &str,
        work: F,
    ) -> Result<HttpResponse, Error>
    where
        F: FnOnce(&mut Tx, &Self) -> Result<Answer, Error> + Send + 'static,
    {
        self.subject = actor.subject.clone().unwrap_or_default();
        body_hash.clone_into(&mut self.body_hash);
        let _running = self.key.as_ref().map(|key| Running::start(&self, key)).transpose()?;
        let dry_run = self.dry_run;
        let mode = if dry_run { Mode::Rehearse } else { Mode::Keep };
        let answer = db
            .write(actor, mode, move |tx| {
                let answer = work(tx, &self)?;
                self.keep(tx, &answer)?;
                Ok::<_, Error>(answer)
            })
            .await?;
        Ok(answer.written(dry_run))
    }

    /// The first two checks after visibility: an answer given before, then the body's syntax.
    ///
    /// # Errors
    ///
    /// [`Error::Replayed`] with the earlier answer; 422 when the key belongs to another
    /// body; 409 when that answer held a secret; 400 for a malformed body.
    pub fn admit<T>(&self, tx: &mut Tx, body: &Body<T>) -> Result<(), Error> {
        self.replay(tx)?;
        body.well_formed()
    }

    /// As [`admit`](Self::admit), for an operation without a body.
    ///
    /// # Errors
    ///
    /// As [`admit`](Self::admit), but for the body.
    pub fn replay(&self, tx: &mut Tx) -> Result<(), Error> {
        let Some(key) = &self.key else { return Ok(()) };
        let oldest = tx.now() - Duration::hours(KEPT_HOURS);
        let kept: Option<KeptRow> = keys::table
            .find((&self.subject, &self.method, &self.path, key))
            .filter(keys::created_at.gt(oldest))
            .select(KeptRow::as_select())
            .first::<KeptRow>(&mut **tx)
            .optional()?;
        match kept {
            None => Ok(()),
            Some(row) if row.body_hash != self.body_hash => {
                Err(Error::refuse(&problems::IDEMPOTENCY_KEY_REUSED))
            }
            Some(KeptRow { body: Some(body), status, location, etag, .. }) => {
                let status = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok());
                Err(Error::Replayed(Box::new(KeptAnswer {
                    status: status.unwrap_or(StatusCode::OK),
                    location,
                    etag,
                    body,
                })))
            }
            Some(_) => Err(Error::refuse(&problems::SECRET_SHOWN_ONCE)),
        }
    }

    /// Whether nothing will be stored: a secret made for it would open nothing.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.dry_run
    }

    /// As a write that is kept, and whether it was asked to be rehearsed: for an operation whose
    /// rehearsal leaves something to be read later.
    #[must_use]
    pub fn kept(self) -> (Self, bool) {
        let rehearses = self.dry_run;
        (Self { dry_run: false, ..self }, rehearses)
    }

    /// Whether an earlier answer may stand for this request: it is asked for before the state.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Compares `If-Match` with the version in force.
    ///
    /// # Errors
    ///
    /// 428 when it is missing, 412 when it is stale.
    pub fn expect_version(&self, current: i32) -> Result<(), Error> {
        self.if_match.require(current)
    }

    /// As [`expect_version`](Self::expect_version) where `If-Match` is optional.
    ///
    /// # Errors
    ///
    /// 412 when it is stale.
    pub fn allow_version(&self, current: i32) -> Result<(), Error> {
        self.if_match.allow(current)
    }

    fn keep(&self, conn: &mut AnyConnection, answer: &Answer) -> Result<(), Error>
    where
        Self: Sized,
    {
        let (Some(key), false) = (&self.key, self.dry_run) else {
            return Ok(());
        };
        let now: NaiveDateTime = self.info.now.naive_utc();
        let expired = keys::table.filter(keys::created_at.le(now - Duration::hours(KEPT_HOURS)));
        diesel::delete(expired).execute(conn)?;
        diesel::insert_into(keys::table)
            .values((
                keys::subject.eq(&self.subject),
                keys::method.eq(&self.method),
                keys::path.eq(&self.path),
                keys::key.eq(key),
                keys::body_hash.eq(&self.body_hash),
                keys::status.eq(i32::from(answer.status.as_u16())),
                keys::location.eq(&answer.location),
                keys::etag.eq(answer.etag()),
                keys::body.eq((!answer.secret).then(|| answer.body.to_string())),
                keys::created_at.eq(now),
            ))
            .execute(conn)
            .map_err(Error::on_duplicate(&problems::IDEMPOTENCY_KEY_IN_USE))?;
        Ok(())
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
struct KeptRow {
    body_hash: String,
    status: i32,
    location: Option<String>,
    etag: Option<String>,
    body: Option<String>,
}

/// Holds a key for as long as its request runs.
struct Running(Arc<str>);

impl Running {
    fn start(writing: &Writing, key: &str) -> Result<Self, Error> {
        let name = format!("{}\n{}\n{}\n{key}", writing.subject, writing.method, writing.path);
        if !RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            return Err(Error::refuse(&problems::IDEMPOTENCY_KEY_IN_USE));
        }
        Ok(Self(name.into()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&*self.0);
    }
}
