//! The code samples of the document, run as they stand: by the shell and by Python, against a service
//! that has played the reference case and has a row in every state.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use school_roadmap::demo::play::PASSWORD;
use serde_json::{Value, json};

use crate::app::{Sqlite, TestApp};
use crate::client::Client;
use crate::sign_in::log_in;
use crate::stage::{SCHOOLS, Stage, TARGET};

/// Who asks, the narrowest first: of those whom the table of roles lets in.
const CALLERS: [(&str, &str); 6] = [
    ("school_head", "school-1"),
    ("officer", "officer"),
    ("head", "head"),
    ("admin", "admin"),
    ("curator", "curator"),
    ("region", "region"),
];
/// Operations on a row, or with a body, of somebody else than the first of them.
const ASKED_BY: [(&str, &str); 4] = [
    ("withdraw_report", "school-2"),
    ("answer_remark", "school-3"),
    ("create_road_map", "officer"),
    ("approve_road_map", "school-1"),
];
/// Ends the answer of a sample, before its status.
const MARK: &str = "-=- ";

/// One sample, ready to run.
struct Sample {
    operation: String,
    source: String,
    variables: BTreeMap<String, String>,
}

/// What came of it.
struct Outcome {
    status: u16,
    text: String,
}

fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi/openapi.json")).unwrap()
}

/// Every operation as `(path, method, operation)`.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            found.push((path.as_str(), method.as_str(), operation));
        }
    }
    found
}

/// Who may, by the committed table: the name of a column for each operation.
fn admitted(method: &str, path: &str) -> Option<&'static str> {
    let table = include_str!("snapshots/it__access__access.snap");
    let columns = table.lines().find(|line| line.trim_start().starts_with("anonymous "))?;
    let columns: Vec<&str> = columns.split_whitespace().collect();
    let asked = [method.to_uppercase(), path.to_owned()];
    let row =
        table.lines().find(|line| line.split_whitespace().take(2).eq(asked.iter().map(String::as_str)))?;
    let cells: Vec<&str> = row.split_whitespace().skip(2).collect();
    let may = |name: &str| {
        let at = columns.iter().position(|column| *column == name).unwrap();
        !matches!(cells[at], "401" | "403" | "404")
    };
    CALLERS.iter().find(|(column, _)| may(column)).map(|(_, login)| *login)
}

/// The target of a sample with its variables filled in.
fn target(source: &str, variables: &BTreeMap<String, String>) -> String {
    let start = source.find("\"$BASE").unwrap() + "\"$BASE".len();
    let rest = &source[start..];
    let mut target = rest[..rest.find('"').unwrap()].to_owned();
    let mut names: Vec<&String> = variables.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        target = target.replace(&format!("${name}"), &variables[name]);
    }
    target
}

/// The tag of the row that a change is based on: the nearest resource that the path leads through.
async fn tag(client: &Client, paths: &[&str], target: &str) -> String {
    let mut place = target.split('?').next().unwrap();
    loop {
        let is_read = |path: &&str| {
            let (path, place) = (path.split('/'), place.split('/'));
            path.clone().count() == place.clone().count()
                && path.zip(place).all(|(one, other)| one == other || one.starts_with('{'))
        };
        if paths.iter().any(is_read) {
            let reply = client.get(place).await;
            if reply.status == 200 && reply.json()["version"].is_i64() {
                return reply.header("etag").unwrap();
            }
        }
        place = place.rsplit_once('/').unwrap_or_else(|| panic!("no row with a version: {target}")).0;
    }
}

/// Every sample in this language, each with what it needs.
async fn samples(app: &TestApp, stage: &Stage, language: &str) -> Vec<Sample> {
    let document = document();
    let all = operations(&document);
    let readable: Vec<&str> =
        all.iter().filter(|(_, method, _)| *method == "get").map(|(path, ..)| *path).collect();
    let mut tokens: BTreeMap<&str, String> = BTreeMap::new();
    let logins = CALLERS.iter().map(|(_, login)| *login).chain(SCHOOLS);
    for login in logins {
        let pair = log_in(app, login, PASSWORD).await.expect(200);
        tokens.insert(login, pair["access_token"].as_str().unwrap().to_owned());
    }
    let shared = stage.variables("", language);
    let (id, secret) = (&shared["CLIENT_ID"], &shared["CLIENT_SECRET"]);
    tokens.insert("client", app.client_token(id, secret).await);
    let mut samples = Vec::new();
    for (path, method, operation) in all {
        let name = operation["operationId"].as_str().unwrap();
        let shown = operation["x-codeSamples"].as_array().unwrap();
        let mut told = 0;
        for shell in shown.iter().filter(|sample| sample["lang"] == "Shell") {
            let mut variables = stage.variables(name, language);
            let by = ASKED_BY.iter().find(|(operation, _)| *operation == name).map(|(_, login)| *login);
            let by = by.or_else(|| admitted(method, path)).unwrap_or("client");
            variables.insert("BASE".to_owned(), app.url.clone());
            variables.entry("TOKEN".to_owned()).or_insert_with(|| tokens[by].clone());
            let source = shell["source"].as_str().unwrap();
            if source.contains("$ETAG") && !variables.contains_key("ETAG") {
                let client = app.with_token(&variables["TOKEN"]);
                let tag = tag(&client, &readable, &target(source, &variables)).await;
                variables.insert("ETAG".to_owned(), tag);
            }
            let own = shown.iter().filter(|sample| sample["lang"] == language).nth(told).unwrap();
            told += 1;
            let source = own["source"].as_str().unwrap().to_owned();
            samples.push(Sample { operation: name.to_owned(), source, variables });
        }
        assert!(told > 0, "{name} has no sample");
    }
    samples
}

