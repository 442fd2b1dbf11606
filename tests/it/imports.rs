//! Schools from tables and JSON: every form of a file, counters that add up, errors that lead to a cell.

use diesel::prelude::*;
use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::schema::jobs;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::importing::{
    IMPORTS, codes, count_schools, counters, csv, errors, imported, imported_rows, school, schools,
    windows_1251, xlsx,
};

const SCHOOLS: [(&str, &str); 1] = [("kind", "schools")];
const BY_ROW: [(&str, &str); 2] = [("kind", "schools"), ("mode", "row")];

/// A department and its officer.
async fn department(on: Database) -> Option<(TestApp, Client)> {
    let app = TestApp::start(on).await?;
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    Some((app, officer))
}

async fn by_ogrn(by: &Client, number: usize) -> Value {
    by.get(&format!("/api/v1/schools/by-ogrn/{}", codes(number).1)).await.expect(200)
}

#[rstest]
#[actix_web::test]
async fn every_form_of_a_file_gives_the_same_schools(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let rows = schools(1..=3);
    let comma = csv(&rows, b',');
    let job = imported(&app, &officer, &SCHOOLS, "школы.csv", &comma).await;
    assert_eq!(counters(&job), "done 3 0 0 0");
    assert_eq!(
        (&job["applied"], &job["file"]["name"], &job["mode"]),
        (&json!(true), &json!("школы.csv"), &json!("atomic"))
    );
    let first = by_ogrn(&officer, 1).await;
    assert_eq!(
        (&first["legal_form"], &first["school_kind"], &first["education_levels"], &first["phone"]),
        (
            &json!("mbou"),
            &json!("sosh"),
            &json!(["primary", "basic", "secondary"]),
            &json!("+7 48642 2-10-31")
        )
    );
    let workbook = xlsx(&rows);
    let semicolon = csv(&rows, b';');
    for (name, file) in [
        ("школы.csv", semicolon.clone()),
        ("1251.csv", windows_1251(&semicolon)),
        ("bom.CSV", [b"\xEF\xBB\xBF".to_vec(), comma].concat()),
        ("школы.xlsx", workbook),
    ] {
        let job = imported(&app, &officer, &SCHOOLS, name, &file).await;
        assert_eq!(counters(&job), "done 0 0 3 0", "{name}");
    }
    assert_eq!(by_ogrn(&officer, 1).await["version"], 1, "unchanged rows keep their version");
    assert_eq!(count_schools(&officer).await, 3);
}

#[rstest]
#[actix_web::test]
async fn json_rows_are_bodies_of_the_single_operation(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let (inn, ogrn) = codes(1);
    let row = json!({
        "ogrn": ogrn, "inn": inn, "short_name": "МБОУ-Школа № 1", "legal_form": "mbou",
        "school_kind": "oosh", "education_levels": ["primary", "basic"], "phone": "2-10-31"
    });
    let job = imported_rows(&app, &officer, &json!({"kind": "schools", "rows": [row]})).await;
    assert_eq!(counters(&job), "done 1 0 0 0");
    // What a row leaves out stays, null clears.
    let change = json!({"ogrn": ogrn, "phone": null, "address": "пгт Хотынец"});
    let job = imported_rows(&app, &officer, &json!({"kind": "schools", "rows": [change]})).await;
    assert_eq!(counters(&job), "done 0 1 0 0");
    let stored = by_ogrn(&officer, 1).await;
    assert_eq!(
        (&stored["short_name"], &stored["phone"], &stored["address"], &stored["version"]),
        (&json!("МБОУ-Школа № 1"), &Value::Null, &json!("пгт Хотынец"), &json!(2))
    );

    let body = json!({"kind": "schools", "mode": "row", "rows": [
        {"ogrn": ogrn, "inn": "5799000018", "founder": "район"}, 7, {"inn": inn}
    ]});
    let job = imported_rows(&app, &officer, &body).await;
    assert_eq!(counters(&job), "done 0 0 0 3");
    assert_eq!(
        errors(&officer, &job).await,
        [
            "1 founder unknown-member",
            "1 inn check-digit",
            "2 - wrong-type",
            "3 short_name required",
            "3 legal_form required",
            "3 school_kind required",
            "3 education_levels required",
            "3 ogrn required"
        ]
    );
    let refused = officer.post(IMPORTS, &json!({"kind": "schools", "rows": [], "mod": "row"})).await;
    assert_eq!(refused.violations(400), ["/mod unknown-member"]);
    let refused = officer.post(IMPORTS, &json!({"kind": "schools"})).await;
    assert_eq!(refused.violations(422), ["/rows required"]);
    let refused = officer
        .post(IMPORTS, &json!({"kind": "schools", "rows": [], "reason": "так", "academic_year": 2023}))
        .await;
    assert_eq!(refused.violations(422), ["/rows no-rows"]);
    let refused =
        officer.post(IMPORTS, &json!({"kind": "schools", "rows": [{}], "academic_year": 2023})).await;
    assert_eq!(refused.violations(422), ["/academic_year not-allowed"]);
}

