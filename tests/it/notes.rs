//! Notes, their conclusions and recommendations: drafted, signed, replaced, verified.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::notes;
use school_roadmap::kit::id::{MunicipalityId, SchoolId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};

/// A monitoring of one school, analysed without any report.
struct Campaign {
    municipality: MunicipalityId,
    school: SchoolId,
    officer: Client,
    head: Client,
    monitoring: String,
    missing: Vec<Value>,
}

async fn order(officer: &Client, head: &Client, number: &str, kind: &str) -> String {
    let body = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-03-01", "title": format!("Приказ {number}"), "kind": kind
    });
    let draft = officer.post("/api/v1/orders", &body).await.expect(201);
    head.act(&format!("/api/v1/orders/{}/register", draft.id()), 1).await.expect(200);
    draft.id()
}

async fn step(client: &Client, path: &str, name: &str) -> Value {
    let version = client.get(path).await.expect(200).version();
    client.act(&format!("{path}/{name}"), version).await.expect(200)
}

impl Campaign {
    async fn analysed(app: &TestApp) -> Self {
        let municipality = app.given_municipality("Хотынецкий район");
        let school = app.given_school(&municipality, "МБОУ-Юрьевская СОШ", 0);
        let (officer, head) = (app.as_officer(&municipality), app.as_head(&municipality));
        let list = json!({
            "level": "regional", "category": "low_results", "results_year": 2022,
            "order_id": order(&officer, &head, "1", "list").await
        });
        let list = officer.post("/api/v1/support-lists", &list).await.expect(201).id();
        let path = format!("/api/v1/support-lists/{list}");
        officer.post(&format!("{path}/entries"), &json!({"school_id": school})).await.expect(201);
        step(&head, &path, "approve").await;

        let map = json!({
            "title": "План мероприятий", "period_start": "2023-01-01", "period_end": "2023-12-31",
            "order_id": order(&officer, &head, "2", "road_map").await
        });
        let map = officer.post("/api/v1/road-maps", &map).await.expect(201).id();
        let path = format!("/api/v1/road-maps/{map}");
        let measure = json!({
            "code": "S3.1", "section": "Школьный уровень", "level": "school", "title": "Наставники",
            "deadline": {"kind": "date", "text": "до 14.04", "due_date": "2023-04-14"},
            "responsible": ["директор"], "criteria": ["mentors_novice"]
        });
        let version = officer.get(&path).await.expect(200).version();
        officer.act_with(&format!("{path}/measures"), version, &measure).await.expect(201);
        step(&head, &path, "approve").await;

        let monitoring = json!({
            "road_map_id": map, "order_id": order(&officer, &head, "3", "monitoring").await,
            "support_list_ids": [list], "period_start": "2023-01-01", "period_end": "2023-12-31",
            "report_deadline": "2023-12-22"
        });
        let monitoring = officer.post("/api/v1/monitorings", &monitoring).await.expect(201).id();
        let path = format!("/api/v1/monitorings/{monitoring}");
        let early = officer.get(&format!("{path}/conclusions")).await;
        assert_eq!(early.problem(409), "monitoring-state");
        for name in ["open", "close-collection", "analyse"] {
            step(&officer, &path, name).await;
        }
        let reports = officer.get(&format!("/api/v1/reports?monitoring_id={monitoring}")).await.expect(200);
        let missing = |report: &Value| json!({"report_id": report.id(), "reason": "Отчёт не представлен"});
        let missing = reports["items"].as_array().unwrap().iter().map(missing).collect();
        Self { municipality, school, officer, head, monitoring, missing }
    }

    async fn note(&self, body: &Value) -> Reply {
        self.officer.post(&format!("/api/v1/monitorings/{}/note", self.monitoring), body).await
    }

    fn body(&self) -> Value {
        json!({
            "title": "об исполнении плана мероприятий", "date": "2023-03-01",
            "signer_position": "Начальник отдела образования", "signer_name": "И. И. Иванова",
            "missing_reports": self.missing
        })
    }
}

