//! The one error of the API: what it means, and nothing of what caused it inside.

mod body;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

pub use self::body::Problem;
use crate::db::Failure;
use crate::db::page::UnfitCursor;
use crate::files::FileFailure;
use crate::kit::lang::{Bi, Lang};
use crate::kit::violation::Violation;
use crate::problems::{self, ProblemType};

/// Seconds after which a busy service is worth asking again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Every way in which a request ends without doing what it asks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service says no, and says why.
    #[error("{}", .0.problem.slug)]
    Refused(Box<Refusal>),
    /// The same request was answered before: that answer again.
    #[error("answered before")]
    Replayed(Box<KeptAnswer>),
    /// Something broke inside; the cause goes to the log only.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// A refusal with its particulars.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The kind.
    pub problem: &'static ProblemType,
    /// This case, when there is more to say than the title.
    pub detail: Option<Bi>,
    /// Every broken rule of the request.
    pub violations: Vec<Violation>,
    /// Codes of what stands in the way.
    pub blocked_by: Vec<String>,
    /// The version that a stale writer missed.
    pub current_version: Option<i32>,
    /// What both sides have changed, JSON.
    pub conflicts: Vec<serde_json::Value>,
    /// The number from which a feed is followed after an export.
    pub resync_from: Option<i64>,
    /// The epoch of that number.
    pub epoch: Option<String>,
    /// `Retry-After`, seconds.
    pub retry_after: Option<u32>,
    /// `Allow` of a 405.
    pub allow: Option<String>,
    /// Code of RFC 6749, 5.2, at the token endpoint.
    pub oauth_error: Option<&'static str>,
}

/// An answer kept under an idempotency key.
#[derive(Debug, Clone)]
pub struct KeptAnswer {
    /// Status.
    pub status: StatusCode,
    /// `Location`.
    pub location: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// Body, JSON.
    pub body: String,
}

impl Error {
    /// A refusal of this kind.
    #[must_use]
    pub fn refuse(problem: &'static ProblemType) -> Self {
        Refusal::of(problem).into()
    }

    /// 404; also for what lies outside the caller's scope, so that existence is not disclosed.
    #[must_use]
    pub fn not_found() -> Self {
        Self::refuse(&problems::NOT_FOUND)
    }

    /// 422 with every broken rule.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Refusal { violations, ..Refusal::of(&problems::INVALID) }.into()
    }

    /// 400 with every malformed place.
    #[must_use]
    pub fn malformed(violations: Vec<Violation>) -> Self {
        Refusal { violations, ..Refusal::of(&problems::MALFORMED_REQUEST) }.into()
    }

    /// A refusal with what stands in the way.
    #[must_use]
    pub fn blocked(problem: &'static ProblemType, by: &[&str]) -> Self {
        Refusal { blocked_by: by.iter().map(|code| (*code).to_owned()).collect(), ..Refusal::of(problem) }
            .into()
    }

    /// A refusal with a text of its own.
    #[must_use]
    pub fn because(problem: &'static ProblemType, detail: Bi) -> Self {
        Refusal { detail: Some(detail), ..Refusal::of(problem) }.into()
    }

    /// 412 with the version that is in force.
    #[must_use]
    pub fn stale(current_version: i32) -> Self {
        Refusal { current_version: Some(current_version), ..Refusal::of(&problems::STALE) }.into()
    }

    /// Turns a broken unique constraint into `problem`; everything else stays what it is.
    pub fn on_duplicate(problem: &'static ProblemType) -> impl FnOnce(DieselError) -> Self {
        move |cause| match cause {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::refuse(problem),
            other => other.into(),
        }
    }

    /// Turns a broken foreign key into `problem`; everything else stays what it is.
    pub fn on_reference(problem: &'static ProblemType) -> impl FnOnce(DieselError) -> Self {
        move |cause| match cause {
            DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => Self::refuse(problem),
            other => other.into(),
        }
    }

    /// Whether it is about what was asked, and not about the service: the same again would be refused again.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.problem.status < 500)
    }

    /// What the client gets, in `lang`; logs the cause of an internal error once.
    #[must_use]
    pub fn render(&self, lang: Lang, request_id: &str) -> HttpResponse {
        match self {
            Self::Replayed(kept) => kept.render(),
            Self::Refused(refusal) => refusal.render(lang, request_id),
            Self::Internal(cause) => {
                log::error!("{request_id}: {cause:#}");
                Refusal::of(&problems::INTERNAL).render(lang, request_id)
            }
        }
    }
}

