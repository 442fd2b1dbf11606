//! A request as the document describes it, before a language writes it.

use serde_json::Value;

use super::shown::Shown;

/// Query parameters that a sample shows though they may be left out, where the operation has them.
const WORTH_SHOWING: [&str; 4] = ["after", "dry_run", "format", "limit"];
/// Rows of a page in a sample.
const ROWS: &str = "100";

/// A piece of an address.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// The value of a variable.
    Variable(String),
}

/// What a request sends.
#[derive(Debug, PartialEq)]
pub(super) enum Sent {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(Shown),
    /// A form.
    Form(Vec<(String, Shown)>),
    /// A form with a file in the part of this name, and other parts.
    Parts(String, Vec<(String, Shown)>),
}

/// What comes back.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// JSON.
    Json,
    /// A line of JSON for each row.
    Lines,
    /// Something to keep in a file of this name.
    File(String),
    /// A status only.
    Nothing,
}

/// A request.
#[derive(Debug)]
pub(super) struct Call {
    /// In capitals.
    pub(super) method: String,
    /// Path and query.
    pub(super) target: Vec<Piece>,
    /// Whether it needs an access token.
    pub(super) is_signed_in: bool,
    /// Whether it names the version that the change is based on.
    pub(super) names_version: bool,
    /// What it sends.
    pub(super) body: Sent,
    /// What comes back.
    pub(super) answer: Answer,
}

impl Sent {
    /// Whether it is a form with a file.
    pub(super) fn is_form_with_file(&self) -> bool {
        matches!(self, Self::Parts(..))
    }
}

impl Call {
    /// A request for each way in which the operation takes its body.
    pub(super) fn all(document: &Value, path: &str, method: &str, operation: &Value) -> Vec<Self> {
        let kinds = operation.pointer("/requestBody/content").and_then(Value::as_object);
        let mut bodies: Vec<Sent> =
            kinds.into_iter().flatten().map(|(kind, content)| body(document, kind, content)).collect();
        if bodies.is_empty() {
            bodies.push(Sent::Nothing);
        }
        let one = |body| Self {
            method: method.to_ascii_uppercase(),
            target: target(path, operation),
            is_signed_in: operation.get("security").is_none(),
            names_version: parameters(operation).any(|one| is(one, "If-Match") && is_required(one)),
            body,
            answer: answer(operation),
        };
        bodies.into_iter().map(one).collect()
    }
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    operation.get("parameters").and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn is(parameter: &Value, name: &str) -> bool {
    text(parameter, "name") == name
}

fn is_required(parameter: &Value) -> bool {
    parameter.get("required").and_then(Value::as_bool).unwrap_or(false)
}

/// The variable that stands for a parameter: `OrderId` is `ORDER_ID`, a `code` is `CODE`.
fn variable_for(parameter: &Value) -> String {
    let reference = parameter.pointer("/schema/$ref").and_then(Value::as_str);
    let name = reference.map_or(text(parameter, "name"), |path| path.rsplit('/').next().unwrap_or(path));
    let mut capitals = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !capitals.is_empty() {
            capitals.push('_');
        }
        capitals.push(if letter == '-' { '_' } else { letter.to_ascii_uppercase() });
    }
    capitals
}

fn target(path: &str, operation: &Value) -> Vec<Piece> {
    let mut target = Vec::new();
    for (at, part) in path.split(['{', '}']).enumerate() {
        let parameter = parameters(operation).find(|one| at % 2 == 1 && is(one, part));
        match parameter {
            Some(parameter) => target.push(Piece::Variable(variable_for(parameter))),
            None if part.is_empty() => {}
            None => target.push(Piece::Text(part.to_owned())),
        }
    }
    let mut join = '?';
    for parameter in parameters(operation).filter(|one| text(one, "in") == "query") {
        let name = text(parameter, "name");
        if !is_required(parameter) && !WORTH_SHOWING.contains(&name) {
            continue;
        }
        let value = match (name, parameter.get("example")) {
            ("dry_run", _) => Some("true".to_owned()),
            ("limit", _) => Some(ROWS.to_owned()),
            (_, Some(Value::String(example))) => Some(example.clone()),
            (_, Some(example)) => Some(example.to_string()),
            (_, None) => None,
        };
        target.push(Piece::Text(format!("{join}{name}=")));
        target.push(value.map_or_else(|| Piece::Variable(variable_for(parameter)), Piece::Text));
        join = '&';
    }
    target
}

/// What follows a reference of the document, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    reference.and_then(|path| document.pointer(path)).unwrap_or(value)
}

fn body(document: &Value, kind: &str, content: &Value) -> Sent {
    let schema = content.get("schema").map(|schema| resolved(document, schema)).unwrap_or(&Value::Null);
    let example = content.get("example").or_else(|| schema.get("example")).unwrap_or(&Value::Null);
    let shown = Shown::of(example);
    if kind == "application/json" {
        return Sent::Json(shown);
    }
    let Shown::Members(mut members) = shown else { return Sent::Nothing };
    let is_file = |name: &str| {
        schema.pointer(&format!("/properties/{name}/format")).and_then(Value::as_str) == Some("binary")
    };
    match members.iter().position(|(name, _)| is_file(name)) {
        Some(at) => {
            let (file, _) = members.remove(at);
            Sent::Parts(file, members)
        }
        None => Sent::Form(members),
    }
}

fn answer(operation: &Value) -> Answer {
    let asks = |name: &str| parameters(operation).find(|one| is(one, name));
    if asks("dry_run").is_some() {
        return Answer::Json;
    }
    let name = text(operation, "operationId").trim_start_matches("get_").replace('_', "-");
    if let Some(form) = asks("format").and_then(|one| one.get("example")).and_then(Value::as_str)
        && form != "json"
    {
        return Answer::File(format!("{name}.{form}"));
    }
    let answers = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    let mut good = answers.filter(|(status, _)| status.starts_with('2'));
    let content = good.find_map(|(_, answer)| answer.get("content").and_then(Value::as_object));
    match content {
        None => Answer::Nothing,
        Some(kinds) if kinds.contains_key("application/json") => Answer::Json,
        Some(kinds) if kinds.contains_key("application/x-ndjson") => Answer::Lines,
        Some(_) => Answer::File(name),
    }
}
