//! The progress of a monitoring: what each reader may see of it, and the forms it has.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done};
use crate::client::{Client, Reply};

/// The rows of the matrix as `name content cells`.
async fn rows(story: &Campaign, client: &Client) -> Vec<String> {
    let progress = client.get(&format!("{}/progress", story.monitoring)).await.expect(200);
    let show = |row: &Value| {
        let cells: Vec<&str> =
            row["cells"].as_array().unwrap().iter().map(|cell| cell.as_str().unwrap_or("-")).collect();
        format!(
            "{} {} {}",
            row["school_name"].as_str().unwrap(),
            row["content"].as_str().unwrap(),
            cells.join(" ")
        )
    };
    progress["matrix"]["rows"].as_array().unwrap().iter().map(show).collect()
}

#[rstest]
#[actix_web::test]
async fn a_cell_shows_what_the_report_shows_to_the_same_reader(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let region = story.app.as_region("57");
    let report = story.report_of(Some(&story.schools[0])).await;
    let none: Vec<String> = Vec::new();

    story.fill(&report).await;
    assert_eq!(rows(&story, &story.principal).await, ["Школа № 1 current done not_started"]);
    let nothing = ["Школа № 1 hidden - -", "Школа № 2 hidden - -"];
    assert_eq!(rows(&story, &story.officer).await, nothing, "work in progress is the school's own");
    assert_eq!(rows(&story, &story.head).await, nothing);
    assert_eq!(rows(&story, &curator).await, nothing[..1]);
    assert_eq!(rows(&story, &region).await, none);

    story.act(&story.principal, &report, "submit").await.expect(200);
    let submitted = ["Школа № 1 current done not_started", "Школа № 2 hidden - -"];
    assert_eq!(rows(&story, &story.officer).await, submitted);
    assert_eq!(rows(&story, &region).await, none, "not yet accepted");

    story.act(&story.officer, &report, "return").await.expect(200);
    let item = story.item(&story.principal, &report, "S1").await;
    let version = story.principal.get(&item).await.expect(200)["version"].as_i64().unwrap();
    let worse = json!({"status": "not_done", "reason": "Карантин"});
    story.principal.put(&item, version, &worse).await.expect(200);
    assert_eq!(rows(&story, &story.principal).await, ["Школа № 1 current not_done not_started"]);
    let last = ["Школа № 1 last_submitted done not_started", "Школа № 2 hidden - -"];
    assert_eq!(rows(&story, &story.officer).await, last);
    assert_eq!(rows(&story, &curator).await, last[..1]);
    for form in ["svg", "html", "csv"] {
        let seen = story.officer.get(&format!("{}/progress?format={form}", story.monitoring)).await;
        assert_eq!(seen.status, 200);
        assert!(!seen.text().contains("не исполнено"), "{form} tells what is not submitted");
        let own = story.principal.get(&format!("{}/progress?format={form}", story.monitoring)).await;
        assert!(own.text().contains("не исполнено"), "{form}");
        assert!(!own.text().contains("Школа № 2"), "{form} tells of another school");
    }

    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    assert_eq!(rows(&story, &region).await, ["Школа № 1 current not_done not_started"]);
    let accepted = story.officer.get(&format!("{}/progress", story.monitoring)).await.expect(200);
    let counts = &accepted["matrix"]["measures"][0];
    assert_eq!(
        (&counts["code"], &counts["by_status"][4]),
        (&json!("S1"), &json!({"status": "not_done", "status_label": "не исполнено", "count": 1}))
    );
    assert_eq!(accepted["matrix"]["by_status"][0]["count"], 1);

    let second = format!("{}/schools/{}/release", story.monitoring, story.schools[1]);
    let version = story.officer.get(&story.monitoring).await.expect(200)["version"].as_i64().unwrap();
    story.officer.act_with(&second, version, &json!({"reason": "Исключена из перечня"})).await.expect(200);
    assert_eq!(rows(&story, &story.officer).await.len(), 1, "a released school takes no part");
}

#[rstest]
#[actix_web::test]
async fn counts_are_those_of_the_reports_themselves(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let own = story.report_of(None).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let late = json!({"status": "done", "actual_date": "2023-02-16", "result": "Проведено"});
    story.principal.put(&item, 1, &late).await.expect(200);
    let item = story.item(&story.officer, &own, "M1").await;
    story.officer.put(&item, 1, &done()).await.expect(200);

    let progress = story.officer.get(&format!("{}/progress", story.monitoring)).await.expect(200);
    let reports = progress["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 3);
    assert_eq!(reports[0]["school_id"], Value::Null, "the municipality's own report comes first");
    for told in reports {
        let path = format!("/api/v1/reports/{}", told["report_id"].as_str().unwrap());
        let report = story.officer.get(&path).await.expect(200);
        for count in ["status", "deadline", "overdue", "late", "completeness", "late_items", "overdue_items"]
        {
            assert_eq!(told[count], report[count], "{count} of {path}");
        }
    }
    assert_eq!(reports[1]["late_items"], 1);
    assert_eq!(progress["completeness"], json!({"filled": 2, "total": 5}));
    let narrow = story.officer.get(&format!("{}/progress?fields=overdue,late", story.monitoring)).await;
    assert_eq!(narrow.expect(200), json!({"overdue": 0, "late": 0}));
}

#[rstest]
#[actix_web::test]
async fn the_progress_has_five_forms(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let path = format!("{}/progress", story.monitoring);
    let asked = async |accept: &str| {
        Reply::of(story.officer.request(Method::GET, &path).header("Accept", accept)).await
    };
    for (form, kind, accept) in [
        ("json", "application/json", "application/json"),
        ("svg", "image/svg+xml; charset=utf-8", "image/svg+xml"),
        ("html", "text/html; charset=utf-8", "text/html,application/xhtml+xml;q=0.9"),
        ("csv", "text/csv; charset=utf-8; header=present", "text/csv"),
        (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ] {
        let named = story.officer.get(&format!("{path}?format={form}")).await;
        assert_eq!((named.status, named.header("content-type").as_deref()), (200, Some(kind)), "{form}");
        let negotiated = asked(accept).await;
        assert_eq!(negotiated.bytes, named.bytes, "{form}");
        assert!(named.header("vary").unwrap().contains("Accept"), "{form}");
        let tag = named.header("etag").unwrap();
        let again =
            story.officer.request(Method::GET, &format!("{path}?format={form}")).header("If-None-Match", tag);
        assert_eq!(Reply::of(again).await.status, 304, "{form}");
    }
    let svg = story.officer.get(&format!("{path}?format=svg")).await;
    assert!(svg.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(svg.text().contains("role=\"img\"") && svg.text().contains(">Школа № 1</text>"));
    let html = story.officer.get(&format!("{path}?format=html")).await;
    assert!(html.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    let file = story.officer.get(&format!("{path}?format=xlsx")).await;
    assert!(file.header("content-disposition").unwrap().contains("progress.xlsx"));

    assert_eq!(story.officer.get(&format!("{path}?format=pdf")).await.problem(406), "not-acceptable");
    assert_eq!(asked("image/png").await.problem(406), "not-acceptable");
    assert_eq!(story.officer.get(&format!("{path}?form=svg")).await.status, 400);
    let other = story.app.as_officer(&story.app.given_municipality("Другой район"));
    assert_eq!(
        other.get(&format!("{path}?format=pdf")).await.status,
        404,
        "what is not seen is asked nothing"
    );
}
