//! The OpenAPI document: collected from the handlers, completed with what all share.

use actix_web::web::Data;
use actix_web::{App, HttpResponse, get};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, SecurityRequirement, Type, schema,
};
use utoipa::{PartialSchema, ToSchema};

use super::BASE;
use crate::auth::token::Tokens;
use crate::error::Problem;
use crate::problems;
use crate::web::{Described, Operations, RequestInfo};

/// Registers what belongs to no feature.
pub fn configure(operations: &mut Operations) {
    operations.service(jwks);
}

/// The public keys of access tokens, as a JSON Web Key Set; two may be active at once.
#[utoipa::path(tag = "auth", security(()), responses((status = 200, description = "The keys", body = serde_json::Value)))]
#[get("/.well-known/jwks.json")]
async fn jwks(tokens: Data<Tokens>, info: RequestInfo) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(tokens.jwks(info.now))
}

/// This document.
#[utoipa::path(tag = "docs", security(()), responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
#[get("/openapi.json")]
pub async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Cache-Control", "no-cache"))
        .body(super::DOCUMENT)
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
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ] {
            if let Some(operation) = operation {
                complete(path, &method, operation);
            }
        }
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
                .build(),
        )
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

/// Adds what every operation of its method shares: headers, dry run, refusals.
fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let writes = !matches!(method, HttpMethod::Get);
    let own_rules = path.starts_with("/api/v1/auth/")
        || path.starts_with("/api/v1/oauth/")
        || path == "/api/v1/me/password";
    let on_existing = path.contains('{');
    let parameters = operation.parameters.get_or_insert_default();
    if writes && !own_rules {
        parameters.push(query("dry_run", "Rehearse: same checks, nothing stored", Type::Boolean));
        if matches!(method, HttpMethod::Post) {
            parameters.push(header(
                "Idempotency-Key",
                "Repeats of the request answer as the first did, for 48 hours",
            ));
        }
        if on_existing {
            parameters.push(header("If-Match", "The version that the change is based on"));
        }
    }
    if !writes && path.starts_with("/api/v1/") {
        parameters.push(header("If-None-Match", "The tag that the client has: 304 when it is still good"));
    }
    parameters.push(header("Accept-Language", "ru (default) or en"));
    operation.responses.responses.insert(
        "default".to_owned(),
        RefOr::T(
            ResponseBuilder::new()
                .description(format!(
                    "Refused. `code` is one of the problem types, each with a page under /problems: {}",
                    problems::ALL.iter().map(|problem| problem.slug).collect::<Vec<_>>().join(", ")
                ))
                .content(
                    "application/problem+json",
                    ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build(),
                )
                .build(),
        ),
    );
}

fn header(name: &str, description: &str) -> RefOr<Parameter> {
    parameter(name, description, ParameterIn::Header, Type::String)
}

fn query(name: &str, description: &str, kind: Type) -> RefOr<Parameter> {
    parameter(name, description, ParameterIn::Query, kind)
}

fn parameter(name: &str, description: &str, place: ParameterIn, kind: Type) -> RefOr<Parameter> {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(RefOr::T(schema::Schema::Object(ObjectBuilder::new().schema_type(kind).build()))))
        .build();
    RefOr::T(parameter)
}
