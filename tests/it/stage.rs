//! The reference case with a row in every state, so that any operation finds one it can act on.

use std::collections::BTreeMap;

use school_roadmap::auth::ClientScope;
use school_roadmap::demo::case::Case;
use school_roadmap::demo::play::{self, PASSWORD, Played};
use school_roadmap::kit::code::Code;
use school_roadmap::kit::id::{MunicipalityId, SchoolId};
use serde_json::{Value, json};

use crate::access::signed_in;
use crate::app::TestApp;
use crate::campaign::{approved_list, approved_road_map, done, evidence, registered_order};
use crate::client::{Client, Resource};
use crate::importing::{csv, imported, schools as schools_of_a_table};
use crate::sign_in::log_in;

/// Logins of the heads of schools, in the order of the case.
pub const SCHOOLS: [&str; 4] = ["school-1", "school-2", "school-3", "school-4"];
/// The steps of a monitoring until it has a note, and of that note until it can be published.
const STEPS: [&str; 3] = ["open", "close-collection", "analyse"];
const NOTE_STEPS: [&str; 3] = ["submit", "sign", "register"];
/// Languages of the samples.
const LANGUAGES: [&str; 2] = ["Shell", "Python"];

/// Where the webhook of the stage goes, and that of the document's example.
pub const TARGET: &str = "portal.region.example";

/// What the variables of code samples stand for.
pub struct Stage {
    /// For all operations.
    common: BTreeMap<&'static str, String>,
    /// For one operation, instead of the common ones.
    own: BTreeMap<(&'static str, &'static str), String>,
    /// The same where each language needs its own, because using it uses it up.
    used_up: BTreeMap<(&'static str, &'static str, &'static str), String>,
}

/// The case as it was played, and its people.
struct Setting<'a> {
    app: &'a TestApp,
    played: Played,
    officer: Client,
    head: Client,
    principals: Vec<Client>,
    /// In the order of the case.
    schools: Vec<String>,
}

impl Stage {
    /// What the variables of a sample stand for.
    pub fn variables(&self, operation: &str, language: &str) -> BTreeMap<String, String> {
        let pair = |name: &&str, value: &String| ((*name).to_owned(), value.clone());
        let mut variables: BTreeMap<String, String> =
            self.common.iter().map(|(name, value)| pair(name, value)).collect();
        let own = self.own.iter().filter(|((of, _), _)| *of == operation);
        variables.extend(own.map(|((_, name), value)| pair(name, value)));
        let used_up = self.used_up.iter().filter(|((of, by, _), _)| *of == operation && *by == language);
        variables.extend(used_up.map(|((_, _, name), value)| pair(name, value)));
        variables
    }

    /// Plays the case and sets the rows.
    pub async fn set(app: &TestApp) -> Self {
        app.clock.set(play::beginning());
        let case = Case::reference().unwrap();
        let played = play::whole(&app.url, &app.clock, &app.database_url, &case, &|_| ()).await.unwrap();
        let names = case.list("schools").iter().map(|school| school["short_name"].as_str().unwrap());
        let schools = names.map(|name| played.schools[name].clone()).collect();
        let mut principals = Vec::new();
        for login in SCHOOLS {
            principals.push(signed_in(app, login).await);
        }
        let (officer, head) = (signed_in(app, "officer").await, signed_in(app, "head").await);
        let setting = Setting { app, played, officer, head, principals, schools };
        let mut stage = Self { common: BTreeMap::new(), own: BTreeMap::new(), used_up: BTreeMap::new() };
        stage.case(&setting, &case).await;
        stage.orders_and_lists(&setting).await;
        stage.road_maps(&setting).await;
        stage.campaigns(&setting).await;
        stage.recommendations(&setting).await;
        stage.people(&setting).await;
        stage
    }

