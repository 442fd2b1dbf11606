//! The document: committed, complete, with bodies a reader could send.

use school_roadmap::api::document::published;
use school_roadmap::problems;
use school_roadmap::web::check;
use serde_json::Value;

use crate::app::{Sqlite, TestApp};

fn value() -> Value {
    published().unwrap()
}

/// Every operation as `(method, path, operation)`.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation.clone()))
        })
        .collect()
}

#[test]
fn the_committed_document_is_current() {
    let committed: Value = serde_json::from_str(include_str!("../../openapi/openapi.json")).unwrap();
    assert!(
        committed == value(),
        "openapi/openapi.json is stale: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn every_operation_says_what_it_does_and_has_its_own_name() {
    let document = value();
    let mut names = Vec::new();
    for (method, path, operation) in operations(&document) {
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        assert!(operation["tags"].is_array(), "{method} {path} has no tag");
        names.push(operation["operationId"].as_str().unwrap().to_owned());
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "operation names repeat");
}

#[test]
fn every_group_of_operations_is_described() {
    let document = value();
    let mut described: Vec<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let operations = operations(&document);
    let mut used: Vec<&str> =
        operations.iter().map(|(.., operation)| operation["tags"][0].as_str().unwrap()).collect();
    described.sort_unstable();
    used.sort_unstable();
    used.dedup();
    assert_eq!(described, used, "src/api/document/tags.rs");
}

#[test]
fn every_request_body_has_an_example_that_its_schema_takes() {
    let document = value();
    for (method, path, operation) in operations(&document) {
        let Some(content) = operation["requestBody"]["content"]["application/json"].as_object() else {
            continue;
        };
        let reference = content["schema"]["$ref"].as_str();
        let schema = match reference {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => &content["schema"],
        };
        let example = content.get("example").or_else(|| schema.get("example"));
        let example = example.unwrap_or_else(|| panic!("{method} {path} has no example"));
        let broken = check::against(&document, schema, example).unwrap();
        assert!(
            broken.malformed.is_empty() && broken.invalid.is_empty(),
            "{method} {path}: its example breaks {broken:?}"
        );
    }
}

#[test]
fn every_problem_has_a_page_in_both_languages_and_every_page_a_problem() {
    let folder = format!("{}/openapi/problems", env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut slugs: Vec<String> = problems::ALL.iter().map(|problem| format!("{}.md", problem.slug)).collect();
    slugs.sort();
    assert_eq!(pages, slugs);
    for problem in problems::ALL {
        assert!(problem.page.contains(&*problem.title.ru), "{}", problem.slug);
        assert!(problem.page.contains(&*problem.title.en), "{}", problem.slug);
        if let Some(resolution) = &problem.resolution {
            assert!(problem.page.contains(&*resolution.action.ru), "{}", problem.slug);
            assert!(problem.page.contains(&*resolution.action.en), "{}", problem.slug);
            assert!(problem.page.contains(&format!("`{}`", resolution.actor)), "{}", problem.slug);
        }
    }
}

/// A text that serves several uses is true of each of them.
#[actix_web::test]
async fn a_refusal_sends_people_where_they_get_help() {
    let app = TestApp::start(Sqlite).await.unwrap();
    let municipality = app.given_municipality("Хотынецкий район");
    let action = |reply: &Value| reply["resolution"]["action"].as_str().unwrap().to_owned();

    let nobody = app.anonymous().get("/api/v1/schools").await.expect(401);
    assert!(action(&nobody).contains("/api/v1/auth/refresh"), "an expired token is renewed");
    let officer = app.as_officer(&municipality);
    let path = "/api/v1/municipalities";
    let refused = officer.post(path, &serde_json::json!({})).await.expect(403);
    assert_eq!(refused["resolution"]["actor"], "authorised_role", "here it is the administrator");
    for slug in ["support-list-in-use", "road-map-in-use", "entry-exists", "school-in-monitoring"] {
        let problem = problems::by_slug(slug).unwrap();
        assert!(!problem.title.ru.contains("идёт"), "{slug} also answers where nothing runs");
    }
}

#[actix_web::test]
async fn document_docs_and_problem_pages_are_served_without_signing_in() {
    let app = TestApp::start(Sqlite).await.unwrap();
    let anyone = app.anonymous();
    assert_eq!(anyone.get("/api/v1/openapi.json").await.expect(200), value());
    let docs = anyone.get("/docs/").await;
    assert_eq!(docs.status, 200);
    assert!(!docs.text().contains("https://"), "the page loads nothing from outside");
    let page = anyone.get("/problems/stale").await;
    assert_eq!(page.header("content-type").as_deref(), Some("text/html; charset=utf-8"));
    assert!(page.text().contains("Данные изменились"));
    assert_eq!(anyone.get("/problems/none").await.problem(404), "not-found");
    assert_eq!(anyone.get("/health/ready").await.expect(200)["status"], "ok");
    let missing = anyone.get("/api/v1/nothing").await;
    assert_eq!(missing.problem(404), "not-found");
    let wrong = anyone.request(reqwest::Method::PUT, "/api/v1/orders");
    let wrong = crate::client::Reply::of(wrong).await;
    assert_eq!(wrong.problem(405), "method-not-allowed");
    assert_eq!(wrong.header("allow").as_deref(), Some("GET, POST"));
}