#[rstest]
#[actix_web::test]
async fn an_error_leads_to_its_cell_and_a_corrected_copy_goes_in(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let mut rows = schools(1..=4);
    rows[1][1] = "5799000018".to_owned();
    rows[2][3] = "ЗАО".to_owned();
    rows[3][5] = String::new();
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &windows_1251(&csv(&rows, b';'))).await;
    assert_eq!(counters(&job), "done 1 0 0 3");
    assert_eq!((&job["errors_count"], &job["applied"]), (&json!(3), &json!(true)));
    assert_eq!(
        errors(&officer, &job).await,
        ["2 ИНН check-digit", "3 Правовая форма unknown-code", "4 Уровни образования too-few"]
    );
    let path = format!("/api/v1/jobs/{}/errors", job.id());
    let page = officer.get(&format!("{path}?limit=1")).await.expect(200);
    assert_eq!(
        page["items"][0],
        json!({
            "number": 1, "row": 2, "column": "ИНН", "code": "check-digit", "value": "5799000018",
            "message": "ИНН организации: 10 цифр с верной контрольной цифрой"
        })
    );
    let next = officer.get(page["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!(next["items"][0]["value"], "ЗАО");
    let english = officer.request(Method::GET, &path).header("Accept-Language", "en");
    assert!(
        Reply::of(english).await.expect(200)["items"][0]["message"].as_str().unwrap().starts_with("INN of")
    );

    let copy = officer.get(&format!("{path}?format=csv")).await;
    assert_eq!(copy.status, 200);
    assert!(copy.header("content-disposition").unwrap().starts_with("attachment"));
    let text = copy.text();
    assert!(text.contains("Телефон;Ошибки") && text.contains("'+7 48642 2-10-31"), "{text}");
    assert!(text.contains("ИНН: ИНН организации"), "{text}");
    let corrected =
        text.replace("5799000018", &codes(1).0).replace("ЗАО", "МБОУ").replace(";СОШ;;", ";СОШ;СОО;");
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", corrected.as_bytes()).await;
    assert_eq!(counters(&job), "done 3 0 1 0", "{:?}", errors(&officer, &job).await);
    assert_eq!(by_ogrn(&officer, 1).await["phone"], "+7 48642 2-10-31");

    let workbook = officer.get(&format!("{path}?format=xlsx")).await;
    assert_eq!(workbook.status, 200);
    let job = imported(&app, &officer, &BY_ROW, "ошибки.xlsx", &workbook.bytes).await;
    assert_eq!(counters(&job), "done 0 0 1 3");
    assert_eq!(officer.get(&format!("{path}?format=pdf")).await.problem(406), "not-acceptable");
}

#[rstest]
#[actix_web::test]
async fn atomic_stores_all_or_nothing_and_a_rehearsal_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let mut rows = schools(1..=3);
    rows[3][0] = "1".to_owned();
    let file = csv(&rows, b';');
    let job = imported(&app, &officer, &SCHOOLS, "школы.csv", &file).await;
    assert_eq!(counters(&job), "failed 0 0 0 3");
    assert_eq!((&job["failure"]["code"], &job["applied"]), (&json!("rows-rejected"), &json!(false)));
    assert_eq!(errors(&officer, &job).await, ["4 ОГРН check-digit"]);
    assert_eq!(count_schools(&officer).await, 0);

    let rehearsed = imported(
        &app,
        &officer,
        &[("kind", "schools"), ("mode", "row"), ("dry_run", "true")],
        "a.csv",
        &file,
    )
    .await;
    assert_eq!(counters(&rehearsed), "done 2 0 0 1");
    assert_eq!((&rehearsed["dry_run"], &rehearsed["applied"]), (&json!(true), &json!(false)));
    let asked = officer.upload(&format!("{IMPORTS}?dry_run=true"), &BY_ROW, "a.csv", &file).await;
    assert_eq!(asked.expect(200).id(), rehearsed.id(), "the query says the same as the member");
    assert_eq!(count_schools(&officer).await, 0);

    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &file).await;
    assert_eq!(counters(&job), "done 2 0 0 1", "a rehearsal is not the real one");
    assert_eq!(count_schools(&officer).await, 2);
}

