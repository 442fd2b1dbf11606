//! What operations share by their kind: headers, dry run, refusals, and what is said of them.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, Object, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    Schema, Type,
};

use crate::problems;

/// Name of the answer that all refusals are.
pub(super) const REFUSED: &str = "Refused";

/// The media type of refusals.
pub(super) const PROBLEM: &str = "application/problem+json";
/// Gives tokens to clients.
const TOKEN: &str = "/api/v1/oauth/token";
/// Add a row to the one that the path names, and compare no version: they overwrite nothing.
const WITHOUT_VERSION: [&str; 3] = ["create_note", "attach_evidence", "create_measures"];
/// Compare a version only when one is named, besides upserts: the body names versions itself.
const WITH_OPTIONAL_VERSION: [&str; 1] = ["merge_report"];
/// Change the row that the path names, though the same path also lists what it has.
const STEPS_BESIDE_A_LIST: [&str; 1] = ["take_offered_measures"];

/// The answer that refusals are, as these media types.
pub(super) fn refused(media_types: &[&str]) -> Response {
    let problem = || RefOr::Ref(Ref::from_schema_name("Problem"));
    let with = |response: ResponseBuilder, kind: &&str| {
        response.content(*kind, ContentBuilder::new().schema(Some(problem())).build())
    };
    let response = ResponseBuilder::new().description(format!(
        "Refused. `code` is one of the problem types, each with a page under /problems: {}",
        problems::ALL.iter().map(|problem| problem.slug).collect::<Vec<_>>().join(", ")
    ));
    media_types.iter().fold(response, with).build()
}

/// Completes the operations of a path.
pub(super) fn complete(path: &str, item: &mut PathItem, schemas: &BTreeMap<String, RefOr<Schema>>) {
    let is_listed = item.get.is_some();
    for (method, operation) in [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ] {
        if let Some(operation) = operation {
            let version = version_compared(path, &method, is_listed, operation);
            name_ids(operation, schemas);
            describe(path, &method, version.as_ref(), operation);
            add_parameters(path, &method, version, operation);
            if takes(operation, "If-None-Match") {
                let same = ResponseBuilder::new().description("What the client has is still good").build();
                operation.responses.responses.insert("304".to_owned(), RefOr::T(same));
            }
            for statuses in ["4XX", "5XX"] {
                let refusal = match path {
                    // RFC 6749, 5.2, asks for a type of its own.
                    TOKEN => RefOr::T(refused(&[PROBLEM, "application/json"])),
                    _ => RefOr::Ref(Ref::from_response_name(REFUSED)),
                };
                operation.responses.responses.insert(statuses.to_owned(), refusal);
            }
        }
    }
}

/// Whether the operation compares `If-Match`; `None`: it does not.
fn version_compared(
    path: &str,
    method: &HttpMethod,
    is_listed: bool,
    operation: &Operation,
) -> Option<Required> {
    let named = |names: &[&str]| operation.operation_id.as_deref().is_some_and(|id| names.contains(&id));
    let is_upsert = operation.responses.responses.contains_key("201");
    match method {
        HttpMethod::Patch | HttpMethod::Delete => Some(Required::True),
        HttpMethod::Put if is_upsert => Some(Required::False),
        HttpMethod::Put => Some(Required::True),
        HttpMethod::Post if named(&STEPS_BESIDE_A_LIST) => Some(Required::True),
        HttpMethod::Post if named(&WITH_OPTIONAL_VERSION) => Some(Required::False),
        HttpMethod::Post if named(&WITHOUT_VERSION) || is_listed || !path.contains('{') => None,
        HttpMethod::Post => Some(Required::True),
        _ => None,
    }
}

