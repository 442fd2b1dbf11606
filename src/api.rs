//! The whole API: its operations, its document, and what answers where nothing is.

pub mod document;
pub mod pages;

use actix_web::dev::ResourceDef;
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::{Error, Refusal};
use crate::features;
use crate::problems;

/// Registers every documented operation.
pub fn routes(config: &mut ServiceConfig) {
    config.configure(features::health::configure).configure(document::configure).service(
        utoipa_actix_web::scope("/api/v1").service(document::openapi_json).configure(features::configure),
    );
}

/// The document as it is served.
pub struct Document {
    /// Compact JSON.
    pub json: String,
}

impl Document {
    /// Writes the document.
    ///
    /// # Errors
    ///
    /// It cannot be written as JSON: a fault of the program.
    pub fn of(document: &OpenApi) -> anyhow::Result<Self> {
        Ok(Self { json: document.to_json()? })
    }
}

/// Which methods each path knows, for 405 and `Allow`.
pub struct Routes(Vec<(ResourceDef, String)>);

impl Routes {
    /// Reads the paths of the document.
    ///
    /// # Errors
    ///
    /// The document cannot be written as JSON: a fault of the program.
    pub fn of(document: &OpenApi) -> anyhow::Result<Self> {
        let value = serde_json::to_value(document)?;
        let paths = value.get("paths").and_then(|paths| paths.as_object());
        let known = paths
            .into_iter()
            .flatten()
            .map(|(path, item)| {
                let methods: Vec<String> = item
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(method, _)| method.to_ascii_uppercase())
                    .collect();
                (ResourceDef::new(path.as_str()), methods.join(", "))
            })
            .collect();
        Ok(Self(known))
    }

    fn allowed(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods.as_str())
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
