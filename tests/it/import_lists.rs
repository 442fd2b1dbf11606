//! Support lists from tables: replaced as a whole, never shrunk by accident, one per municipality of a region.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::orders;
use school_roadmap::features::imports::{OperatorImport, import_by_operator};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::Resource;
use crate::importing::{IMPORTS, codes, counters, errors, imported, imported_rows};
use crate::support_lists::District;

const LISTS: &str = "/api/v1/support-lists";
const OGRNS: [&str; 4] = ["1025799000017", "1025799000028", "1025799000039", "1025799000040"];

fn table(rows: &[&str]) -> Vec<u8> {
    let heading = "ОГРН;Процедура;Предмет;Класс;Год;Участников;Ниже минимального порога";
    format!("{heading}\n{}\n", rows.join("\n")).into_bytes()
}

async fn entries(district: &District, list: &str) -> Value {
    district.officer.get(&format!("{LISTS}/{list}/entries?sort=school_id")).await.expect(200)["items"].clone()
}

#[rstest]
#[actix_web::test]
async fn a_draft_is_made_filled_and_replaced(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let fields = [
        ("kind", "support_list"),
        ("level", "regional"),
        ("category", "low_results"),
        ("results_year", "2022"),
        ("order_id", order.as_str()),
    ];
    let file = table(&[
        &format!("{};ВПР;математика;5;2022;12;5", OGRNS[0]),
        &format!("{};ВПР;русский язык;5;2022;12;4", OGRNS[0]),
        &format!("{};;;;;;", OGRNS[1]),
        &format!("{};ОГЭ;математика;9;2022;9;3", OGRNS[2]),
    ]);
    let job = imported(&app, &district.officer, &fields, "перечень.csv", &file).await;
    assert_eq!(counters(&job), "done 4 0 0 0");
    let list = job["results"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(job["results"], json!([{"resource": "support-lists", "id": list}]));
    let draft = district.officer.get(&format!("{LISTS}/{list}")).await.expect(200);
    assert_eq!((&draft["status"], &draft["schools_total"]), (&json!("draft"), &json!(3)));
    let stored = entries(&district, &list).await;
    assert_eq!(stored[0]["reasons"].as_array().unwrap().len(), 2);

    // The same list again by what it says of itself: found, and nothing in it changes.
    let unchanged = table(&[
        &format!("{};;;;;;", OGRNS[1]),
        &format!("{};ОГЭ;математика;9;2022;9;3", OGRNS[2]),
        &format!("{};ВПР;математика;5;2022;12;5", OGRNS[0]),
        &format!("{};ВПР;русский язык;5;2022;12;4", OGRNS[0]),
    ]);
    let job = imported(&app, &district.officer, &fields, "снова.csv", &unchanged).await;
    assert_eq!(counters(&job), "done 0 0 4 0");
    assert_eq!((&job["results"][0]["id"], &job["removed"]), (&json!(list), &json!(0)));

    // A file that holds one school of three is refused until somebody says why.
    let by_id = |force: bool| {
        let mut body = json!({"kind": "support_list", "support_list_id": list, "rows": [{"ogrn": OGRNS[3]}, {"ogrn": OGRNS[0]}]});
        if force {
            body["force"] = json!(true);
            body["reason"] = json!("Перечень утверждён заново приказом № 600");
        }
        body
    };
    let refused = district.officer.post(IMPORTS, &by_id(false)).await;
    assert_eq!(refused.problem(409), "import-shrinks");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("сейчас: 3; будет удалено: 2, изменено: 0"), "{detail}");
    assert_eq!(entries(&district, &list).await, stored, "nothing was changed");
    let job = imported_rows(&app, &district.officer, &by_id(true)).await;
    assert_eq!((counters(&job).as_str(), &job["removed"]), ("done 1 0 1 0", &json!(2)));
    let stored = entries(&district, &list).await;
    let reasons: Vec<usize> =
        stored.as_array().unwrap().iter().map(|entry| entry["reasons"].as_array().unwrap().len()).collect();
    assert_eq!(reasons, [2, 0], "reasons that a row does not give stay");
    let forced = json!({"kind": "support_list", "support_list_id": list, "force": true, "rows": [{}]});
    assert_eq!(district.officer.post(IMPORTS, &forced).await.violations(422), ["/reason required"]);
}

/// The guard looks again when the job runs: what was right when it was asked may empty the list by then.
#[rstest]
#[actix_web::test]
async fn a_list_that_has_grown_meanwhile_does_not_shrink(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let draft = district.draft(&order, &[]).await;
    let body = json!({"kind": "support_list", "support_list_id": draft.id(), "rows": [{"ogrn": OGRNS[0]}]});
    let job = district.officer.post(IMPORTS, &body).await.expect(202);
    let path = format!("{LISTS}/{}/entries", draft.id());
    district.officer.post(&path, &json!({"school_id": district.schools[1]})).await.expect(201);
    app.run_jobs().await;
    let job = district.officer.get(&format!("/api/v1/jobs/{}", job.id())).await.expect(200);
    assert_eq!(
        (counters(&job).as_str(), &job["failure"]["code"]),
        ("failed 0 0 0 1", &json!("import-shrinks"))
    );
    let stored = entries(&district, &draft.id()).await;
    assert_eq!((stored.as_array().unwrap().len(), &stored[0]["school_id"]), (1, &json!(district.schools[1])));
}