impl Refusal {
    /// A bare refusal of this kind.
    #[must_use]
    pub fn of(problem: &'static ProblemType) -> Self {
        Self {
            problem,
            detail: None,
            violations: Vec::new(),
            blocked_by: Vec::new(),
            current_version: None,
            conflicts: Vec::new(),
            resync_from: None,
            epoch: None,
            retry_after: matches!(problem.status, 429 | 503)
                .then_some(RETRY_AFTER_SECONDS)
                .or_else(|| (problem.slug == "idempotency-key-in-use").then_some(RETRY_AFTER_SECONDS)),
            allow: None,
            oauth_error: None,
        }
    }

    fn render(&self, lang: Lang, request_id: &str) -> HttpResponse {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        // OAuth libraries read the endpoint's refusals as plain JSON (RFC 6749, 5.2).
        let kind = if self.oauth_error.is_some() { "application/json" } else { "application/problem+json" };
        response.content_type(kind);
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = if self.oauth_error.is_some() { "Basic realm=\"school-roadmap\"" } else { "Bearer" };
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme)));
        }
        response.json(Problem::of(self, lang, request_id))
    }
}

impl KeptAnswer {
    fn render(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header(("Idempotency-Replayed", "true"));
        if let Some(location) = &self.location {
            response.insert_header((header::LOCATION, location.as_str()));
        }
        if let Some(etag) = &self.etag {
            response.insert_header((header::ETAG, etag.as_str()));
        }
        response.content_type("application/json").body(self.body.clone())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Words of failures that pass by themselves. PostgreSQL tells them in the language of its
/// `lc_messages`, which only its superuser may change.
const PASSING: [&str; 5] = ["locked", "deadlock", "connection", "взаимоблокировка", "соединени"];

/// Words of a disk that is full, of SQLite and of PostgreSQL in both languages.
const FULL: [&str; 4] =
    ["disk is full", "No space left", "could not extend file", "не удалось увеличить файл"];

impl From<DieselError> for Error {
    fn from(cause: DieselError) -> Self {
        match &cause {
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)
                if FULL.iter().any(|words| info.message().contains(words)) =>
            {
                log::error!("the disk of the database is full: {cause}");
                Self::refuse(&problems::STORAGE_FULL)
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            )
            | DieselError::BrokenTransactionManager => {
                log::warn!("database: {cause}");
                Self::refuse(&problems::UNAVAILABLE)
            }
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)
                if PASSING.iter().any(|word| info.message().contains(word)) =>
            {
                log::warn!("database: {cause}");
                Self::refuse(&problems::UNAVAILABLE)
            }
            DieselError::QueryBuilderError(unfit) if unfit.is::<UnfitCursor>() => {
                Self::malformed(vec![unfit_cursor()])
            }
            _ => Self::Internal(cause.into()),
        }
    }
}

/// What is wrong with a cursor that the query did not make.
#[must_use]
pub fn unfit_cursor() -> Violation {
    let detail = Bi::fixed(
        "Курсор изменён или выдан для другого запроса",
        "The cursor was altered or belongs to another query",
    );
    Violation::new("?cursor", "invalid-parameter", detail)
}

impl From<FileFailure> for Error {
    fn from(failure: FileFailure) -> Self {
        match failure {
            FileFailure::Full => {
                log::error!("no space is left for files");
                Self::refuse(&problems::STORAGE_FULL)
            }
            FileFailure::Broken(cause) => {
                log::error!("the store of files: {cause}");
                Self::refuse(&problems::UNAVAILABLE)
            }
            FileFailure::Missing(_) | FileFailure::Damaged(_) => {
                log::error!("{failure}");
                Self::refuse(&problems::FILE_DAMAGED)
            }
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => Self::refuse(&problems::UNAVAILABLE),
            Failure::Transaction(cause) => cause.into(),
            Failure::Panicked => Self::Internal(failure.into()),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(cause: serde_json::Error) -> Self {
        Self::Internal(cause.into())
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => {
                StatusCode::from_u16(refusal.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Replayed(kept) => kept.status,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A bare answer; `web::conventions` replaces it by [`Error::render`], which
    /// knows the request's language and id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