#[rstest]
#[actix_web::test]
async fn the_same_file_again_answers_with_the_first_job(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let file = csv(&schools(1..=2), b';');
    let first = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &file).await.expect(202);
    let again = officer.upload(IMPORTS, &SCHOOLS, "ещё раз.csv", &file).await;
    assert_eq!(again.expect(200).id(), first.id());
    assert_eq!(again.header("location"), Some(format!("/api/v1/jobs/{}", first.id())));
    app.run_jobs().await;
    let done = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &file).await.expect(200);
    assert_eq!((done.id(), counters(&done)), (first.id(), "done 2 0 0 0".to_owned()));
    assert_eq!(app.files().len(), 1, "the repeated files are not kept");

    let by_row = officer.upload(IMPORTS, &BY_ROW, "школы.csv", &file).await.expect(202);
    assert_ne!(by_row.id(), first.id(), "another mode is another import");
    let colleague = app.as_officer(&app.given_municipality("Другой район"));
    let other = colleague.upload(IMPORTS, &SCHOOLS, "школы.csv", &file).await.expect(202);
    assert_ne!(other.id(), first.id(), "somebody else's import is his own");
    let yesterday = app.clock.now().naive_utc() - chrono::Duration::hours(25);
    diesel::update(jobs::table).set(jobs::created_at.eq(yesterday)).execute(&mut app.connection()).unwrap();
    let later = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &file).await.expect(202);
    assert_ne!(later.id(), first.id());

    let keyed = |client: &Client| {
        client.form(IMPORTS, &SCHOOLS, "c.csv", &csv(&schools(5..=6), b';')).header("Idempotency-Key", "k1")
    };
    let made = Reply::of(keyed(&officer)).await;
    let replayed = Reply::of(keyed(&officer)).await;
    assert_eq!((made.status, replayed.status), (202, 202));
    assert_eq!(replayed.header("idempotency-replayed").as_deref(), Some("true"));
    assert_eq!(made.json().id(), replayed.json().id());
}

#[rstest]
#[actix_web::test]
async fn who_may_write_a_school_may_import_it_and_nobody_else(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let place = app.given_municipality("Болховский район");
    let elsewhere = app.as_head(&place);
    let (inn, ogrn) = codes(7);
    let ours = app.given_school_with(&place, "МБОУ-Школа № 7", &inn, &ogrn, "[\"primary\"]");
    let file = csv(&schools([7, 8]), b';');
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &file).await;
    assert_eq!(counters(&job), "done 1 0 0 1");
    assert_eq!(errors(&officer, &job).await, ["2 - ogrn-registered-elsewhere"]);
    let path = format!("/api/v1/jobs/{}", job.id());
    assert_eq!(elsewhere.get(&path).await.problem(404), "not-found");
    assert_eq!(elsewhere.get(&format!("{path}/errors?format=csv")).await.problem(404), "not-found");
    assert_eq!(elsewhere.get("/api/v1/jobs").await.expect(200)["items"], json!([]));
    let listed = officer.get("/api/v1/jobs?status=done&kind=schools&count=exact").await.expect(200);
    assert_eq!((&listed["page"]["count"], listed["items"][0].id()), (&json!(1), job.id()));

    let mine = json!({"kind": "schools", "municipality_id": place, "rows": [{"ogrn": ogrn}]});
    assert_eq!(officer.post(IMPORTS, &mine).await.violations(422), ["/municipality_id unknown-reference"]);
    for other in [app.as_region("57"), app.as_admin(), app.as_school_head(&place, &ours)] {
        assert_eq!(other.upload(IMPORTS, &SCHOOLS, "школы.csv", &file).await.problem(403), "forbidden");
        assert_eq!(other.get(&path).await.problem(403), "forbidden");
    }
    assert_eq!(
        app.anonymous().upload(IMPORTS, &SCHOOLS, "школы.csv", &file).await.problem(401),
        "unauthenticated"
    );
}

