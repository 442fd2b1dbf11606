//! The OpenAPI document: collected from the handlers, completed with what all share.

mod samples;
mod shared;
mod tags;

use actix_web::web::Data;
use actix_web::{App, HttpResponse, get};
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, SecurityRequirement,
    ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::BASE;
use crate::auth::token::Tokens;
use crate::error::Problem;
use crate::web::{Described, Operations, RequestInfo};

/// Registers what belongs to no feature.
pub fn configure(operations: &mut Operations) {
    operations.service(jwks);
}

/// The public keys of access tokens, as a JSON Web Key Set; two may be active at once.
///
/// Keep them for as long as `Cache-Control` says, and fetch them again when a token names a `kid` that is
/// not among them.
#[utoipa::path(tag = "auth", security(()), responses((status = 200, description = "The keys", body = serde_json::Value)))]
#[get("/.well-known/jwks.json")]
async fn jwks(tokens: Data<Tokens>, info: RequestInfo) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(tokens.jwks(info.now))
}

/// This document.
///
/// The same that the service was built with: it changes only with the program.
#[utoipa::path(tag = "docs", security(()), responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
#[get("/openapi.json")]
pub async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Cache-Control", "no-cache"))
        .body(super::DOCUMENT)
}

/// The document as it is published: with code samples of every operation.
///
/// # Errors
///
/// The document is no JSON: a fault of the program.
pub fn published() -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(document())?;
    samples::add(&mut document);
    Ok(document)
}

/// Builds the document from the registered operations.
#[must_use]
pub fn document() -> OpenApi {
    let mut problem_schemas = Vec::new();
    Problem::schemas(&mut problem_schemas);
    let (mut beside, mut within) = (Described::default(), Described::default());
    let _unserved = App::new()
        .configure(|config| super::beside(&mut Operations::described(config, &mut beside)))
        .configure(|config| super::within(&mut Operations::described(config, &mut within)));
    let mut document = base();
    document.paths.merge(beside.paths);
    let paths = within.paths.paths.into_iter().map(|(path, item)| (format!("{BASE}{path}"), item));
    document.paths.paths.extend(paths);
    let components = document.components.get_or_insert_default();
    components.schemas.extend(beside.schemas);
    components.schemas.extend(within.schemas);
    components.schemas.insert("Problem".to_owned(), Problem::schema());
    components.schemas.extend(problem_schemas);
    components.responses.insert(shared::REFUSED.to_owned(), RefOr::T(shared::refused(&[shared::PROBLEM])));
    for (path, item) in &mut document.paths.paths {
        shared::complete(path, item, &components.schemas);
    }
    document
}

fn base() -> OpenApi {
    let mut base = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("school-roadmap")
                .version("1")
                .description(Some(include_str!("description.md")))
                .contact(Some(ContactBuilder::new().name(Some("The operator of this service")).build()))
                .license(Some(
                    LicenseBuilder::new()
                        .name("MIT OR Apache-2.0")
                        .identifier(Some("MIT OR Apache-2.0"))
                        .build(),
                ))
                .build(),
        )
        .servers(Some([ServerBuilder::new()
            .url("/")
            .description(Some("The service that gave this document"))
            .build()]))
        .tags(Some(tags::all()))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]))
        .build();
    base.components.get_or_insert_default().add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some("Access token of POST /api/v1/auth/login or, for service clients, of POST /api/v1/oauth/token; good for 15 minutes"))
                .build(),
        ),
    );
    base
}
