//! What each person has to do: it follows from states, goes with them, and costs the same
//! number of queries however many schools there are.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, Once};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use rstest::rstest;
use school_roadmap::db::DatabaseUrl;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::{Campaign, DEADLINE, done, registered_order};
use crate::client::{Client, Resource};

const LIST: &str = "/api/v1/me/obligations";

pub async fn obligations(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("{LIST}?limit=1000&{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Each as `kind due_date`, in their order.
pub async fn told(client: &Client) -> Vec<String> {
    let show = |one: &Value| {
        format!("{} {}", one["kind"].as_str().unwrap(), one["due_date"].as_str().unwrap_or("-"))
    };
    obligations(client, "").await.iter().map(show).collect()
}

/// The same people at another time: a token lasts some minutes.
pub fn go_to(story: &mut Campaign, instant: &str) {
    story.app.set_time(instant);
    story.head = story.app.as_head(&story.municipality);
    story.officer = story.app.as_officer(&story.municipality);
    story.principal = story.app.as_school_head(&story.municipality, &story.schools[0]);
}

pub fn measure(code: &str, level: &str, deadline: &Value) -> Value {
    json!({
        "code": code, "section": "Основной раздел", "level": level, "title": format!("Мероприятие {code}"),
        "deadline": deadline, "responsible": ["директор"]
    })
}

fn recurring(recurrence: &str) -> Value {
    json!({
        "kind": "recurring", "text": "регулярно", "start_date": "2023-03-01", "end_date": "2023-06-30",
        "recurrence": recurrence
    })
}

pub fn by(day: &str) -> Value {
    json!({"kind": "date", "text": "в срок", "due_date": day})
}

/// Another municipal road map in force, with these measures.
pub async fn approved_map(story: &Campaign, measures: &Value) -> String {
    let body = json!({
        "title": "Ещё одна дорожная карта", "period_start": "2023-01-01", "period_end": "2023-12-31",
        "order_id": story.order
    });
    let map = story.officer.post("/api/v1/road-maps", &body).await.expect(201);
    let path = format!("/api/v1/road-maps/{}", map.id());
    story.officer.post(&format!("{path}/measures"), measures).await.expect(201);
    let version = story.officer.get(&path).await.expect(200).version();
    story.head.act_with(&format!("{path}/approve"), version, &json!({})).await.expect(200);
    map.id()
}

#[rstest]
#[actix_web::test]
async fn a_school_is_told_what_is_due_by_the_moscow_calendar(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let operator = story.app.as_operator(&story.municipality, &story.schools[0]);
    assert_eq!(
        told(&story.principal).await,
        ["fill_item 2023-02-15", "fill_item 2023-12-22", "submit_report 2023-12-22"]
    );
    assert_eq!(told(&operator).await, ["fill_item 2023-02-15", "fill_item 2023-12-22"], "he does not submit");
    let all = obligations(&story.principal, "").await;
    let item = story.item(&story.principal, &report, "S1").await;
    assert_eq!(
        (&all[0]["overdue_days"], &all[0]["due_in_days"], &all[0]["status"], &all[0]["subject"]["href"]),
        (&json!(14), &Value::Null, &json!("overdue"), &json!(item))
    );
    assert_eq!(all[2]["subject"]["href"], json!(report));
    assert_eq!(all[2]["kind_label"], "представить отчёт");

    for (instant, left, late) in [
        ("2023-12-20T21:00:00Z", json!(1), 0),
        ("2023-12-22T20:59:59Z", json!(0), 0),
        ("2023-12-22T21:00:00Z", Value::Null, 1),
    ] {
        go_to(&mut story, instant);
        let submit = &obligations(&story.principal, "kind=submit_report").await[0];
        assert_eq!((&submit["due_in_days"], &submit["overdue_days"]), (&left, &json!(late)), "{instant}");
    }
    go_to(&mut story, "2023-03-01T09:00:00Z");
    let extension = json!({
        "school_ids": [story.schools[0]], "until": "2023-12-27", "reason": "Карантин", "order_id": story.order
    });
    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    let path = format!("{}/deadline-extensions", story.monitoring);
    story.officer.act_with(&path, version, &extension).await.expect(200);
    let extended = &obligations(&story.principal, "kind=submit_report").await[0];
    assert_eq!(extended["due_date"], "2023-12-27", "an extension moves the deadline");

    story.fill(&report).await;
    assert_eq!(told(&story.principal).await, ["fill_item 2023-12-27", "submit_report 2023-12-27"]);
    story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!(told(&story.principal).await, Vec::<String>::new());
}

#[rstest]
#[actix_web::test]
async fn the_list_is_narrowed_and_paged_like_any_other(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let ask = |query: &'static str| obligations(&story.principal, query);
    assert_eq!(ask("kind=submit_report,answer_remark").await.len(), 1);
    assert_eq!(ask("overdue=true").await.len(), 1);
    assert_eq!(ask("overdue=false").await.len(), 2);
    assert_eq!(ask("due_date[lte]=2023-02-15").await.len(), 1);
    assert_eq!(ask("due_date[gt]=2023-02-15").await.len(), 2);
    assert_eq!(ask("due_date=2023-12-22&sort=-due_date").await.len(), 2);

    let first = story.principal.get(&format!("{LIST}?limit=2&count=exact")).await;
    let page = first.expect(200);
    assert_eq!((&page["page"]["has_more"], &page["page"]["count"]), (&json!(true), &json!(3)));
    let rest = story.principal.get(page["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["items"][0]["kind"], "submit_report");
    let id = rest["items"][0]["id"].as_str().unwrap();
    assert_eq!(obligations(&story.principal, &format!("id={id}&fields=id")).await, [json!({"id": id})]);
    let tag = first.header("etag").unwrap();
    let again = story.principal.request(reqwest::Method::GET, &format!("{LIST}?limit=2&count=exact"));
    let again = crate::client::Reply::of(again.header("If-None-Match", tag)).await;
    assert_eq!(again.status, 304);
    assert_eq!(story.principal.get(&format!("{LIST}?kind=sleep")).await.status, 400);
    assert_eq!(story.principal.get(&format!("{LIST}?due=2023-12-22")).await.status, 400);
    assert_eq!(story.app.anonymous().get(LIST).await.problem(401), "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn review_and_remarks_pass_from_one_side_to_the_other(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let stranger = story.app.as_curator(&story.municipality, &[&story.schools[1]]);
    let other = story.app.as_head(&story.app.given_municipality("Другой район"));
    let kinds = async |client: &Client| -> Vec<String> {
        let found = obligations(
            client,
            "kind=review_report,comment_report,answer_remark,await_answer,resolve_remark",
        )
        .await;
        found.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!((kinds(&curator).await, kinds(&story.officer).await), (none.clone(), none.clone()));

    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!(kinds(&curator).await, ["comment_report"]);
    assert_eq!(kinds(&story.officer).await, ["review_report"]);
    let review = &obligations(&story.officer, "kind=review_report").await[0];
    assert_eq!((&review["subject"]["title"], &review["due_date"]), (&json!("Школа № 1"), &Value::Null));

    let note = json!({"pointer": "", "text": "Добавьте вывод"});
    let remark = curator.post(&format!("{report}/remarks"), &note).await.expect(201);
    assert_eq!(kinds(&curator).await, ["await_answer", "comment_report"]);
    let answer = &obligations(&story.principal, "kind=answer_remark").await[0];
    assert_eq!((&answer["due_date"], &answer["subject"]["title"]), (&Value::Null, &json!("Добавьте вывод")));
    story.act(&story.officer, &report, "return").await.expect(200);
    assert_eq!(kinds(&curator).await, ["await_answer"], "a returned report is the school's again");
    assert_eq!(kinds(&story.officer).await, none);
    let returned = obligations(&story.principal, "kind=answer_remark,submit_report").await;
    assert_eq!((&returned[0]["due_date"], &returned[1]["due_date"]), (&json!(DEADLINE), &json!(DEADLINE)));

    let path = format!("/api/v1/remarks/{}/answer", remark.id());
    story.principal.act_with(&path, 1, &json!({"answer": "Вывод добавлен"})).await.expect(200);
    assert_eq!(kinds(&story.principal).await, none);
    assert_eq!(kinds(&curator).await, ["resolve_remark"]);
    assert_eq!(kinds(&story.officer).await, ["resolve_remark"]);
    let look = &obligations(&story.officer, "kind=resolve_remark").await[0];
    assert_eq!(look["subject"]["title"], "Школа № 1: Добавьте вывод");
    story.officer.act(&format!("/api/v1/remarks/{}/resolve", remark.id()), 2).await.expect(200);
    story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!(
        (kinds(&curator).await, kinds(&story.officer).await),
        (vec!["comment_report".into()], vec!["review_report".into()])
    );
    story.act(&story.officer, &report, "accept").await.expect(200);
    for client in [&curator, &story.officer, &stranger, &other] {
        assert_eq!(kinds(client).await, none);
    }
}

#[rstest]
#[actix_web::test]
async fn a_recurring_measure_comes_round_by_the_school_calendar(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::planned(on).await else {
        return;
    };
    let measures = json!([
        measure("R1", "school", &recurring("academic_quarter")),
        measure("R2", "school", &recurring("on_demand")),
        measure("R3", "school", &by("2023-03-31")),
        measure("R4", "municipal", &recurring("quarterly")),
    ]);
    approved_map(&story, &measures).await;
    let overdue = "carry_out_measure 2023-02-15";
    assert_eq!(
        told(&story.principal).await,
        [overdue, "occurrence 2023-03-22", "carry_out_measure 2023-03-31", "occurrence 2023-05-24"]
    );
    let rounds = obligations(&story.principal, "kind=occurrence").await;
    let states: Vec<&Value> = rounds.iter().map(|one| &one["status"]).collect();
    assert_eq!(states, ["current", "upcoming"]);
    assert_eq!(rounds[0]["start_date"], "2023-03-01", "the term began before the measure");
    let municipal = obligations(&story.officer, "kind=occurrence").await;
    let days: Vec<&Value> = municipal.iter().map(|one| &one["due_date"]).collect();
    assert_eq!(days, ["2023-03-31", "2023-06-30"]);

    let terms = json!({"term_kind": "trimester", "terms": [
        {"start_date": "2022-09-01", "end_date": "2022-11-18"}, {"start_date": "2022-11-28", "end_date": "2023-02-22"},
        {"start_date": "2023-03-06", "end_date": "2023-05-31"}
    ]});
    let calendar = format!("/api/v1/municipalities/{}/school-calendars/2022", story.municipality);
    story.officer.put(&calendar, 0, &terms).await.expect(201);
    let rounds = obligations(&story.principal, "kind=occurrence").await;
    assert_eq!((rounds.len(), &rounds[0]["due_date"]), (1, &json!("2023-05-31")));

    go_to(&mut story, "2023-04-01T09:00:00Z");
    let unaccounted = [overdue, "carry_out_measure 2023-03-31"];
    assert_eq!(told(&story.principal).await, [unaccounted[0], unaccounted[1], "occurrence 2023-05-31"]);
    go_to(&mut story, "2023-06-01T09:00:00Z");
    assert_eq!(told(&story.principal).await, unaccounted, "a recurring measure is never late");
}

#[rstest]
#[actix_web::test]
async fn a_measure_that_is_reported_for_good_is_asked_for_no_more(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::planned(on).await else {
        return;
    };
    let outside = story.app.given_school(&story.municipality, "Школа № 3", 2);
    let outsider = story.app.as_school_head(&story.municipality, &outside);
    let map = approved_map(&story, &json!([measure("S9", "school", &by("2023-09-15"))])).await;
    let overdue = "carry_out_measure 2023-02-15";
    assert_eq!(told(&story.principal).await, [overdue, "carry_out_measure 2023-09-15"]);
    assert_eq!(told(&outsider).await, Vec::<String>::new(), "it stands in no list");

    let lists = story.officer.get("/api/v1/support-lists").await.expect(200);
    let plan = json!({
        "road_map_id": map, "order_id": story.order, "support_list_ids": [lists["items"][0].id()],
        "period_start": "2023-01-01", "period_end": "2023-12-31", "report_deadline": "2023-10-20"
    });
    let planned = story.officer.post("/api/v1/monitorings", &plan).await.expect(201);
    story.monitoring = format!("/api/v1/monitorings/{}", planned.id());
    story.step("open").await;
    assert_eq!(
        told(&story.principal).await,
        [overdue, "fill_item 2023-09-15", "submit_report 2023-10-20"],
        "the report asks in place of the road map"
    );
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S9").await;
    story.principal.put(&item, 1, &done()).await.expect(200);
    assert_eq!(told(&story.principal).await, [overdue, "submit_report 2023-10-20"]);
}

#[rstest]
#[actix_web::test]
async fn a_campaign_asks_for_its_next_step(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::planned(on).await else {
        return;
    };
    let (overdue, opening) =
        ("carry_out_measure 2023-02-28".to_owned(), format!("open_monitoring {DEADLINE}"));
    assert_eq!(told(&story.officer).await, [overdue.clone(), opening.clone()]);
    let order = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "515", "date": "2023-02-20",
        "title": "О мониторинге", "kind": "monitoring"
    });
    let order = story.officer.post("/api/v1/orders", &order).await.expect(201);
    assert_eq!(told(&story.head).await, [overdue, opening, "register_order -".into()]);
    let list =
        json!({"level": "municipal", "category": "risk_group", "results_year": 2022, "order_id": order.id()});
    story.officer.post("/api/v1/support-lists", &list).await.expect(201);
    assert_eq!(told(&story.head).await.len(), 3, "a list waits for its order");
    story.head.act(&format!("/api/v1/orders/{}/register", order.id()), 1).await.expect(200);
    let waiting = obligations(&story.head, "kind=approve_support_list").await;
    assert_eq!(waiting[0]["subject"]["title"], "школы группы риска, 2022");
    assert_eq!(obligations(&story.officer, "kind=approve_support_list").await, Vec::<Value>::new());

    story.step("open").await;
    assert_eq!(
        told(&story.officer).await,
        ["fill_item 2023-02-28".to_owned(), format!("submit_report {DEADLINE}")],
        "the municipality's own report"
    );
    let own = story.report_of(None).await;
    let item = story.item(&story.officer, &own, "M1").await;
    story.officer.put(&item, 1, &done()).await.expect(200);
    story.act(&story.officer, &own, "submit").await.expect(200);
    assert_eq!(told(&story.officer).await, Vec::<String>::new(), "he does not review what he submitted");
    assert_eq!(told(&story.head).await, ["approve_support_list -", "review_report -"]);
    story.act(&story.head, &own, "accept").await.expect(200);

    go_to(&mut story, "2023-12-23T09:00:00Z");
    let (head, officer) = (&story.head, &story.officer);
    assert_eq!(told(officer).await, ["close_collection -"]);
    story.step("close-collection").await;
    assert_eq!(
        told(&story.principal).await,
        ["carry_out_measure 2023-02-15"],
        "no report can be submitted, but nobody has told that it is done"
    );
    assert_eq!(told(officer).await, ["analyse_monitoring -"]);
    story.step("analyse").await;
    assert_eq!(told(officer).await, ["draft_note -"]);

    let mut reports = Vec::new();
    for school in &story.schools {
        let report = story.report_of(Some(school)).await;
        let id = report.rsplit('/').next().unwrap().to_owned();
        reports.push(json!({"report_id": id, "reason": "Отчёт не представлен"}));
    }
    let body = json!({
        "title": "об исполнении плана", "date": "2023-12-23", "place": "пгт Хотынец",
        "signer_position": "Начальник отдела образования", "signer_name": "Е. В. Начальникова", "missing_reports": reports
    });
    let note = officer.post(&format!("{}/note", story.monitoring), &body).await.expect(201);
    let path = format!("/api/v1/notes/{}", note.id());
    assert_eq!(told(officer).await, ["submit_note -"]);
    let act = async |client: &Client, step: &str, body: Option<&Value>| {
        let version = client.get(&path).await.expect(200).version();
        match body {
            Some(body) => client.act_with(&format!("{path}/{step}"), version, body).await.expect(200),
            None => client.act(&format!("{path}/{step}"), version).await.expect(200),
        }
    };
    act(officer, "submit", None).await;
    assert_eq!(told(officer).await, Vec::<String>::new());
    assert_eq!(told(head).await, ["approve_support_list -", "sign_note -"]);
    act(head, "sign", None).await;
    assert_eq!(told(officer).await, ["register_note -"]);
    act(head, "register", Some(&json!({"number": "1", "date": "2023-12-23"}))).await;
    assert_eq!(told(officer).await, ["complete_monitoring -", "publish_note -"]);
    act(head, "publish", None).await;
    story.step("complete").await;
    assert_eq!(told(officer).await, Vec::<String>::new());

    let monitoring = officer.get(&story.monitoring).await.expect(200);
    let map = format!("/api/v1/road-maps/{}", monitoring["road_map_id"].as_str().unwrap());
    let version = officer.get(&map).await.expect(200).version();
    let next =
        format!("/api/v1/road-maps/{}", officer.act(&format!("{map}/amend"), version).await.expect(201).id());
    let order = registered_order(officer, head, "600").await;
    let version = officer.get(&next).await.expect(200).version();
    let ready = officer.patch(&next, version, &json!({"order_id": order})).await.expect(200);
    head.act_with(&format!("{next}/approve"), ready.version(), &json!({})).await.expect(200);
    assert_eq!(told(officer).await, Vec::<String>::new(), "what was told of the edition before is told");
    assert_eq!(told(&story.principal).await, ["carry_out_measure 2023-02-15"]);
}

#[rstest]
#[actix_web::test]
async fn recommendations_and_drafts_of_maps_wait_for_their_people(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let issue = async |body: Value| {
        let made = story.officer.post("/api/v1/recommendations", &body).await.expect(201);
        let path = format!("/api/v1/recommendations/{}", made.id());
        story.officer.act(&format!("{path}/issue"), 1).await.expect(200);
        path
    };
    let body = json!({"code": "1", "text": "Провести взаимопосещение уроков", "addressee": "all_schools", "due_date": "2023-05-01"});
    let advice = issue(body).await;
    issue(json!({"code": "2", "text": "Обобщить опыт", "addressee": "department", "due_date": "2023-04-01"}))
        .await;
    let of = |client: &Client| {
        let client = client.clone();
        async move {
            let query = "kind=acknowledge_recommendation,complete_recommendation,verify_recommendation";
            let found = obligations(&client, query).await;
            found.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(of(&story.principal).await, ["acknowledge_recommendation"]);
    assert_eq!(of(&story.officer).await, ["complete_recommendation"], "the department's own one");
    let part = format!("{advice}/schools/{}", story.schools[0]);
    for (version, step) in [(1, "acknowledge"), (2, "start"), (3, "complete")] {
        let wanted =
            if step == "acknowledge" { "acknowledge_recommendation" } else { "complete_recommendation" };
        assert_eq!(of(&story.principal).await, [wanted]);
        story.principal.act(&format!("{part}/{step}"), version).await.expect(200);
    }
    assert_eq!(of(&story.principal).await, Vec::<String>::new());
    let verify = &obligations(&story.officer, "kind=verify_recommendation").await[0];
    assert_eq!(
        (&verify["count"], &verify["subject"]["title"]),
        (&json!(1), &json!("1. Провести взаимопосещение уроков"))
    );

    let maps = story.officer.get("/api/v1/road-maps?status=approved").await.expect(200);
    let map = format!("/api/v1/road-maps/{}", maps["items"][0].id());
    let copy = story
        .officer
        .act_with(&format!("{map}/copy"), maps["items"][0].version(), &json!({}))
        .await
        .expect(201);
    let dates = &obligations(&story.officer, "kind=review_measure_dates").await[0];
    assert_eq!((&dates["count"], &dates["subject"]["id"]), (&json!(3), &json!(copy.id())));
    let measures =
        story.officer.get(&format!("/api/v1/measures?road_map_id={}", copy.id())).await.expect(200);
    for measure in measures["items"].as_array().unwrap() {
        let path = format!("/api/v1/measures/{}", measure.id());
        story.officer.patch(&path, 1, &json!({"needs_review": false})).await.expect(200);
    }
    let order = registered_order(&story.officer, &story.head, "125").await;
    let path = format!("/api/v1/road-maps/{}", copy.id());
    let version = story.officer.get(&path).await.expect(200).version();
    story.officer.patch(&path, version, &json!({"order_id": order})).await.expect(200);
    assert_eq!(obligations(&story.head, "kind=approve_road_map").await[0]["subject"]["id"], json!(copy.id()));
    assert_eq!(
        obligations(&story.officer, "kind=approve_road_map,review_measure_dates").await,
        Vec::<Value>::new()
    );
}

#[rstest]
#[actix_web::test]
async fn nothing_waits_for_those_who_only_read_or_keep_the_service(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    for client in
        [story.app.as_admin(), story.app.as_region("57"), story.app.as_curator(&story.municipality, &[])]
    {
        assert_eq!(told(&client).await, Vec::<String>::new());
    }
}

/// Queries of each database so far, by its address.
static QUERIES: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);

/// Counts the queries on tables of the connection that it watches.
#[derive(Default)]
struct Counter(String);

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => url.clone_into(&mut self.0),
            InstrumentationEvent::StartQuery { query, .. } if query.to_string().contains(" FROM ") => {
                *QUERIES.lock().unwrap().entry(self.0.clone()).or_default() += 1;
            }
            _ => {}
        }
    }
}

/// How many queries a client's list of obligations takes, once his session is known.
async fn queries(app: &TestApp, client: &Client) -> usize {
    let address = match &app.database_url {
        DatabaseUrl::Postgres(url) => url.clone(),
        DatabaseUrl::Sqlite(path) => path.to_string_lossy().into_owned(),
    };
    let so_far = || QUERIES.lock().unwrap().get(&address).copied().unwrap_or_default();
    client.get(LIST).await.expect(200);
    let before = so_far();
    client.get(LIST).await.expect(200);
    so_far() - before
}

#[rstest]
#[actix_web::test]
async fn a_school_in_three_road_maps_costs_the_same_however_many_schools_there_are(
    #[values(Sqlite, Postgres)] on: Database,
) {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| set_default_instrumentation(|| Some(Box::new(Counter::default()))).unwrap());
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let app = &story.app;
    let curator = app.as_curator(&story.municipality, &[&story.schools[0], &story.schools[1]]);
    let people = [&story.principal, &story.officer, &curator];
    let mut alone = Vec::new();
    for person in people {
        alone.push(queries(app, person).await);
    }
    assert!(alone.iter().all(|count| (1..=20).contains(count)), "{alone:?}");

    let second = approved_map(&story, &json!([measure("R1", "school", &recurring("monthly"))])).await;
    let own = json!({
        "title": "Карта школы", "period_start": "2023-01-01", "period_end": "2023-12-31", "parent_id": second,
    });
    let own = story.principal.post("/api/v1/road-maps", &own).await.expect(201);
    let path = format!("/api/v1/road-maps/{}", own.id());
    story
        .principal
        .post(&format!("{path}/measures"), &json!([measure("O1", "school", &by("2023-08-25"))]))
        .await
        .expect(201);
    assert_eq!(
        obligations(&story.principal, "kind=approve_road_map").await[0]["subject"]["id"],
        json!(own.id())
    );
    let version = story.principal.get(&path).await.expect(200).version();
    let approval = json!({"approval": {"number": "7", "date": "2023-03-01"}});
    story.principal.act_with(&format!("{path}/approve"), version, &approval).await.expect(200);
    for number in 0..12 {
        let (inn, ogrn) = (format!("58{number:08}"), format!("10258{number:08}"));
        let name = format!("Школа дальняя № {number}");
        let school = app.given_school_with(&story.municipality, &name, &inn, &ogrn, r#"["primary","basic"]"#);
        let join = json!({"school_id": school, "order_id": story.order});
        let version = story.officer.get(&story.monitoring).await.expect(200).version();
        story.officer.act_with(&format!("{}/schools", story.monitoring), version, &join).await.expect(200);
        let principal = app.as_school_head(&story.municipality, &school);
        let report = principal.get("/api/v1/reports").await.expect(200)["items"][0].id();
        let report = format!("/api/v1/reports/{report}");
        let item = story.item(&principal, &report, "S1").await;
        principal.put(&item, 1, &json!({"status": "not_done", "reason": "Карантин"})).await.expect(200);
        story.act(&principal, &report, "submit").await.expect(200);
    }
    let mut among_many = Vec::new();
    for person in people {
        among_many.push(queries(app, person).await);
    }
    assert_eq!(among_many, alone);
    let kinds = |found: Vec<Value>| found.iter().map(|one| one["kind"].clone()).collect::<Vec<_>>();
    let school = kinds(obligations(&story.principal, "").await);
    for kind in ["submit_report", "fill_item", "occurrence", "carry_out_measure"] {
        assert!(school.contains(&json!(kind)), "{kind}: {school:?}");
    }
    assert_eq!(obligations(&story.officer, "kind=review_report").await.len(), 12);
}