#[rstest]
#[actix_web::test]
async fn a_rejected_row_removes_nothing_and_a_list_in_force_takes_no_file(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let draft = district.draft(&order, &[0, 1]).await;
    let foreign = app.given_municipality("Другой район");
    let (inn, ogrn) = codes(9);
    app.given_school_with(&foreign, "Чужая школа", &inn, &ogrn, "[\"basic\"]");
    let body = json!({"kind": "support_list", "mode": "row", "support_list_id": draft.id(), "rows": [
        {"ogrn": OGRNS[0]},
        {"ogrn": OGRNS[2], "reasons": [{"assessment": "vpr", "subject": "физика", "grade": 12, "year": 2022, "participants": 5, "below_minimum": 1}]},
        {"ogrn": ogrn},
        {"ogrn": OGRNS[3], "school_id": district.schools[3], "order_id": order},
    ]});
    let job = imported_rows(&app, &district.officer, &body).await;
    assert_eq!((counters(&job).as_str(), &job["removed"]), ("done 0 0 1 3", &json!(0)));
    assert_eq!(
        errors(&district.officer, &job).await,
        ["2 reasons/0/grade too-big", "3 ogrn unknown-reference", "4 order_id unknown-reference"]
            .map(|text| text.replace("order_id unknown-reference", "order_id list-is-draft"))
    );
    assert_eq!(entries(&district, &draft.id()).await.as_array().unwrap().len(), 2);

    district.head.act(&format!("{LISTS}/{}/approve", draft.id()), 1).await.expect(200);
    let again = json!({"kind": "support_list", "support_list_id": draft.id(), "rows": [{"ogrn": OGRNS[0]}]});
    assert_eq!(district.officer.post(IMPORTS, &again).await.problem(409), "support-list-state");
    let other = app.as_officer(&foreign);
    assert_eq!(other.post(IMPORTS, &body).await.violations(422), ["/support_list_id unknown-reference"]);
    let unknown = json!({
        "kind": "support_list", "level": "regional", "category": "low_results", "results_year": 2022,
        "order_id": "0192f0c1-0000-7000-8000-000000000000", "rows": [{"ogrn": OGRNS[0]}]
    });
    assert_eq!(
        district.officer.post(IMPORTS, &unknown).await.violations(422),
        ["/order_id unknown-reference"]
    );
    let lists = district.officer.get(&format!("{LISTS}?count=exact")).await.expect(200);
    assert_eq!(lists["page"]["count"], 1, "a refused request makes no list");
}

/// One file of a region becomes one draft list per municipality.
#[rstest]
#[actix_web::test]
async fn a_region_gets_one_list_per_municipality(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let places = ["Хотынецкий район", "Болховский район"].map(|name| app.given_municipality(name));
    for (n, ogrn) in OGRNS.iter().enumerate() {
        let school = app.given_school(&places[n % 2], &format!("Школа № {n}"), n);
        assert!(!school.to_string().is_empty() && ogrn.len() == 13);
    }
    let order = app
        .as_officer(&places[0])
        .post(
            "/api/v1/orders",
            &json!({
                "issuer": "Департамент образования", "issuer_level": "regional", "number": "513",
                "date": "2023-03-30", "title": "О перечне школ", "kind": "list"
            }),
        )
        .await
        .expect(201)
        .id();
    diesel::update(orders::table.find(&order))
        .set((orders::municipality_id.eq(None::<String>), orders::region_code.eq("57")))
        .execute(&mut app.connection())
        .unwrap();
    let wanted = OperatorImport {
        name: "перечень.csv".to_owned(),
        kind: "support_list".to_owned(),
        mode: "row".to_owned(),
        region_code: Some("57".to_owned()),
        level: Some("regional".to_owned()),
        category: Some("low_results".to_owned()),
        results_year: Some(2022),
        order_id: Some(order),
        ..OperatorImport::default()
    };
    let file = table(&OGRNS.map(|ogrn| format!("{ogrn};;;;;;")).each_ref().map(String::as_str));
    let report = import_by_operator(&app.db, &app.store, &app.clock, wanted, file, &|_, _| ()).await.unwrap();
    assert!(report.is_clean, "{}", report.summary);
    assert!(report.summary.starts_with("4 rows: 4 created, 0 updated"), "{}", report.summary);
    for place in &places {
        let lists = app.as_officer(place).get(LISTS).await.expect(200);
        let found = lists["items"].as_array().unwrap();
        assert_eq!(
            (found.len(), &found[0]["schools_total"], &found[0]["status"]),
            (1, &json!(2), &json!("draft"))
        );
    }
}
