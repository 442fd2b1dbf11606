//! What can be asked of the feed, the export and the digest; read strictly, as all queries.

use actix_web::HttpRequest;
use std::time::Duration;
use utoipa::IntoParams;

use super::resources::{self, Resource};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::web::query;

/// Changes of a page when `limit` is not given.
const DEFAULT_LIMIT: i64 = 50;
/// Buckets of a digest when `buckets` is not given.
const DEFAULT_BUCKETS: u32 = 16;

/// Parameters of the feed, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what FeedQuery reads")]
pub(super) struct FeedParameters {
    /// Changes after this number: `seq` of an export, or `next_after` of the page before.
    #[param(minimum = 0, default = 0)]
    after: Option<i64>,
    /// Changes of a page.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<i64>,
    /// Only of these resources, comma-separated; those that the caller reads.
    #[param(example = "schools,reports")]
    resource: Option<String>,
    /// Seconds to wait for a change when there is none yet.
    #[param(minimum = 0, maximum = 30, default = 0)]
    wait: Option<u64>,
    /// The epoch in which `after` was given: 410 `feed-restarted` when there is another one now.
    epoch: Option<String>,
}

/// What is asked of the feed.
#[derive(Debug)]
pub(super) struct FeedQuery {
    pub(super) after: i64,
    pub(super) limit: i64,
    pub(super) wait: Duration,
    pub(super) epoch: Option<String>,
    pub(super) resource: Option<String>,
}

/// Parameters of the export, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what ExportQuery reads")]
pub(super) struct ExportParameters {
    /// Only these resources, comma-separated; without it all that the caller reads.
    #[param(example = "schools,reports")]
    resource: Option<String>,
    /// Into how many buckets the rows are divided, as in the digest; only with `bucket`.
    #[param(minimum = 1, maximum = 256)]
    buckets: Option<u32>,
    /// Only rows of this bucket; only with `buckets`, and less than it.
    #[param(minimum = 0, maximum = 255)]
    bucket: Option<u32>,
}

/// What is asked of the export.
#[derive(Debug)]
pub(super) struct ExportQuery {
    pub(super) resource: Option<String>,
    pub(super) only: Option<(u32, u32)>,
}

/// Parameters of the digest, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what DigestQuery reads")]
pub(super) struct DigestParameters {
    /// The resource.
    #[param(example = "schools")]
    resource: String,
    /// Into how many buckets its rows are divided.
    #[param(minimum = 1, maximum = 256, default = 16)]
    buckets: Option<u32>,
}

/// What is asked of the digest.
#[derive(Debug)]
pub(super) struct DigestQuery {
    pub(super) resource: String,
    pub(super) buckets: u32,
}

/// Reads whole numbers within bounds, and keeps what is wrong.
struct Reading {
    given: std::collections::BTreeMap<String, String>,
    violations: Vec<Violation>,
}

impl Reading {
    fn of(req: &HttpRequest, known: &[&str]) -> Result<Self, Error> {
        Ok(Self { given: query::plain(req, known)?, violations: Vec::new() })
    }

    fn number(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let text = self.given.remove(name)?;
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.violations.push(bad(
                name,
                Bi::of(
                    format!("Целое число от {least} до {most}"),
                    format!("A whole number from {least} to {most}"),
                ),
            ));
        }
        number
    }

    fn small(&mut self, name: &str, least: i64, most: i64) -> Option<u32> {
        self.number(name, least, most).and_then(|number| u32::try_from(number).ok())
    }

    fn end(self) -> Result<(), Error> {
        if self.violations.is_empty() { Ok(()) } else { Err(Error::malformed(self.violations)) }
    }
}

impl FeedQuery {
    pub(super) fn read(req: &HttpRequest) -> Result<Self, Error> {
        let mut reading = Reading::of(req, &["after", "limit", "resource", "wait", "epoch"])?;
        let asked = Self {
            after: reading.number("after", 0, i64::MAX).unwrap_or(0),
            limit: reading.number("limit", 1, 1000).unwrap_or(DEFAULT_LIMIT),
            wait: Duration::from_secs(reading.small("wait", 0, 30).unwrap_or(0).into()),
            epoch: reading.given.remove("epoch"),
            resource: reading.given.remove("resource"),
        };
        reading.end()?;
        Ok(asked)
    }
}

impl ExportQuery {
    pub(super) fn read(req: &HttpRequest) -> Result<Self, Error> {
        let mut reading = Reading::of(req, &["resource", "buckets", "bucket"])?;
        let has_one = reading.given.contains_key("buckets") != reading.given.contains_key("bucket");
        let (buckets, bucket) = (reading.small("buckets", 1, 256), reading.small("bucket", 0, 255));
        let only = bucket.zip(buckets);
        if has_one || only.is_some_and(|(bucket, buckets)| bucket >= buckets) {
            reading.violations.push(bad(
                "bucket",
                Bi::fixed(
                    "Параметры bucket и buckets указывают вместе; номер bucket меньше числа buckets",
                    "bucket and buckets are given together; bucket is less than buckets",
                ),
            ));
        }
        let resource = reading.given.remove("resource");
        reading.end()?;
        Ok(Self { resource, only })
    }
}

impl DigestQuery {
    pub(super) fn read(req: &HttpRequest) -> Result<Self, Error> {
        let mut reading = Reading::of(req, &["resource", "buckets"])?;
        let buckets = reading.small("buckets", 1, 256).unwrap_or(DEFAULT_BUCKETS);
        let resource = reading.given.remove("resource");
        if resource.is_none() {
            let detail = Bi::fixed("Укажите один ресурс", "Name one resource");
            reading.violations.push(bad("resource", detail));
        }
        reading.end()?;
        Ok(Self { resource: resource.unwrap_or_default(), buckets })
    }
}

/// The resources named in `resource`, in the order of all; without it all that the caller reads.
///
/// # Errors
///
/// 400 for a name that is none of these.
pub(super) fn named(resource: Option<&str>, caller: &Caller) -> Result<Vec<&'static Resource>, Error> {
    let mut readable = resources::readable(caller);
    let Some(text) = resource else { return Ok(readable) };
    let names: Vec<&str> = text.split(',').collect();
    if names.iter().any(|name| readable.iter().all(|resource| resource.name != *name)) {
        let list = readable.iter().map(|resource| resource.name).collect::<Vec<_>>().join(", ");
        let detail = Bi::of(format!("Доступные ресурсы: {list}"), format!("Resources that you read: {list}"));
        return Err(Error::malformed(vec![bad("resource", detail)]));
    }
    readable.retain(|resource| names.contains(&resource.name));
    Ok(readable)
}

/// The one resource of this name.
///
/// # Errors
///
/// As [`named`]; also for several names.
pub(super) fn the_one(resource: &str, caller: &Caller) -> Result<&'static Resource, Error> {
    match named(Some(resource), caller)?.as_slice() {
        [one] if one.name == resource => Ok(one),
        _ => {
            let detail = Bi::fixed("Укажите один ресурс", "Name one resource");
            Err(Error::malformed(vec![bad("resource", detail)]))
        }
    }
}

fn bad(name: &str, detail: Bi) -> Violation {
    Violation::new(format!("?{name}"), "invalid-parameter", detail)
}