/// Says of each id in the path or the query what it is an id of.
fn name_ids(operation: &mut Operation, schemas: &BTreeMap<String, RefOr<Schema>>) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let Some(RefOr::Ref(of)) = &parameter.schema else { continue };
        let name = of.ref_location.rsplit('/').next().unwrap_or_default();
        if let (None, Some(RefOr::T(Schema::Object(id)))) = (&parameter.description, schemas.get(name)) {
            parameter.description =
                id.description.as_deref().map(|of| format!("{}, by its id.", of.trim_end_matches('.')));
        }
    }
}

/// Gives an operation that says no more than its summary what is true of all of its kind.
fn describe(path: &str, method: &HttpMethod, version: Option<&Required>, operation: &mut Operation) {
    if operation.description.as_ref().is_some_and(|said| !said.is_empty()) {
        return;
    }
    let names_a_row = path.contains('{');
    let is_list = takes(operation, "cursor");
    let mut said = vec![match method {
        HttpMethod::Get if is_list => {
            "What the caller may not see is left out. A page has at most `limit` rows; go on with `page.next`."
        }
        HttpMethod::Get if names_a_row => "What the caller may not see is answered as 404.",
        HttpMethod::Get => "Answers 200 at any time.",
        HttpMethod::Delete => "The row and what belongs to it are gone; the audit keeps who removed them.",
        HttpMethod::Patch => {
            "Absent members stay, `null` clears. Answers 422 with every broken rule at once."
        }
        HttpMethod::Put => "The body is the whole of it. Answers 422 with every broken rule at once.",
        _ if operation.request_body.is_some() => "Answers 422 with every broken rule at once.",
        _ => "Takes no body.",
    }];
    match version {
        Some(Required::True) => said.push(
            "`If-Match` names the version that was seen: 428 without it, 412 when it is stale. 409 says what \
             stands in the way.",
        ),
        Some(Required::False) => said.push("`If-Match` may be left out; 412 when it names a stale version."),
        None => {}
    }
    operation.description = Some(said.join(" "));
}

fn takes(operation: &Operation, name: &str) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == name))
}

fn add_parameters(path: &str, method: &HttpMethod, version: Option<Required>, operation: &mut Operation) {
    let writes = !matches!(method, HttpMethod::Get);
    let own_rules = path.starts_with("/api/v1/auth/")
        || path.starts_with("/api/v1/oauth/")
        || path == "/api/v1/me/password";
    let parameters = operation.parameters.get_or_insert_default();
    if writes && !own_rules {
        parameters.push(query(
            "dry_run",
            "Rehearse: same checks, nothing stored; answers 200, a creation without an id",
            Type::Boolean,
        ));
        if matches!(method, HttpMethod::Post) {
            let key = "Repeats of the request answer as the first did, for 48 hours";
            let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[ -~]{1,255}$"));
            parameters.push(parameter(
                ("Idempotency-Key", key),
                ParameterIn::Header,
                text.build(),
                Required::False,
            ));
        }
        if let Some(required) = version {
            parameters.push(header("If-Match", "The version that the change is based on", required));
        }
    }
    if !writes && path.starts_with("/api/v1/") {
        let text = "The tag that the client has: 304 when it is still good";
        parameters.push(header("If-None-Match", text, Required::False));
    }
    parameters.push(header("Accept-Language", "ru (default) or en", Required::False));
}

fn header(name: &str, description: &str, required: Required) -> RefOr<Parameter> {
    parameter((name, description), ParameterIn::Header, of_type(Type::String), required)
}

fn query(name: &str, description: &str, kind: Type) -> RefOr<Parameter> {
    parameter((name, description), ParameterIn::Query, of_type(kind), Required::False)
}

fn of_type(kind: Type) -> Object {
    ObjectBuilder::new().schema_type(kind).build()
}

fn parameter(
    (name, description): (&str, &str),
    place: ParameterIn,
    schema: Object,
    required: Required,
) -> RefOr<Parameter> {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(description))
        .schema(Some(RefOr::T(Schema::Object(schema))))
        .build();
    RefOr::T(parameter)
}