/// Runs a program in a folder of its own, with a text as its input; what it says.
fn run(command: &str, arguments: &[&str], input: &str, folder: &Path) -> String {
    std::fs::create_dir_all(folder).unwrap();
    let mut child = Command::new(command)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|cause| panic!("{command} runs the code samples: {cause}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feed = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    assert!(output.status.success(), "{command}: {}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A script of the shell that runs one sample after the other.
fn script(samples: &[Sample]) -> String {
    let mut script =
        format!("curl() {{ command curl --max-time 20 -w '\\n{MARK}%{{http_code}}\\n' \"$@\"; }}\n");
    for sample in samples {
        for (name, value) in &sample.variables {
            script.push_str(&format!("{name}='{}'\n", value.replace('\'', "'\\''")));
        }
        script.push_str(&sample.source);
    }
    script
}

/// The same for Python: the samples as JSON, run by a few lines that note each status.
const RUNNER: &str = r#"
import contextlib, io, json, sys, urllib.error, urllib.request
plain = urllib.request.urlopen
def noted(request):
    global status
    response = plain(request, timeout=20)
    status = response.status
    return response
urllib.request.urlopen = noted
for sample in json.load(sys.stdin):
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(sample["source"], dict(sample["variables"]))
        text = said.getvalue()
    except urllib.error.HTTPError as refusal:
        status, text = refusal.code, refusal.read().decode()
    print(text + "\n-=- " + str(status))
"#;

/// What was said, cut at the marks.
fn outcomes(said: &str) -> Vec<Outcome> {
    let mut found = Vec::new();
    let mut text = String::new();
    for line in said.lines() {
        match line.strip_prefix(MARK) {
            Some(status) => {
                found.push(Outcome { status: status.parse().unwrap(), text: std::mem::take(&mut text) });
            }
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    found
}

fn judge(samples: &[Sample], outcomes: &[Outcome]) {
    assert_eq!(samples.len(), outcomes.len(), "as many answers as samples");
    let mut faults = Vec::new();
    for (sample, outcome) in samples.iter().zip(outcomes) {
        if !(200..300).contains(&outcome.status) {
            faults.push(format!("{} {} {}", sample.operation, outcome.status, outcome.text.trim()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[actix_web::test]
async fn every_code_sample_runs_as_it_stands() {
    let app = TestApp::start_with(Sqlite, |config| config.webhook_targets = TARGET.parse().unwrap());
    let app = app.await.unwrap();
    let stage = Stage::set(&app).await;
    let folder = app.data_dir().join("samples");

    let shell = samples(&app, &stage, "Shell").await;
    let (text, place) = (script(&shell), folder.join("shell"));
    let said = actix_web::rt::task::spawn_blocking(move || run("sh", &["-s"], &text, &place));
    judge(&shell, &outcomes(&said.await.unwrap()));

    let python = samples(&app, &stage, "Python").await;
    let each = |sample: &Sample| json!({"source": sample.source, "variables": sample.variables});
    let text = Value::from(python.iter().map(each).collect::<Vec<_>>()).to_string();
    let place = folder.join("python");
    let said = actix_web::rt::task::spawn_blocking(move || run("python3", &["-c", RUNNER], &text, &place));
    judge(&python, &outcomes(&said.await.unwrap()));
}

/// What the document says of `If-Match` is what the tables of roles and scopes show: 428 where it is missing.
#[test]
fn the_document_requires_a_version_where_the_service_does() {
    let document = document();
    let table = include_str!("snapshots/it__access__access.snap");
    let scopes = include_str!("snapshots/it__access__access_scopes.snap");
    let mut faults = Vec::new();
    for (path, method, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().unwrap();
        let is_required =
            parameters.iter().any(|one| one["name"] == "If-Match" && one["required"] == json!(true));
        let asked = [method.to_uppercase(), path.to_owned()];
        let row =
            table.lines().find(|line| line.split_whitespace().take(2).eq(asked.iter().map(String::as_str)));
        let row = row.unwrap_or_else(|| panic!("{method} {path} is not in the table"));
        let start = format!("{:<6} {path}: ", method.to_uppercase());
        let of_scopes = scopes.lines().find(|line| line.starts_with(&start)).unwrap_or_default();
        let own = of_scopes.split(';').next().unwrap_or_default();
        let is_asked_for =
            [row, own].iter().any(|said| said.split(' ').any(|one| one.trim_end_matches(',') == "428"));
        if is_required != is_asked_for {
            faults.push(format!("{method} {path}: required {is_required}, asked for {is_asked_for}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
