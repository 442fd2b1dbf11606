//! `If-Match`: nobody overwrites what he has not seen.

use std::future::{Ready, ready};

use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::error::Error;
use crate::problems;

/// The versions that the client names; only the part of a tag before the dot counts,
/// so `"7"`, `W/"7"` and the full tag `"7.0a1b2c3d"` pass alike.
#[derive(Debug, Clone)]
pub enum IfMatch {
    /// No header.
    Absent,
    /// `*`: any version.
    Any,
    /// These versions.
    Versions(Vec<i32>),
}

impl IfMatch {
    /// Reads the header of a request.
    #[must_use]
    pub fn of(req: &HttpRequest) -> Self {
        let Some(header) = req.headers().get(IF_MATCH) else {
            return Self::Absent;
        };
        let text = header.to_str().unwrap_or_default();
        if text.trim() == "*" {
            return Self::Any;
        }
        Self::Versions(text.split(',').filter_map(version_of).collect())
    }

    /// Compares with the version in force.
    ///
    /// # Errors
    ///
    /// 428 when the header is missing, 412 with the current version when it is stale.
    pub fn require(&self, current: i32) -> Result<(), Error> {
        match self {
            Self::Absent => Err(Error::refuse(&problems::PRECONDITION_REQUIRED)),
            _ => self.allow(current),
        }
    }

    /// As [`require`](Self::require), but a missing header passes.
    ///
    /// # Errors
    ///
    /// 412 with the current version when the header is stale.
    pub fn allow(&self, current: i32) -> Result<(), Error> {
        match self {
            Self::Versions(versions) if !versions.contains(&current) => Err(Error::stale(current)),
            _ => Ok(()),
        }
    }
}

/// The version in one tag, quoted or bare; a tag with one quote is no tag.
fn version_of(tag: &str) -> Option<i32> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = match tag.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => tag,
    };
    tag.split('.').next()?.parse().ok()
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(req)))
    }
}

#[cfg(test)]
mod tests {
    use super::IfMatch;

    fn parsed(header: &str) -> IfMatch {
        IfMatch::of(
            &actix_web::test::TestRequest::default().insert_header(("If-Match", header)).to_http_request(),
        )
    }

    #[test]
    fn every_form_of_the_version_passes() {
        for header in ["\"7\"", "W/\"7\"", "\"7.0a1b2c3d\"", "7", "*", "\"6\", \"7\""] {
            assert!(parsed(header).require(7).is_ok(), "{header}");
        }
        for header in ["\"6\"", "nonsense", "\"7", "7\"", "\"\"7\"\"", ""] {
            assert!(parsed(header).require(7).is_err(), "{header}");
        }
        assert!(IfMatch::Absent.require(7).is_err());
        assert!(IfMatch::Absent.allow(7).is_ok());
    }
}