    fn all<const N: usize>(&mut self, values: [(&'static str, &str); N]) {
        self.common.extend(values.map(|(name, value)| (name, value.to_owned())));
    }

    fn only<const N: usize>(&mut self, operations: [&'static str; N], name: &'static str, value: &str) {
        self.own.extend(operations.map(|operation| ((operation, name), value.to_owned())));
    }

    /// Rows of the case itself, places, a client.
    async fn case(&mut self, setting: &Setting<'_>, case: &Case) {
        let Setting { app, played, schools, officer, .. } = setting;
        let municipality = MunicipalityId(played.municipality_id.clone());
        let levels = r#"["primary","basic"]"#;
        let (inn, ogrn) = ("5799000058", "1025799000050");
        let idle = app.given_school_with(&municipality, "Школа без дел", inn, ogrn, levels);
        let neighbours = app.given_municipality("Соседний район");
        let all: Vec<&str> = ClientScope::ALL.iter().map(|scope| scope.as_str()).collect();
        let (client, secret) = app.given_client(&json!({"region_code": "57"}), &all).await;
        let program = app.signed_in_client(&client.id(), &secret).await;
        let url = format!("https://{TARGET}/roadmap");
        let webhook = program.post("/api/v1/webhooks", &json!({"url": url})).await.expect(201);
        let templates = officer.get("/api/v1/conclusion-templates").await.expect(200);
        let template = templates["items"][0].id();
        let indicator = officer.post("/api/v1/indicators", &crate::indicators::own("K-2")).await.expect(201);
        let note = officer.get(&format!("/api/v1/notes/{}", played.note_id)).await.expect(200);
        let file = app.data_dir().join("order.pdf");
        std::fs::write(&file, crate::evidence::PDF).unwrap();
        let table = app.data_dir().join("schools.csv");
        std::fs::write(&table, csv(&schools_of_a_table([1]), b';')).unwrap();
        self.only(["create_import"], "FILE", table.to_str().unwrap());
        let mut rows = schools_of_a_table([2, 3]);
        rows[1][3] = "ЗАО".to_owned();
        let rejected =
            imported(app, officer, &[("kind", "schools"), ("mode", "row")], "школы.csv", &csv(&rows, b';'))
                .await;
        let report = &played.reports[case.text("/schools/0/short_name")];
        let measure = &played.measures["S1.1"];
        let item = officer.get(&format!("/api/v1/reports/{report}/items/{measure}")).await.expect(200);
        self.all([
            ("ACADEMIC_YEAR", "2021"),
            ("AFTER", "0"),
            ("BASED_ON", &template),
            ("CLIENT_ID", &client.id()),
            ("CLIENT_SECRET", &secret),
            ("CLIENT_SECRET_ID", &client["secrets"][0].id()),
            ("CODE", "2.1"),
            ("EVIDENCE_ID", &item["evidence"][0].id()),
            ("FILE", file.to_str().unwrap()),
            ("HASH", note["hash"].as_str().unwrap()),
            ("INDICATOR_ID", &indicator.id()),
            ("JOB_ID", &rejected.id()),
            ("MEASURE_ID", measure),
            ("MONITORING_ID", &played.monitoring_id),
            ("MUNICIPALITY_ID", &played.municipality_id),
            ("N", "2"),
            ("NOTE_ID", &played.note_id),
            ("OGRN", case.text("/schools/0/ogrn")),
            ("ORDER_ID", &played.orders["list"]),
            ("REMARK_ID", &played.remarks[0]),
            ("REPORT_ID", report),
            ("ROAD_MAP_ID", &played.road_map_id),
            ("SCHOOL_ID", &schools[0]),
            ("SCHOOL_ID_2", &schools[1]),
            ("SUCCESSOR_ID", &schools[0]),
            ("SUPPORT_LIST_ID", &played.support_lists[0]),
            ("TEMPLATE_ID", &template),
            ("WEBHOOK_ID", &webhook.id()),
        ]);
        self.only(["transfer_school"], "MUNICIPALITY_ID", neighbours.as_str());
        self.only(["transfer_school", "close_school"], "SCHOOL_ID", idle.as_str());
        // As the bodies of the samples say.
        self.only(["put_school_by_ogrn"], "OGRN", "1025799000061");
        self.only(["put_school_calendar", "put_school_stat"], "ACADEMIC_YEAR", "2023");
    }

    async fn orders_and_lists(&mut self, setting: &Setting<'_>) {
        let Setting { officer, head, schools, played, .. } = setting;
        let order = json!({
            "issuer": "Отдел образования", "issuer_level": "municipal", "number": "77",
            "date": "2023-12-01", "title": "О сопровождении школ", "kind": "road_map"
        });
        let draft = officer.post("/api/v1/orders", &order).await.expect(201).id();
        self.only(["update_order", "delete_order", "register_order"], "ORDER_ID", &draft);
        let unused = registered_order(officer, head, "78").await;
        self.only(["repeal_order"], "ORDER_ID", &unused);

        let list = json!({
            "level": "municipal", "category": "low_results", "results_year": 2022,
            "order_id": played.orders["list"], "valid_from": "2023-03-30"
        });
        let draft = officer.post("/api/v1/support-lists", &list).await.expect(201).id();
        let path = format!("/api/v1/support-lists/{draft}/entries");
        let entries = officer.post(&path, &json!([{"school_id": schools[2]}])).await.expect(201);
        let entry = entries["items"][0].id();
        self.only(
            ["update_support_list", "delete_support_list", "approve_support_list"],
            "SUPPORT_LIST_ID",
            &draft,
        );
        let operations =
            ["create_support_list_entries", "update_support_list_entry", "delete_support_list_entry"];
        self.only(operations, "SUPPORT_LIST_ID", &draft);
        self.only(operations, "ENTRY_ID", &entry);
        let path =
            format!("/api/v1/support-lists/{}/entries?school_id={}", played.support_lists[0], schools[0]);
        let entries = officer.get(&path).await.expect(200);
        self.all([("ENTRY_ID", &entries["items"][0].id())]);
    }

    async fn road_maps(&mut self, setting: &Setting<'_>) {
        let Setting { officer, played, principals, .. } = setting;
        let map = format!("/api/v1/road-maps/{}", played.road_map_id);
        let version = officer.get(&map).await.expect(200).version();
        let next = json!({"year_shift": 1});
        let copy = officer.act_with(&format!("{map}/copy"), version, &next).await.expect(201).id();
        let measures = officer.get(&format!("/api/v1/measures?road_map_id={copy}")).await.expect(200);
        self.only(["update_measure", "delete_measure"], "MEASURE_ID", &measures["items"][0].id());
        self.only(["update_road_map", "delete_road_map", "cancel_road_map"], "ROAD_MAP_ID", &copy);
        self.only(["list_offered_measures", "take_offered_measures"], "ROAD_MAP_ID", &copy);
        self.only(["take_offered_measures"], "RECOMMENDATION_ID", &played.recommendations[0]);
        let year = json!({"title": "Карта", "period_start": "2024-01-01", "period_end": "2024-12-31"});
        let empty = officer.post("/api/v1/road-maps", &year).await.expect(201).id();
        self.only(["create_measures"], "ROAD_MAP_ID", &empty);
        let own = json!({
            "title": "Карта школы", "period_start": "2023-01-01", "period_end": "2023-12-31",
            "parent_id": played.road_map_id
        });
        let own = principals[0].post("/api/v1/road-maps", &own).await.expect(201).id();
        let measure = json!({
            "code": "S1", "section": "Раздел", "level": "school", "title": "Мероприятие",
            "deadline": {"kind": "date", "text": "в срок", "due_date": "2023-12-30"},
            "responsible": ["директор"]
        });
        principals[0].post(&format!("/api/v1/road-maps/{own}/measures"), &measure).await.expect(201);
        self.only(["approve_road_map"], "ROAD_MAP_ID", &own);
    }

    /// Monitorings in every state, with their notes in every state, and the reports of one that is open.
    async fn campaigns(&mut self, setting: &Setting<'_>) {
        let Setting { officer, head, schools, .. } = setting;
        let order = registered_order(officer, head, "79").await;
        let road_map = approved_road_map(officer, head, &order).await;
        let listed: Vec<SchoolId> = schools.iter().take(3).cloned().map(SchoolId).collect();
        let list = approved_list(officer, head, &order, &listed).await;
        let plan = json!({
            "road_map_id": road_map, "order_id": order, "support_list_ids": [list],
            "period_start": "2023-01-01", "period_end": "2023-12-31", "report_deadline": "2023-12-29"
        });
        let planned = monitoring(officer, &plan, 0).await;
        self.only(["update_monitoring", "delete_monitoring", "open_monitoring"], "MONITORING_ID", &planned);
        let open = monitoring(officer, &plan, 1).await;
        self.only(["close_collection", "cancel_monitoring", "extend_deadline"], "MONITORING_ID", &open);
        self.only(["add_monitoring_school", "release_monitoring_school"], "MONITORING_ID", &open);
        self.only(["add_monitoring_school"], "SCHOOL_ID", &schools[3]);
        self.only(["analyse_monitoring"], "MONITORING_ID", &monitoring(officer, &plan, 2).await);
        let analysed = monitoring(officer, &plan, 3).await;
        self.only(["create_note", "update_conclusion"], "MONITORING_ID", &analysed);
        for (steps, operation) in
            ["submit_note", "return_note", "register_note", "publish_note"].into_iter().enumerate()
        {
            let monitoring = monitoring(officer, &plan, 3).await;
            let note = note(setting, &monitoring, steps).await;
            self.only([operation], "NOTE_ID", &note);
            match operation {
                "submit_note" => self.only(["update_note"], "NOTE_ID", &note),
                "return_note" => self.only(["sign_note"], "NOTE_ID", &note),
                "publish_note" => self.only(["complete_monitoring"], "MONITORING_ID", &monitoring),
                _ => {}
            }
        }
        self.reports(setting, &open).await;
    }

    /// A draft of the first school, a submitted one of the second, one of the third that came back.
    async fn reports(&mut self, setting: &Setting<'_>, monitoring: &str) {
        let Setting { officer, principals, schools, .. } = setting;
        let page = officer.get(&format!("/api/v1/reports?monitoring_id={monitoring}")).await.expect(200);
        let reports = page["items"].as_array().unwrap();
        let of = |number: usize| {
            let own = reports.iter().find(|report| report["school_id"] == json!(schools[number]));
            own.unwrap().id()
        };
        for (number, principal) in principals.iter().enumerate().take(3) {
            let report = format!("/api/v1/reports/{}", of(number));
            let items = principal.get(&format!("{report}/items")).await.expect(200);
            let items = items["items"].as_array().unwrap();
            let measure_of = |code: &str| {
                let item = items.iter().find(|item| item["code"] == code).unwrap();
                item["measure_id"].as_str().unwrap().to_owned()
            };
            let measure = &measure_of("S1");
            let path = format!("{report}/items/{measure}");
            principal.put(&path, 1, &done()).await.expect(200);
            let proof = principal.post(&format!("{path}/evidence"), &evidence()).await.expect(201);
            if number == 0 {
                self.only(["delete_evidence"], "EVIDENCE_ID", &proof.id());
                self.only(["attach_evidence", "merge_report"], "MEASURE_ID", measure);
                self.only(["put_report_item"], "MEASURE_ID", &measure_of("S2"));
                continue;
            }
            step(principal, &report, "submit", None).await;
        }
        let draft = of(0);
        self.only(["put_report_item", "attach_evidence", "merge_report"], "REPORT_ID", &draft);
        self.only(["update_report", "submit_report"], "REPORT_ID", &draft);
        let submitted = of(1);
        self.only(["withdraw_report", "start_report_review", "accept_report"], "REPORT_ID", &submitted);
        self.only(["return_report", "create_remark"], "REPORT_ID", &submitted);
        let remarks = format!("/api/v1/reports/{}/remarks", of(2));
        let remark = json!({"pointer": "/items/S1/result", "text": "Укажите номер приказа"});
        let remark = officer.post(&remarks, &remark).await.expect(201).id();
        self.only(["answer_remark", "resolve_remark"], "REMARK_ID", &remark);
    }

    /// A draft, and the issued ones of the case, with which the first school has come further each time.
    async fn recommendations(&mut self, setting: &Setting<'_>) {
        let Setting { officer, played, principals, schools, .. } = setting;
        let body = json!({"code": "9", "addressee": "all_schools", "text": "Провести консультации."});
        let draft = officer.post("/api/v1/recommendations", &body).await.expect(201).id();
        self.only(
            ["update_recommendation", "delete_recommendation", "issue_recommendation"],
            "RECOMMENDATION_ID",
            &draft,
        );
        let issued = &played.recommendations;
        self.all([("RECOMMENDATION_ID", &issued[0])]);
        let next = ["acknowledge_recommendation", "start_recommendation", "complete_recommendation"];
        for (taken, operation) in next.into_iter().chain(["verify_recommendation"]).enumerate() {
            let part = format!("/api/v1/recommendations/{}/schools/{}", issued[taken], schools[0]);
            let mut version = 1;
            for name in ["acknowledge", "start", "complete"].into_iter().take(taken) {
                let path = format!("{part}/{name}");
                match name {
                    "complete" => principals[0].act_with(&path, version, &json!({})).await.expect(200),
                    _ => principals[0].act(&path, version).await.expect(200),
                };
                version += 1;
            }
            // The part of a school has a version of its own, shown with the recommendation.
            let tag = format!("\"{version}\"");
            self.only([operation], "RECOMMENDATION_ID", &issued[taken]);
            self.only([operation], "ETAG", &tag);
            if operation == "verify_recommendation" {
                self.only(["reopen_recommendation"], "RECOMMENDATION_ID", &issued[taken]);
                self.only(["reopen_recommendation"], "ETAG", &tag);
            }
        }
        self.only(["cancel_recommendation_school"], "ETAG", "\"1\"");
    }

    /// Accounts, and what each language uses up: sessions, refresh tokens, passwords.
    async fn people(&mut self, setting: &Setting<'_>) {
        let app = setting.app;
        let admin = signed_in(app, "admin").await;
        let accounts = admin.get("/api/v1/accounts?role=school_operator").await.expect(200);
        let id = accounts["items"][0].id();
        self.all([("ACCOUNT_ID", &id), ("LOGIN", "operator"), ("PASSWORD", PASSWORD)]);
        let blocked = json!({
            "login": "former", "role": "school_operator", "full_name": "Прежний",
            "municipality_id": setting.played.municipality_id, "school_id": setting.schools[0]
        });
        let blocked = admin.post("/api/v1/accounts", &blocked).await.expect(201).id();
        step(&admin, &format!("/api/v1/accounts/{blocked}"), "block", None).await;
        self.only(["unblock_account"], "ACCOUNT_ID", &blocked);
        for language in LANGUAGES {
            let pair = log_in(app, "operator", PASSWORD).await.expect(200);
            let refresh_token = pair["refresh_token"].as_str().unwrap().to_owned();
            self.used_up.insert(("refresh", language, "REFRESH_TOKEN"), refresh_token);
            let pair = log_in(app, "operator", PASSWORD).await.expect(200);
            self.used_up.insert(("logout", language, "TOKEN"), access_token(&pair));
            let login = language.to_lowercase();
            let new = json!({
                "login": login, "role": "regional_viewer", "region_code": "57", "full_name": "Новый"
            });
            let new = admin.post("/api/v1/accounts", &new).await.expect(201);
            let one_time = new["one_time_password"].as_str().unwrap();
            let pair = log_in(app, &login, one_time).await.expect(200);
            self.used_up.insert(("change_password", language, "TOKEN"), access_token(&pair));
            self.used_up.insert(("change_password", language, "CURRENT_PASSWORD"), one_time.to_owned());
        }
        self.only(["change_password"], "NEW_PASSWORD", "пять синих тракторов у дома");
    }
}

fn access_token(pair: &Value) -> String {
    pair["access_token"].as_str().unwrap().to_owned()
}

/// Takes a step of the row at `path`, at its present version.
async fn step(client: &Client, path: &str, name: &str, body: Option<Value>) -> Value {
    let version = client.get(path).await.expect(200).version();
    match body {
        Some(body) => client.act_with(&format!("{path}/{name}"), version, &body).await.expect(200),
        None => client.act(&format!("{path}/{name}"), version).await.expect(200),
    }
}

/// A monitoring by the plan, so many steps on; its id.
async fn monitoring(officer: &Client, plan: &Value, steps: usize) -> String {
    let id = officer.post("/api/v1/monitorings", plan).await.expect(201).id();
    for name in STEPS.into_iter().take(steps) {
        step(officer, &format!("/api/v1/monitorings/{id}"), name, None).await;
    }
    id
}

/// The note of an analysed monitoring to which nobody reported, so many steps on; its id.
async fn note(setting: &Setting<'_>, monitoring: &str, steps: usize) -> String {
    let Setting { officer, head, .. } = setting;
    let page = officer.get(&format!("/api/v1/reports?monitoring_id={monitoring}")).await.expect(200);
    let missing = page["items"].as_array().unwrap().iter();
    let missing: Vec<Value> =
        missing.map(|report| json!({"report_id": report.id(), "reason": "Отчёт не представлен"})).collect();
    let body = json!({
        "title": "об исполнении плана", "date": "2023-12-29", "signer_position": "Начальник отдела образования",
        "signer_name": "Е. В. Начальникова", "missing_reports": missing
    });
    let note = officer.post(&format!("/api/v1/monitorings/{monitoring}/note"), &body).await.expect(201).id();
    for name in NOTE_STEPS.into_iter().take(steps) {
        let number = (name == "register").then(|| json!({"number": "215", "date": "2023-12-29"}));
        step(head, &format!("/api/v1/notes/{note}"), name, number).await;
    }
    note
}