#[rstest]
#[actix_web::test]
async fn a_note_is_signed_once_everything_is_said(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let campaign = Campaign::analysed(&app).await;
    let (officer, head) = (&campaign.officer, &campaign.head);
    let mut body = campaign.body();
    body["missing_reports"] = json!([]);
    body["date"] = json!("2023-02-28");
    let draft = campaign.note(&body).await.expect(201);
    assert_eq!(draft["place"], "пгт Хотынец");
    assert_eq!(campaign.note(&body).await.problem(409), "note-exists");
    let path = format!("/api/v1/notes/{}", draft.id());
    let page = officer.get(&format!("{path}/content?format=html")).await;
    assert!(page.text().contains("ПРОЕКТ"));

    step(officer, &path, "submit").await;
    assert_eq!(officer.act(&format!("{path}/sign"), 2).await.problem(403), "forbidden");
    let refused = head.act(&format!("{path}/sign"), 2).await;
    assert_eq!(refused.problem(409), "note-not-ready");
    assert_eq!(refused.json()["blocked_by"], json!(["report-not-accepted"]));
    head.act_with(&format!("{path}/return"), 2, &json!({"reason": "Назовите отчёты"})).await.expect(200);
    officer.patch(&path, 3, &json!({"missing_reports": campaign.missing})).await.expect(200);
    step(officer, &path, "submit").await;
    assert_eq!(head.act(&format!("{path}/sign"), 5).await.violations(422), ["/date range"]);
}