/// 1 200 rows are three batches: names and codes may repeat over their edges.
#[rstest]
#[actix_web::test]
async fn rows_are_checked_against_each_other_and_the_database(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let mut rows = schools(1..=1_200);
    rows.push(school(3));
    let mut name_taken = school(1_201);
    name_taken[2] = "МБОУ-Школа № 5".to_owned();
    let mut inn_taken = school(1_202);
    inn_taken[1] = codes(600).0;
    rows.extend([name_taken, inn_taken]);
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &csv(&rows, b';')).await;
    assert_eq!(counters(&job), "done 1200 0 0 3");
    assert_eq!(
        errors(&officer, &job).await,
        ["1202 - duplicate-row", "1203 - school-exists", "1204 - school-exists"]
    );
    // Two schools that change their names with each other cannot: one of them is always taken.
    let swapped = json!({"kind": "schools", "rows": [
        {"ogrn": codes(1).1, "short_name": "МБОУ-Школа № 1 новая"},
        {"ogrn": codes(2).1, "short_name": "МБОУ-Школа № 1"},
    ]});
    let job = imported_rows(&app, &officer, &swapped).await;
    assert_eq!(counters(&job), "done 0 2 0 0");
    assert_eq!(by_ogrn(&officer, 2).await["short_name"], "МБОУ-Школа № 1");
}

#[rstest]
#[actix_web::test]
async fn a_closed_school_is_not_brought_back(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    imported(&app, &officer, &SCHOOLS, "школы.csv", &csv(&schools(1..=1), b';')).await;
    let id = by_ogrn(&officer, 1).await.id();
    let closing = json!({"kind": "liquidated", "closed_on": "2023-02-28"});
    officer.act_with(&format!("/api/v1/schools/{id}/close"), 1, &closing).await.expect(200);
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &csv(&schools(1..=1), b',')).await;
    assert_eq!(counters(&job), "done 0 0 0 1");
    assert_eq!(errors(&officer, &job).await, ["2 - school-closed"]);
}

/// A table cannot say of a member that it is not named: its copy has the columns that the rows have.
#[rstest]
#[actix_web::test]
async fn a_copy_of_json_clears_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    imported(&app, &officer, &SCHOOLS, "школы.csv", &csv(&schools(1..=2), b';')).await;
    let row = |number: usize, name: &str| json!({"ogrn": codes(number).1, "short_name": name});
    let rows = json!([row(1, "МБОУ-Первая"), row(2, "")]);
    let job = imported_rows(&app, &officer, &json!({"kind": "schools", "mode": "row", "rows": rows})).await;
    assert_eq!(counters(&job), "done 0 1 0 1");
    let path = format!("/api/v1/jobs/{}/errors?format=csv", job.id());
    let copy = officer.get(&path).await.text();
    let corrected = copy.replace(&format!("{};;", codes(2).1), &format!("{};МБОУ-Вторая;", codes(2).1));
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", corrected.as_bytes()).await;
    assert_eq!(counters(&job), "done 0 1 1 0", "{copy}: {:?}", errors(&officer, &job).await);
    let second = by_ogrn(&officer, 2).await;
    assert_eq!(
        (&second["short_name"], &second["phone"]),
        (&json!("МБОУ-Вторая"), &json!("+7 48642 2-10-31"))
    );

    let differing = json!([row(1, ""), {"ogrn": codes(2).1, "phone": null}]);
    let job =
        imported_rows(&app, &officer, &json!({"kind": "schools", "mode": "row", "rows": differing})).await;
    let path = format!("/api/v1/jobs/{}/errors?format=csv", job.id());
    assert_eq!(officer.get(&path).await.problem(406), "not-acceptable");
    assert_eq!(errors(&officer, &job).await.len(), 1, "the list of errors is there");
}

/// The last cells of a row: a workbook does not store empty ones, a text that lacks them may be cut off.
#[rstest]
#[actix_web::test]
async fn empty_cells_at_the_end_clear_and_missing_ones_are_told(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let mut rows = schools(1..=2);
    imported(&app, &officer, &SCHOOLS, "школы.csv", &csv(&rows, b';')).await;
    rows[1][6] = String::new();
    let job = imported(&app, &officer, &SCHOOLS, "школы.xlsx", &xlsx(&rows)).await;
    assert_eq!(counters(&job), "done 0 1 1 0");
    assert_eq!(by_ogrn(&officer, 1).await["phone"], Value::Null);
    rows[2].truncate(6);
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &csv(&rows, b';')).await;
    assert_eq!(counters(&job), "done 0 0 1 1");
    assert_eq!(errors(&officer, &job).await, ["3 Телефон short-row"]);
    // The copy has room for what is missing: imported as it is, it must not clear it.
    let copy = officer.get(&format!("/api/v1/jobs/{}/errors?format=csv", job.id())).await;
    let job = imported(&app, &officer, &BY_ROW, "ошибки.csv", &copy.bytes).await;
    assert_eq!(counters(&job), "done 0 0 1 1", "{}", copy.text());
    assert!(copy.text().contains(&codes(2).1), "it names the row");
    assert_eq!(by_ogrn(&officer, 2).await["phone"], "+7 48642 2-10-31");
}
