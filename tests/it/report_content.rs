//! The content of a report: as data, a page, a document and tables, each for its reader.

use std::io::Cursor;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done, evidence};
use crate::client::{Client, Reply, Resource};
use crate::witness::Witness;

const FORMS: [&str; 5] = ["json", "html", "docx", "xlsx", "csv"];

/// The content in a form, as text: the packages of an office suite unpacked.
async fn content(client: &Client, report: &str, query: &str) -> String {
    let reply = client.get(&format!("{report}/content?{query}")).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    if !reply.bytes.starts_with(b"PK") {
        return reply.text();
    }
    let mut package = zip::ZipArchive::new(Cursor::new(reply.bytes)).unwrap();
    let mut text = String::new();
    for at in 0..package.len() {
        text += &std::io::read_to_string(package.by_index(at).unwrap()).unwrap_or_default();
    }
    text
}

/// The first school's report, submitted with this result of S1.
async fn submitted(story: &Campaign, result: &str) -> String {
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    rewrite(story, &report, result).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    report
}

async fn rewrite(story: &Campaign, report: &str, result: &str) {
    let path = story.item(&story.principal, report, "S1").await;
    let mut item = done();
    item["result"] = json!(result);
    let version = story.principal.get(&path).await.expect(200).version();
    story.principal.put(&path, version, &item).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn every_form_tells_the_same(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = submitted(&story, "Проведён входной контроль").await;
    story.act(&story.officer, &report, "accept").await.expect(200);
    for form in FORMS {
        let text = content(&story.officer, &report, &format!("format={form}")).await;
        for told in ["Мероприятие S1", "исполнено", "Проведён входной контроль", "О наставничестве"]
        {
            assert!(text.contains(told), "{form}: {told}");
        }
        assert!(!text.contains("ПРОЕКТ") && !text.contains("Мероприятие M1"), "{form}");
    }
    let data: Value = serde_json::from_str(&content(&story.officer, &report, "format=json").await).unwrap();
    assert_eq!(
        (&data["number"], &data["is_accepted"], &data["subject"], &data["accepted_on"]),
        (&json!(1), &json!(true), &json!("Школа № 1"), &json!("2023-03-01"))
    );
    let late = &data["sections"][0]["rows"][0];
    assert_eq!((&late["late"], &late["actual_date"]), (&json!(true), &json!("2023-02-20")));
    let own = story.report_of(None).await;
    let page = content(&story.officer, &own, "format=html").await;
    assert!(page.contains("Отдел образования") && page.contains("Мероприятие M1") && page.contains("ПРОЕКТ"));
}

#[rstest]
#[actix_web::test]
async fn a_form_is_chosen_by_name_or_header_and_sent_as_it_should_be(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = submitted(&story, "Проведено").await;
    let path = format!("{report}/content");
    let kinds =
        ["application/json", "text/html", "wordprocessingml.document", "spreadsheetml.sheet", "text/csv"];
    for (form, kind) in FORMS.iter().zip(kinds) {
        let reply = story.principal.get(&format!("{path}?format={form}")).await;
        assert!(reply.header("content-type").unwrap().contains(kind), "{form}");
        assert_eq!(reply.header("content-language").as_deref(), Some("ru"));
        let is_file = !matches!(*form, "json" | "html");
        let disposition = reply.header("content-disposition").unwrap_or_default();
        assert_eq!(disposition.contains(&format!("report.{form}")), is_file, "{disposition}");
        let tag = reply.header("etag").unwrap();
        let again = story.principal.request(Method::GET, &format!("{path}?format={form}"));
        assert_eq!(Reply::of(again.header("If-None-Match", tag)).await.status, 304, "{form}");
    }
    let accepted = story.principal.request(Method::GET, &path).header("Accept", "text/csv");
    let accepted = Reply::of(accepted).await;
    assert!(accepted.text().starts_with("\u{FEFF}Код;Раздел;"), "{}", accepted.text());
    let name = accepted.header("content-disposition").unwrap();
    assert!(name.contains("UTF-8''%D0%9E%D1%82%D1%87%D0%B5%D1%82"), "{name}");
    assert_eq!(story.principal.get(&format!("{path}?format=pdf")).await.problem(406), "not-acceptable");
    let mut seen = Witness::of("I05", on);
    for place in [path.as_str(), report.as_str(), "/api/v1/orders", "/api/v1/export"] {
        let request = story.principal.request(Method::GET, place).header("Accept", "application/xml");
        let refused = Reply::of(request).await;
        assert_eq!(refused.problem(406), "not-acceptable", "{place}");
        seen.answer(&refused);
    }
    seen.report();
    for bad in ["version=0", "version=x", "form=html"] {
        assert_eq!(story.principal.get(&format!("{path}?{bad}")).await.problem(400), "malformed-request");
    }
    assert_eq!(story.principal.get(&format!("{path}?version=2")).await.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn work_in_progress_is_printed_for_the_school_alone(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    rewrite(&story, &report, "Черновая запись").await;
    let draft = content(&story.principal, &report, "format=html").await;
    assert!(
        draft.contains("Черновая запись") && draft.contains("ПРОЕКТ") && draft.contains("Рабочая редакция")
    );
    let early = story.officer.get(&format!("{report}/content?format=html")).await;
    assert_eq!(early.problem(404), "not-found");

    let path = story.item(&story.principal, &report, "S1").await;
    story.principal.post(&format!("{path}/evidence"), &evidence()).await.expect(201);
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "return").await.expect(200);
    rewrite(&story, &report, "Исправленная запись").await;
    for form in FORMS {
        let query = format!("format={form}");
        let theirs = content(&story.officer, &report, &query).await;
        assert!(theirs.contains("Черновая запись") && !theirs.contains("Исправленная"), "{form}");
        assert!(content(&story.principal, &report, &query).await.contains("Исправленная запись"), "{form}");
    }
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    let first = content(&story.officer, &report, "format=html&version=1").await;
    assert!(first.contains("Черновая запись") && first.contains("ПРОЕКТ") && first.contains("не принят"));
    let last = content(&story.officer, &report, "format=html&version=2").await;
    assert!(last.contains("Исправленная запись") && !last.contains("ПРОЕКТ"));

    let region = story.app.as_region("57");
    assert!(content(&region, &report, "format=csv").await.contains("Исправленная запись"));
    assert_eq!(region.get(&format!("{report}/content?version=1")).await.problem(404), "not-found");
    let other = story.app.as_school_head(&story.municipality, &story.schools[1]);
    assert_eq!(other.get(&format!("{report}/content")).await.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn private_evidence_stays_out_of_the_copies_of_others(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let path = story.item(&story.principal, &report, "S1").await;
    let mut private = evidence();
    private["title"] = json!("Список участников");
    private["contains_personal_data"] = json!(true);
    story.principal.post(&format!("{path}/evidence"), &private).await.expect(201);
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let region = story.app.as_region("57");
    for form in FORMS {
        for query in [format!("format={form}"), format!("format={form}&version=1")] {
            assert!(content(&story.officer, &report, &query).await.contains("Список участников"), "{query}");
            for other in [&curator, &region] {
                let seen = content(other, &report, &query).await;
                assert!(seen.contains("О наставничестве") && !seen.contains("Список участников"), "{query}");
            }
        }
    }
}

#[rstest]
#[actix_web::test]
async fn no_text_of_a_table_is_a_formula(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let mut seen = Witness::of("I25", on);
    for typed in ["=1+1", "+7 мероприятий", "-5 обучающихся", "@SUM(A1)", "\t=2+2"] {
        let start = typed.trim_start();
        let report = story.report_of(Some(&story.schools[0])).await;
        rewrite(&story, &report, typed).await;
        let table = content(&story.principal, &report, "format=csv").await;
        assert!(table.contains(&format!(";'{start};")), "{table}");
        let workbook = content(&story.principal, &report, "format=xlsx").await;
        assert!(!workbook.contains("<f>") && workbook.contains(start), "{workbook}");
        seen.saw("CSV: behind an apostrophe; workbook: text");
    }
    seen.report();
}
