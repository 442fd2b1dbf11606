//! The whole story: orders, list, road map, reports, review, conclusions, note; and what
//! becomes of it when something in it is otherwise.

use rstest::rstest;
use school_roadmap::demo::case::Case;
use school_roadmap::demo::play::{self, PASSWORD, Played};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::Client;
use crate::sign_in::log_in;

/// Plays a case through HTTP from an empty database, with one account per role and more.
async fn played(app: &TestApp, case: &Case) -> Played {
    app.clock.set(play::beginning());
    play::whole(&app.url, &app.clock, &app.database_url, case, &|_| ()).await.unwrap()
}

async fn signed_in(app: &TestApp, login: &str) -> Client {
    let pair = log_in(app, login, PASSWORD).await.expect(200);
    app.with_token(pair["access_token"].as_str().unwrap())
}

/// Spaces that keep words together count as spaces.
fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// The report of a subject.
fn report_of<'a>(case: &'a mut Case, subject: &str) -> &'a mut Value {
    let reports = case.data["reports"].as_array_mut().unwrap();
    reports.iter_mut().find(|report| report["subject"] == subject).unwrap()
}

/// Makes one item of a report say something else, with a reason.
fn say(case: &mut Case, subject: &str, measure: &str, status: &str) {
    let items = report_of(case, subject)["items"].as_array_mut().unwrap();
    let item = items.iter_mut().find(|item| item["measure"] == measure).unwrap();
    *item = json!({"measure": measure, "status": status, "reason": "Причина указана в отчёте"});
}

