//! The whole API: its operations, its document, and what answers where nothing is.

pub mod document;
pub mod metrics;
pub mod pages;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::dev::ResourceDef;
use actix_web::http::header::HeaderValue;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Error, Refusal};
use crate::features;
use crate::problems;
use crate::web::Operations;

/// Where the operations of the contract begin.
pub const BASE: &str = "/api/v1";
/// The document as committed; a test compares it with what the operations say of themselves.
pub const DOCUMENT: &str = include_str!("../openapi/openapi.json");

/// Registers every documented operation with a worker.
pub fn serve(config: &mut ServiceConfig) {
    beside(&mut Operations::served(config));
    config.service(web::scope(BASE).configure(|config| within(&mut Operations::served(config))));
}

/// Operations beside the contract's base.
fn beside(operations: &mut Operations) {
    operations
        .configure(features::health::configure)
        .configure(features::clients::configure_beside)
        .configure(document::configure);
}

/// Operations under the contract's base.
fn within(operations: &mut Operations) {
    operations.service(document::openapi_json).configure(features::configure);
}

/// Which methods each path knows, for 405 and `Allow`.
pub struct Routes {
    /// Path and methods of each.
    known: Vec<(String, String)>,
    /// The same, ready to be compared: made when the first stray request comes.
    patterns: OnceLock<Vec<(ResourceDef, String)>>,
}

#[derive(Deserialize)]
struct Outline {
    paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

impl Routes {
    /// Reads the paths of the document.
    ///
    /// # Errors
    ///
    /// The document is not what was committed: a fault of the program.
    pub fn read() -> anyhow::Result<Self> {
        let outline: Outline = serde_json::from_str(DOCUMENT)?;
        let known = outline.paths.into_iter().map(|(path, methods)| {
            let methods: Vec<String> = methods.keys().map(|method| method.to_ascii_uppercase()).collect();
            (path, methods.join(", "))
        });
        Ok(Self { known: known.collect(), patterns: OnceLock::new() })
    }

    fn allowed(&self, path: &str) -> Option<&str> {
        let pattern = |(path, methods): &(String, String)| (ResourceDef::new(path.as_str()), methods.clone());
        let patterns = self.patterns.get_or_init(|| self.known.iter().map(pattern).collect());
        patterns.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods.as_str())
    }
}

/// 405 with `Allow` where another method is served, 404 elsewhere.
///
/// # Errors
///
/// Always one of the two.
pub async fn nothing_here(req: HttpRequest, routes: Data<Routes>) -> Result<HttpResponse, Error> {
    match routes.allowed(req.path()) {
        Some(methods) if HeaderValue::from_str(methods).is_ok() => {
            Err(Refusal { allow: Some(methods.to_owned()), ..Refusal::of(&problems::METHOD_NOT_ALLOWED) }
                .into())
        }
        _ => Err(Error::not_found()),
    }
}