#[rstest]
#[actix_web::test]
async fn a_signature_freezes_conclusions_and_issues_recommendations(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let campaign = Campaign::analysed(&app).await;
    let (officer, head) = (&campaign.officer, &campaign.head);
    let conclusion = format!("/api/v1/monitorings/{}/conclusions/2.3", campaign.monitoring);
    let live = officer.get(&conclusion).await.expect(200);
    assert_eq!((live["verdict"].as_str(), live.version()), (Some("no_data"), 1));
    assert_eq!(live["explanation"]["schools_without_report"][0]["short_name"], "МБОУ-Юрьевская СОШ");
    let edited = officer.patch(&conclusion, 1, &json!({"edited_text": "Сведений нет."})).await.expect(200);
    assert_eq!((edited["text"].as_str(), edited.version()), (Some("Сведений нет."), 2));
    let region = app.as_region("57");
    assert_eq!(region.get(&conclusion).await.problem(404), "not-found");

    let advice = json!({
        "monitoring_id": campaign.monitoring, "code": "1", "position": 1, "addressee": "list_schools",
        "text": "Усилить контроль успеваемости.", "due_date": "2023-04-01"
    });
    let advice = officer.post("/api/v1/recommendations", &advice).await.expect(201).id();
    let advice = format!("/api/v1/recommendations/{advice}");
    let refused = officer.act(&format!("{advice}/issue"), 1).await;
    assert_eq!(refused.json()["blocked_by"], json!(["issued-by-note"]));

    let note = campaign.note(&campaign.body()).await.expect(201);
    let path = format!("/api/v1/notes/{}", note.id());
    step(officer, &path, "submit").await;
    let signed = step(head, &path, "sign").await;
    let hash = signed["hash"].as_str().unwrap().to_owned();
    assert_eq!(hash.len(), 64);
    let verified = app.anonymous().get(&format!("/api/v1/verify/{hash}")).await.expect(200);
    assert_eq!((&verified["status"], &verified["number"]), (&json!("signed"), &Value::Null));
    assert_eq!(region.get(&conclusion).await.expect(200)["text"], "Сведений нет.");
    let late = officer.patch(&conclusion, 3, &json!({"edited_text": null})).await;
    assert_eq!(late.problem(409), "monitoring-frozen");

    let director = app.as_school_head(&campaign.municipality, &campaign.school);
    let own = director.get(&advice).await.expect(200);
    assert_eq!((&own["status"], &own["addressees"][0]["status"]), (&json!("issued"), &json!("issued")));
    let part = format!("{advice}/schools/{}", campaign.school);
    assert_eq!(director.act(&format!("{part}/start"), 1).await.problem(409), "recommendation-state");
    director.act(&format!("{part}/acknowledge"), 1).await.expect(200);
    director.act(&format!("{part}/start"), 2).await.expect(200);
    director.act_with(&format!("{part}/complete"), 3, &json!({"comment": "Сделано"})).await.expect(200);
    let reopened = officer.act_with(&format!("{part}/reopen"), 4, &json!({"reason": "Нет"})).await;
    assert_eq!(reopened.expect(200)["status"], "in_progress");
    app.set_date("2023-04-02");
    let director = app.as_school_head(&campaign.municipality, &campaign.school);
    for (filter, found) in [("overdue=true", 1), ("overdue=false", 0), ("q=контроль", 1)] {
        let page = director.get(&format!("/api/v1/recommendations?{filter}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{filter}");
    }
}

#[rstest]
#[actix_web::test]
async fn a_published_note_is_read_by_all_until_another_takes_its_place(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let campaign = Campaign::analysed(&app).await;
    let (officer, head, anyone) = (&campaign.officer, &campaign.head, app.anonymous());
    let note = campaign.note(&campaign.body()).await.expect(201);
    let path = format!("/api/v1/notes/{}", note.id());
    step(officer, &path, "submit").await;
    let signed = step(head, &path, "sign").await;
    let registration = json!({"number": "214", "date": "2023-03-01"});
    head.act_with(&format!("{path}/register"), signed.version(), &registration).await.expect(200);
    let public = format!("/api/v1/public/notes/{}", note.id());
    assert_eq!(anyone.get(&public).await.problem(404), "not-found");
    step(head, &path, "publish").await;

    let issuer = json!(["Хотынецкий район", "Отдел образования"]);
    let verify = format!("/api/v1/verify/{}", signed["hash"].as_str().unwrap());
    for as_signed_by_the_program_before in [false, true] {
        if as_signed_by_the_program_before {
            let nothing =
                (notes::signed_municipality.eq(None::<String>), notes::signed_authority.eq(None::<String>));
            diesel::update(notes::table).set(nothing).execute(&mut app.connection()).unwrap();
        }
        let note = anyone.get(&public).await.expect(200);
        assert_eq!(
            (&note["number"], json!([note["municipality"], note["authority"]])),
            (&json!("214"), issuer.clone())
        );
        let listed = anyone.get("/api/v1/public/notes?year=2023").await.expect(200);
        let items = listed["items"].as_array().unwrap();
        assert_eq!(
            (items.len(), json!([items[0]["municipality"], items[0]["authority"]])),
            (1, issuer.clone())
        );
        assert_eq!(anyone.get(&verify).await.expect(200)["authority"], issuer[1]);
    }
    let page = anyone.get(&format!("{public}/content?format=html")).await;
    assert_eq!(page.header("content-type").as_deref(), Some("text/html; charset=utf-8"));
    assert!(page.text().contains("/api/v1/verify/") && !page.text().contains("ПРОЕКТ"));
    let file = anyone.get(&format!("{public}/content?format=docx")).await;
    assert!(file.header("content-disposition").unwrap().contains("filename*=UTF-8''"));
    assert_eq!(anyone.get(&format!("{public}/content?format=pdf")).await.problem(406), "not-acceptable");

    let monitoring = format!("/api/v1/monitorings/{}", campaign.monitoring);
    step(officer, &monitoring, "complete").await;
    let version = head.get(&path).await.expect(200).version();
    let draft = head.act(&format!("{path}/replace"), version).await.expect(201);
    let thawed = officer.get(&monitoring).await.expect(200);
    let early = officer.act(&format!("{monitoring}/complete"), thawed.version()).await;
    assert_eq!(early.problem(409), "monitoring-not-ready");
    assert_eq!(early.json()["blocked_by"], json!(["note-not-registered"]), "the new one comes first");
    assert_eq!(head.act(&format!("{path}/replace"), version).await.problem(409), "note-exists");
    assert_eq!(anyone.get(&public).await.status, 200);
    let change = json!({"date": "2023-03-01", "missing_reports": campaign.missing, "preamble": "Уточнено."});
    let next = format!("/api/v1/notes/{}", draft.id());
    officer.patch(&next, 1, &change).await.expect(200);
    step(officer, &next, "submit").await;
    step(head, &next, "sign").await;
    let registration = json!({"number": null, "date": "2023-03-01"});
    head.act_with(&format!("{next}/register"), 4, &registration).await.expect(200);
    assert_eq!(head.get(&path).await.expect(200)["status"], "replaced");
    let hash = signed["hash"].as_str().unwrap();
    let verified = anyone.get(&format!("/api/v1/verify/{hash}")).await.expect(200);
    assert_eq!(verified["replaced_by"]["date"], "2023-03-01");
    assert_eq!(step(officer, &monitoring, "complete").await["status"], "completed");
}