fn schools(case: &Case) -> Vec<String> {
    case.list("schools").iter().map(|school| school["short_name"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[actix_web::test]
async fn the_note_carries_every_fact_of_the_case(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let case = Case::reference().unwrap();
    let played = played(&app, &case).await;
    let anyone = app.anonymous();

    let content = format!("/api/v1/public/notes/{}/content", played.note_id);
    let note = anyone.get(&format!("{content}?format=json")).await.expect(200);
    let verdicts: Vec<(&str, &str)> = note["conclusions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["code"].as_str().unwrap(), c["verdict"].as_str().unwrap()))
        .collect();
    let expected = case.data["expected"]["verdicts"].as_object().unwrap();
    assert_eq!(verdicts, expected.iter().map(|(c, v)| (c.as_str(), v.as_str().unwrap())).collect::<Vec<_>>());

    for conclusion in note["conclusions"].as_array().unwrap() {
        let municipal = conclusion["level"] == "municipal";
        let sources = if municipal { json!([1]) } else { json!([2, 3, 4, 5]) };
        assert_eq!(conclusion["sources"], sources, "{}", conclusion["code"]);
    }
    let corrected = &note["attachments"][1];
    assert_eq!(
        (&corrected["report_id"], &corrected["version"]),
        (&json!(played.reports["МБОУ-Богородицкая СОШ"]), &json!(2)),
        "the version that was counted is the one that came back corrected"
    );

    the_note_shows_what_was_counted(&note);
    the_public_table_hides_few_people(&app, &played).await;

    let mut facts = vec![
        "Доля педагогов школы, прошедших повышение квалификации за год: 39,4 % (28 из 71), целевое значение – 35 %."
            .to_owned(),
        "Доля мероприятий, исполненных в срок: 100 % (44 из 44), целевое значение – 95 %.".to_owned(),
        "29 декабря 2023 года".to_owned(),
        "пгт Хотынец".to_owned(),
        "Отдел образования".to_owned(),
        "от 30.03.2023 № 513".to_owned(),
        "от 17.03.2023 № 124".to_owned(),
        "от 08.12.2023 № 515".to_owned(),
    ];
    facts.extend(schools(&case));
    facts
        .extend(case.list("expected.recommendations").iter().map(|r| r["text"].as_str().unwrap().to_owned()));
    facts.extend(schools(&case).iter().map(|school| format!("Отчет {school}")));
    let markdown = plain(&anyone.get(&format!("{content}?format=md")).await.text()).replace('\\', "");
    let html = plain(&anyone.get(&format!("{content}?format=html")).await.text());
    for fact in &facts {
        assert!(markdown.contains(fact.as_str()), "{fact:?} is not in\n{markdown}");
        assert!(html.contains(fact.as_str()), "{fact:?} is not in the HTML");
    }
    assert!(!markdown.contains("ПРОЕКТ") && !html.contains("ПРОЕКТ"));
    let docx = anyone.get(&format!("{content}?format=docx")).await;
    assert_eq!((docx.status, &docx.bytes[..2]), (200, &b"PK"[..]));

    let summary = anyone.get(&format!("/api/v1/public/notes/{}", played.note_id)).await.expect(200);
    let hash = summary["hash"].as_str().unwrap();
    let verified = anyone.get(&format!("/api/v1/verify/{hash}")).await.expect(200);
    assert_eq!((&verified["status"], &verified["date"]), (&json!("published"), &json!("2023-12-29")));
    let zero = "0".repeat(64);
    assert_eq!(anyone.get(&format!("/api/v1/verify/{zero}")).await.problem(404), "not-found");

    let officer = signed_in(&app, "officer").await;
    let monitoring = officer.get(&format!("/api/v1/monitorings/{}", played.monitoring_id)).await.expect(200);
    assert_eq!(monitoring["status"], "completed");
    let late = officer.get("/api/v1/reports?overdue=true").await.expect(200);
    assert_eq!(late["items"], json!([]), "nothing in the case is late");
    let school = signed_in(&app, "school-1").await;
    let own = school.get("/api/v1/recommendations").await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 6);
    assert_eq!(own["items"][0]["status"], "issued");
}

/// `code text` of some indicators of a note.
fn figures(of: &Value) -> Vec<String> {
    let line = |one: &Value| format!("{} {}", one["code"].as_str().unwrap(), one["text"].as_str().unwrap());
    let list = of["figures"].as_array().into_iter().flatten();
    list.map(|one| plain(&line(one))).collect()
}

/// Each conclusion carries the indicators that its measures declare, the rest stands by itself; what
/// was counted names the reports it was counted from.
fn the_note_shows_what_was_counted(note: &Value) {
    let of = |code: &str| {
        let all = note["conclusions"].as_array().unwrap();
        figures(all.iter().find(|conclusion| conclusion["code"] == code).unwrap())
    };
    assert_eq!(of("2.1"), [""; 0]);
    assert_eq!(of("2.3"), ["I-12 100 % (11 из 11)"]);
    assert_eq!(of("2.4"), ["I-14 86,2 % (56 из 65)", "I-15 6,3 п. п. (12 из 191)"]);
    assert_eq!(of("2.5"), ["I-10 39,4 % (28 из 71)"]);
    assert_eq!(of("2.6"), ["I-21 95,1 % (58 из 61)"]);
    assert_eq!(of("2.7"), ["I-22 94,7 % (71 из 75)"]);
    assert_eq!(
        figures(note),
        [
            "I-11 80 % (24 из 30)",
            "I-18 100 % (44 из 44)",
            "I-19 72,7 % (32 из 44)",
            "I-20 100 % (4 из 4)",
            "I-23 0 % (0 из 4)",
            "I-24 0 % (0 из 4)"
        ],
        "I-13 and I-16 are not public; nothing was recommended the year before, so I-25 says nothing"
    );
    let sources = note["figures"].as_array().unwrap().iter().map(|one| one["sources"].clone());
    let four = json!([2, 3, 4, 5]);
    let none = Value::Null;
    let expected = [&four, &four, &four, &none, &four, &none].map(Clone::clone);
    assert_eq!(sources.collect::<Vec<_>>(), expected);
}

/// Eleven teachers needed a mentor, but nobody reads how many of three in one school.
async fn the_public_table_hides_few_people(app: &TestApp, played: &Played) {
    let path =
        format!("/api/v1/public/indicator-values?municipality_id={}&year=2023", played.municipality_id);
    let page = app.anonymous().get(&path).await.expect(200);
    let codes: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        ["I-10", "I-11", "I-12", "I-14", "I-15", "I-21", "I-22"],
        "no results of national tests"
    );
    let cells = |code: &str| {
        let table = page["items"].as_array().unwrap().iter().find(|one| one["code"] == code).unwrap();
        let shown = |cell: &Value| match cell["hidden"] == true {
            true => "x".to_owned(),
            false => format!("{}/{}", cell["numerator"], cell["denominator"]),
        };
        let schools = table["schools"].as_array().unwrap().iter().map(shown);
        schools.chain([shown(&table["total"])]).collect::<Vec<_>>()
    };
    assert_eq!(cells("I-10"), ["7/16", "7/15", "7/27", "7/13", "28/71"]);
    assert_eq!(cells("I-12"), ["x", "x", "x", "x", "11/11"]);
    assert_eq!(cells("I-22"), ["12/13", "x", "41/43", "x", "71/75"], "the eight take the eleven with them");
}

/// What a variant changes, by its name in the case's file.
fn vary(case: &mut Case, name: &str) {
    let all = schools(case);
    match name {
        "one school without mentors" => say(case, "МБОУ-Юрьевская СОШ", "S2.1", "not_done"),
        "no school held the interim test" => {
            all.iter().for_each(|school| say(case, school, "S3.2", "not_done"))
        }
        "no novice teachers" => say(case, "МБОУ-Богородицкая СОШ", "S2.1", "not_applicable"),
        "one report missing" => {
            report_of(case, "МБОУ-Красноярбинская СОШ им. П. И. Бровичева")["submitted_on"] = Value::Null;
        }
        "department did not train" => {
            say(case, "municipality", "M2.6", "not_done");
            say(case, "municipality", "M2.7", "not_done");
        }
        "training planned, not attended" => say(case, "municipality", "M2.7", "not_done"),
        "nobody reported" => {
            all.iter().for_each(|school| report_of(case, school)["submitted_on"] = Value::Null)
        }
        other => panic!("the file has a variant that is not played: {other}"),
    }
}

/// Who trusts nobody takes the JSON of a registered note, drops what registration adds,
/// writes it as RFC 8785 says, and gets the hash of the footer.
#[rstest]
#[actix_web::test]
async fn an_outside_verifier_gets_the_printed_hash(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let played = played(&app, &Case::reference().unwrap()).await;
    let (officer, anyone) = (signed_in(&app, "officer").await, app.anonymous());
    let note = officer.get(&format!("/api/v1/notes/{}", played.note_id)).await.expect(200);
    let hash = note["hash"].as_str().unwrap();

    for (client, side) in [(&anyone, "public/notes"), (&officer, "notes")] {
        let content = format!("/api/v1/{side}/{}/content", played.note_id);
        let mut served = client.get(&format!("{content}?format=json")).await.expect(200);
        for added_later in ["number", "registered_on"] {
            served.as_object_mut().unwrap().shift_remove(added_later);
        }
        let canonical = serde_json_canonicalizer::to_vec(&served).unwrap();
        let digest = Sha256::digest(&canonical);
        let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, hash, "{side}");
        let printed = client.get(&format!("{content}?format=md")).await.text();
        assert!(printed.contains(hash), "the footer prints it");
    }
    let verified = anyone.get(&format!("/api/v1/verify/{hash}")).await.expect(200);
    assert_eq!(verified["number"], note["number"]);
}

#[rstest]
#[actix_web::test]
async fn each_variant_of_the_case_gives_its_verdicts(
    #[values(Sqlite, Postgres)] on: Database,
    #[values(0, 1, 2, 3, 4, 5, 6)] number: usize,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut case = Case::reference().unwrap();
    let variants = case.list("variants").to_vec();
    assert_eq!(variants.len(), 7, "every variant of the file is played");
    let variant = &variants[number];
    vary(&mut case, variant["name"].as_str().unwrap());
    let played = played(&app, &case).await;

    let officer = signed_in(&app, "officer").await;
    let path = format!("/api/v1/monitorings/{}/conclusions?limit=1000", played.monitoring_id);
    let conclusions = officer.get(&path).await.expect(200);
    let found = |code: &str| -> Value {
        let items = conclusions["items"].as_array().unwrap();
        items.iter().find(|conclusion| conclusion["code"] == code).unwrap().clone()
    };
    let expect = variant["expect"].as_object().unwrap();
    let names: Vec<&str> = expect
        .get("missing")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|n| n.as_str().unwrap())
        .collect();
    for (code, verdict) in expect.iter().filter(|(key, _)| key.contains('.')) {
        let conclusion = found(code);
        let text = plain(conclusion["text"].as_str().unwrap());
        assert_eq!(conclusion["verdict"], *verdict, "{}: {text}", variant["name"]);
        if variant["name"] == "no school held the interim test" {
            // One criterion is met by nobody, the other three by all: the text is composed.
            assert!(text.contains("абочие программы"), "the clauses of what was done stand in: {text}");
        }
        for name in &names {
            assert!(text.contains(name), "{name} is not named in: {text}");
        }
    }
    let note =
        app.anonymous().get(&format!("/api/v1/public/notes/{}/content?format=md", played.note_id)).await;
    for name in names {
        assert!(plain(&note.text()).replace('\\', "").contains(name));
    }
}
