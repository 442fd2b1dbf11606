//! Attacks by what a body says: members that nobody knows, texts that are too long or only look
//! alike, days that never were.

use reqwest::Method;
use rstest::rstest;
use school_roadmap::api::document::document;
use serde_json::{Map, Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::{Campaign, done};
use crate::client::{Client, Reply, Resource};
use crate::indicator_values::{put, value};
use crate::indicators::shipped;
use crate::inputs::{ORDERS, order, post_bytes};
use crate::webhooks::portal;
use crate::witness::Witness;

const SCHOOLS: &str = "/api/v1/schools";
const MUNICIPALITIES: &str = "/api/v1/municipalities";

/// An operation that takes a JSON body at a path without ids: its path, who may call it, and
/// the members of its body by their schemas.
type Creating = (String, Client, Map<String, Value>);

/// Each such POST of the OpenAPI document.
async fn every_creating(app: &TestApp) -> Vec<Creating> {
    let municipality = app.given_municipality("Хотынецкий район");
    let callers = [app.as_head(&municipality), app.as_admin(), app.anonymous(), portal(app).await.client];
    let document = serde_json::to_value(document()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let schema = &item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(name) = schema.as_str().filter(|_| !path.contains('{')) else { continue };
        let name = name.rsplit('/').next().unwrap();
        let members = document["components"]["schemas"][name]["properties"].as_object().unwrap();
        let mut may = None;
        for caller in &callers {
            let reply = caller.post(path, &json!({ "surprise": 1 })).await;
            if !matches!(reply.status, 401 | 403) {
                may = Some(caller.clone());
                break;
            }
        }
        let caller = may.unwrap_or_else(|| panic!("nobody may POST {path}"));
        found.push((path.clone(), caller, members.clone()));
    }
    found
}

/// Whether a member is a text, or one of several forms of which one is a text.
fn is_text(schema: &Value) -> bool {
    schema["type"] == "string"
        || schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")))
}

#[rstest]
#[actix_web::test]
async fn a_member_that_nobody_knows_is_refused_wherever_a_body_is_taken(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut seen = Witness::of("I07", on);
    let creating = every_creating(&app).await;
    assert!(creating.len() > 10, "{}", creating.len());
    for (path, client, _) in creating {
        let refused = client.post(&path, &json!({ "surprise": 1 })).await;
        let found = refused.violations(400);
        assert!(found.contains(&"/surprise unknown-member".to_owned()), "{path}: {found:?}");
        seen.saw("400 unknown-member");
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn no_text_of_any_body_holds_a_nul(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut seen = Witness::of("I08", on);
    for (path, client, members) in every_creating(&app).await {
        let texts: Vec<&String> =
            members.iter().filter(|(_, schema)| is_text(schema)).map(|(name, _)| name).collect();
        let body: Map<String, Value> = texts.iter().map(|name| ((*name).clone(), json!("a\0b"))).collect();
        let found = client.post(&path, &json!(body)).await.violations(422);
        for name in texts {
            let expected = format!("/{name} forbidden-character");
            assert!(found.contains(&expected), "{path}: {expected} is not in {found:?}");
            seen.saw("body: 422 forbidden-character");
        }
    }
    let officer = app.as_officer(&app.given_municipality("Другой район"));
    let id = officer.post(ORDERS, &order("1")).await.expect(201).id();
    for path in [format!("{ORDERS}/{id}%00"), format!("{ORDERS}%00"), format!("{ORDERS}/%00")] {
        let reply = officer.get(&path).await;
        assert_eq!(reply.problem(404), "not-found", "{path}");
        seen.saw("path: 404");
    }
    for query in ["q=a%00b", "number=%00", "cursor=%00", "%00=1"] {
        let reply = officer.get(&format!("{ORDERS}?{query}")).await;
        assert_eq!(reply.problem(400), "malformed-request", "{query}");
        seen.saw("query: 400");
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn what_is_longer_than_agreed_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut seen = Witness::of("I10", on);
    let creating = every_creating(&app).await;
    for (path, client, members) in &creating {
        let longest = members.iter().filter(|(_, schema)| is_text(schema));
        let longest = longest.filter_map(|(name, schema)| {
            let most = usize::try_from(schema["maxLength"].as_u64()?).unwrap();
            Some((name.clone(), json!("я".repeat(most + 1))))
        });
        let lists = members.iter().filter(|(name, schema)| schema["maxItems"].is_u64() && *name != "rows");
        let lists = lists.map(|(name, _)| (name.clone(), json!(vec!["x"; 10_000])));
        for (members, code) in
            [(longest.collect::<Map<_, _>>(), "too-long"), (lists.collect::<Map<_, _>>(), "too-many")]
        {
            if members.is_empty() {
                continue;
            }
            let found = client.post(path, &json!(members)).await.violations(422);
            for name in members.keys() {
                let expected = format!("/{name} {code}");
                assert!(found.contains(&expected), "{path}: {expected} is not in {found:?}");
                seen.saw(format!("422 {code}"));
            }
        }
    }
    let officer = app.as_officer(&app.given_municipality("Другой район"));
    let mut body = order("1");
    body["title"] = json!("x".repeat(1_000_000));
    assert_eq!(officer.post(ORDERS, &body).await.violations(422), ["/title too-long"]);
    seen.saw("a megabyte: 422 too-long");
    body["title"] = json!("я".repeat(1_000));
    let longest = officer.post(ORDERS, &body).await;
    assert_eq!(longest.expect(201)["title"], body["title"]);
    seen.saw(format!("the longest title: {}", longest.status));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_body_of_another_kind_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let send = async |kind: Option<&str>, number: &str| {
        let request = officer.request(Method::POST, ORDERS).body(order(number).to_string());
        Reply::of(match kind {
            Some(kind) => request.header("Content-Type", kind),
            None => request,
        })
        .await
    };
    let mut seen = Witness::of("I04", on);
    for kind in [
        None,
        Some(""),
        Some("text/plain"),
        Some("text/json"),
        Some("application/vnd.api+json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/xml"),
        Some("json"),
    ] {
        let refused = send(kind, "1").await;
        assert_eq!(refused.problem(415), "unsupported-media-type", "{kind:?}");
        seen.answer(&refused);
    }
    assert_eq!(officer.get(ORDERS).await.expect(200)["items"], json!([]));
    for (number, kind) in [("1", "application/json; charset=utf-8"), ("2", "Application/JSON")] {
        let taken = send(Some(kind), number).await;
        taken.expect(201);
        seen.saw(format!("{kind}: {}", taken.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_member_that_stands_twice_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let whole = order("1").to_string();
    let open = whole.strip_suffix('}').unwrap();
    let mut seen = Witness::of("I06", on);
    for (more, place) in [
        (r#","title":"Другое"}"#, "/title"),
        (r#","title":null}"#, "/title"),
        (r#","\u0074itle":"Другое"}"#, "/title"),
        (r#","repeals_id":{"a":1,"a":2}}"#, "/repeals_id/a"),
    ] {
        let refused = post_bytes(&officer, ORDERS, format!("{open}{more}").into_bytes()).await;
        let found = refused.violations(400);
        assert!(found.contains(&format!("{place} duplicate-member")), "{more}: {found:?}");
        seen.saw("400 duplicate-member");
    }
    let login = br#"{"login":"a","password":"x","login":"b"}"#.to_vec();
    let refused = post_bytes(&app.anonymous(), "/api/v1/auth/login", login).await;
    assert_eq!(refused.violations(400), ["/login duplicate-member"]);
    seen.saw("400 duplicate-member");
    assert_eq!(officer.get(ORDERS).await.expect(200)["items"], json!([]));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn names_that_look_alike_are_told_apart_or_not_as_stated(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let admin = app.as_admin();
    let named = async |name: &str| {
        let body = json!({
            "name": name, "kind": "urban_okrug", "region_code": "57",
            "authority_name": "Управление образования", "place": "Орёл"
        });
        admin.post(MUNICIPALITIES, &body).await
    };
    let stored = named("Орёл-И\u{306}од").await.expect(201);
    assert_eq!(stored["name"], "Орёл-Йод", "in NFC, however it came");
    let mut seen = Witness::of("I11", on);
    seen.saw("stored in NFC");
    for (what, name) in [
        ("NFC", "Орёл-Йод"),
        ("NFD", "Оре\u{308}л-И\u{306}од"),
        ("е for ё", "Орел-Йод"),
        ("capitals", "ОРЁЛ-ЙОД"),
        ("ZWJ", "Орёл\u{200d}-Йод"),
        ("zero width space", "Орёл\u{200b}-Йод"),
        ("soft hyphen", "Орёл\u{ad}-Йод"),
    ] {
        let refused = named(name).await;
        assert_eq!(refused.problem(409), "municipality-exists", "{what}");
        seen.saw(format!("{what}: {}", refused.status));
    }
    for (what, name) in [("U+202E", "Орёл\u{202e}-Йод"), ("NUL", "Орёл\0-Йод")] {
        let refused = named(name).await;
        assert_eq!(refused.violations(422), ["/name forbidden-character"], "{what}");
        seen.saw(format!("{what}: {}", refused.status));
    }
    let latin = named("Opёл-Йод").await;
    latin.expect(201);
    seen.saw(format!("Latin O and p: {}, another name", latin.status));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_search_folds_letters_and_takes_signs_literally(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    for (name, inn, ogrn) in [
        ("ШКОЛА №1 100%", "5799000019", "1025799000017"),
        ("Лицей_2", "5799000026", "1025799000028"),
        (r"Гимназия\3", "5799000033", "1025799000039"),
        ("Гимназия %25", "5799000040", "1025799000040"),
    ] {
        let body = json!({
            "short_name": name, "legal_form": "mbou", "school_kind": "sosh",
            "education_levels": ["primary", "basic", "secondary"], "inn": inn, "ogrn": ogrn
        });
        head.post(SCHOOLS, &body).await.expect(201);
    }
    let found = async |q: &str| {
        let page = head.get(&format!("{SCHOOLS}?sort=short_name&q={q}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["short_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut seen = Witness::of("I12", on);
    for q in ["школа", "Школа", "шКоЛа №1", "лицей"] {
        let names = found(q).await;
        assert_eq!(names.len(), 1, "{q}: {names:?}");
        seen.saw(format!("{q}: {}", names.concat()));
    }
    seen.report();
    let mut seen = Witness::of("I13", on);
    for (q, encoded, expected) in [
        ("%", "%25", &["Гимназия %25", "ШКОЛА №1 100%"][..]),
        ("%%", "%25%25", &[]),
        ("_", "_", &["Лицей_2"]),
        ("\\", "%5C", &[r"Гимназия\3"]),
        ("\\%", "%5C%25", &[]),
        ("%25", "%2525", &["Гимназия %25"]),
    ] {
        let names = found(encoded).await;
        assert_eq!(names, expected, "{q}");
        seen.saw(format!("{q}: {} of 4", names.len()));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_day_that_cannot_be_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let officer = &story.officer;
    let mut seen = Witness::of("I21", on);
    for date in [
        "2026-02-30",
        "0000-01-01",
        "-0001-01-01",
        "9999-12-31",
        "292278994-08-17",
        "2023-2-1",
        "2023-02-01T00:00:00Z",
        "",
    ] {
        let mut body = order("2");
        body["date"] = json!(date);
        assert_eq!(officer.post(ORDERS, &body).await.violations(422), ["/date impossible-date"], "{date}");
        seen.saw("422 impossible-date");
    }
    let admin = story.app.as_admin();
    let audited = async |instant: &str| admin.get(&format!("/api/v1/audit-events?at[gte]={instant}")).await;
    audited("2023-02-01T00:00:00%2B03:00").await.expect(200);
    for instant in ["2023-02-30T00:00:00Z", "2023-02-01T00:00:00%2B25:00", "292278994-08-17T00:00:00Z"] {
        let refused = audited(instant).await;
        assert_eq!(refused.violations(400), ["?at invalid-parameter"], "{instant}");
        seen.saw("instant: 400 invalid-parameter");
    }
    let list = json!({
        "level": "municipal", "category": "risk_group", "results_year": 2022, "order_id": story.order,
        "valid_from": "2023-03-01", "valid_to": "2023-02-28"
    });
    let refused = officer.post("/api/v1/support-lists", &list).await;
    assert_eq!(refused.violations(422), ["/valid_to before-start"]);
    seen.saw("end before start: 422 before-start");
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let mut early = done();
    early["actual_date"] = json!("2023-03-02");
    assert_eq!(story.principal.put(&item, 1, &early).await.violations(422), ["/actual_date range"]);
    seen.saw("done tomorrow: 422 range");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_code_is_written_one_way_and_null_is_not_absent(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let mut seen = Witness::of("I22", on);
    for kind in ["LIST", "List", "lіst", "list\u{200b}", "", "0"] {
        let mut body = order("1");
        body["kind"] = json!(kind);
        assert_eq!(officer.post(ORDERS, &body).await.violations(422), ["/kind unknown-code"], "{kind}");
        seen.saw("code: 422 unknown-code");
    }
    for member in ["kind", "title", "date"] {
        let mut body = order("1");
        body[member] = Value::Null;
        let expected = [format!("/{member} required")];
        assert_eq!(officer.post(ORDERS, &body).await.violations(422), expected);
        body.as_object_mut().unwrap().shift_remove(member);
        assert_eq!(officer.post(ORDERS, &body).await.violations(422), expected);
        seen.saw("null or absent in POST: 422 required");
    }
    let mut body = order("1");
    body["file_url"] = json!("https://example.org/1.pdf");
    let path = format!("{ORDERS}/{}", officer.post(ORDERS, &body).await.expect(201).id());
    let refused = officer.patch(&path, 1, &json!({ "title": null })).await;
    assert_eq!(refused.violations(422), ["/title required"]);
    seen.saw("null for a required one in PATCH: 422 required");
    let kept = officer.patch(&path, 1, &json!({ "title": "Иной" })).await.expect(200);
    assert_eq!(kept["file_url"], body["file_url"]);
    seen.saw("absent in PATCH: kept");
    let cleared = officer.patch(&path, 2, &json!({ "file_url": null })).await.expect(200);
    assert_eq!((&cleared["file_url"], &cleared["title"]), (&Value::Null, &json!("Иной")));
    seen.saw("null in PATCH: cleared");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_share_is_no_more_than_the_whole_and_decimals_are_exact(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let municipality = app.given_municipality("Хотынецкий район");
    let school = app.given_school(&municipality, "Школа № 1", 0);
    app.set_date("2024-02-01");
    let officer = app.as_officer(&municipality);
    let share = shipped(&officer, "I-10").await.id();
    let of = |numerator: Value, denominator: Value| value(&share, Some(&school), numerator, denominator);
    let mut seen = Witness::of("I23", on);
    for (what, body, expected) in [
        ("101 of 100", of(json!(101), json!(100)), "/numerator more-than-denominator"),
        ("1 of 0", of(json!(1), json!(0)), "/numerator more-than-denominator"),
        ("-1 of 100", of(json!(-1), json!(100)), "/numerator too-small"),
    ] {
        assert_eq!(put(&officer, &body).await.violations(422), [expected], "{what}");
        seen.saw(format!("{what}: 422 {}", expected.split(' ').next_back().unwrap()));
    }
    let half = put(&officer, &of(json!(0.5), json!(100))).await;
    assert_eq!(half.violations(400), ["/numerator wrong-type"]);
    seen.saw(format!("0.5 of 100: {} wrong-type", half.status));
    let mut aims = of(json!(1), json!(3));
    aims["target"] = json!(0.1 + 0.2);
    assert_eq!(put(&officer, &aims).await.violations(422), ["/target precision"]);
    seen.saw("0.1 + 0.2 as a double: 422 precision");
    aims["target"] = json!(0.3);
    aims["baseline"] = json!(25.55);
    let stored = put(&officer, &aims).await;
    let text = stored.text();
    assert_eq!(stored.status, 201, "{text}");
    for exact in [r#""target":0.3,"#, r#""baseline":25.55,"#, r#""value":33.3,"#] {
        assert!(text.contains(exact), "{exact} is not in {text}");
    }
    seen.saw("0.3, 25.55 and 1 of 3: 0.3, 25.55 and 33.3");
    seen.report();
}
