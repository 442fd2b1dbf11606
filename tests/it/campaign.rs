//! A campaign set up through the API: order, list, road map, monitoring, two schools.

use school_roadmap::kit::id::{MunicipalityId, SchoolId};
use serde_json::{Value, json};

use crate::app::{Database, TestApp};
use crate::client::{Client, Resource};

/// Last day on which a report is in time.
pub const DEADLINE: &str = "2023-12-22";

/// A department, two schools of an approved list, an approved road map, a planned monitoring.
pub struct Campaign {
    pub app: TestApp,
    pub municipality: MunicipalityId,
    pub schools: [SchoolId; 2],
    pub head: Client,
    pub officer: Client,
    pub principal: Client,
    pub order: String,
    pub monitoring: String,
}

impl Campaign {
    /// Everything but opening.
    pub async fn planned(on: Database) -> Option<Self> {
        Some(Self::planned_in(TestApp::start(on).await?).await)
    }

    /// As [`planned`](Self::planned), in an application with settings of its own.
    pub async fn planned_in(app: TestApp) -> Self {
        let municipality = app.given_municipality("Хотынецкий район");
        let schools = [
            app.given_school(&municipality, "Школа № 1", 0),
            app.given_school(&municipality, "Школа № 2", 1),
        ];
        let (head, officer) = (app.as_head(&municipality), app.as_officer(&municipality));
        let principal = app.as_school_head(&municipality, &schools[0]);
        let order = registered_order(&officer, &head, "124").await;
        let list = approved_list(&officer, &head, &order, &schools).await;
        let road_map = approved_road_map(&officer, &head, &order).await;
        let plan = json!({
            "road_map_id": road_map, "order_id": order, "support_list_ids": [list],
            "period_start": "2023-01-01", "period_end": "2023-12-31", "report_deadline": DEADLINE
        });
        let planned = officer.post("/api/v1/monitorings", &plan).await.expect(201);
        let monitoring = format!("/api/v1/monitorings/{}", planned.id());
        Self { app, municipality, schools, head, officer, principal, order, monitoring }
    }

    /// Opened as well.
    pub async fn opened(on: Database) -> Option<Self> {
        let campaign = Self::planned(on).await?;
        campaign.step("open").await;
        Some(campaign)
    }

    /// The same department a year later: everybody signed in again, the road map copied and
    /// reviewed, the year's monitoring planned.
    pub async fn next_year(mut self) -> Self {
        self.app.set_date("2024-03-01");
        self.head = self.app.as_head(&self.municipality);
        self.officer = self.app.as_officer(&self.municipality);
        self.principal = self.app.as_school_head(&self.municipality, &self.schools[0]);
        let officer = &self.officer;
        let last = officer.get(&self.monitoring).await.expect(200);
        let map = format!("/api/v1/road-maps/{}", last["road_map_id"].as_str().unwrap());
        let version = officer.get(&map).await.expect(200).version();
        let copy = officer.act_with(&format!("{map}/copy"), version, &json!({})).await.expect(201).id();
        let measures = officer.get(&format!("/api/v1/measures?road_map_id={copy}")).await.expect(200);
        for measure in measures["items"].as_array().unwrap() {
            let measure = format!("/api/v1/measures/{}", measure.id());
            officer.patch(&measure, 1, &json!({ "needs_review": false })).await.expect(200);
        }
        let order = registered_order(officer, &self.head, "24").await;
        let map = format!("/api/v1/road-maps/{copy}");
        let version = officer.get(&map).await.expect(200).version();
        let map_now = officer.patch(&map, version, &json!({ "order_id": order })).await.expect(200);
        self.head.act_with(&format!("{map}/approve"), map_now.version(), &json!({})).await.expect(200);
        let plan = json!({
            "road_map_id": copy, "order_id": order, "support_list_ids": last["support_list_ids"],
            "period_start": "2024-01-01", "period_end": "2024-12-31", "report_deadline": "2024-12-20"
        });
        let planned = officer.post("/api/v1/monitorings", &plan).await.expect(201);
        self.monitoring = format!("/api/v1/monitorings/{}", planned.id());
        self
    }

    /// Moves the monitoring on.
    pub async fn step(&self, name: &str) -> Value {
        let version = self.officer.get(&self.monitoring).await.expect(200).version();
        self.officer.act(&format!("{}/{name}", self.monitoring), version).await.expect(200)
    }

    /// The path of the report of a school; `None`: of the municipality.
    pub async fn report_of(&self, school: Option<&SchoolId>) -> String {
        let monitoring = self.monitoring.rsplit('/').next().unwrap();
        let page = self.officer.get(&format!("/api/v1/reports?monitoring_id={monitoring}")).await.expect(200);
        let wanted = json!(school.map(SchoolId::as_str));
        let reports = page["items"].as_array().unwrap();
        let report = reports.iter().find(|report| report["school_id"] == wanted).unwrap();
        format!("/api/v1/reports/{}", report.id())
    }

    /// The path of the item of a measure in a report, as this client sees it.
    pub async fn item(&self, client: &Client, report: &str, code: &str) -> String {
        let items = client.get(&format!("{report}/items?limit=1000")).await.expect(200);
        let all = items["items"].as_array().unwrap();
        let item = all.iter().find(|item| item["code"] == code).unwrap();
        format!("{report}/items/{}", item["measure_id"].as_str().unwrap())
    }

    /// Fills the report of the first school so that it can be submitted.
    pub async fn fill(&self, report: &str) {
        let item = self.item(&self.principal, report, "S1").await;
        self.principal.put(&item, 1, &done()).await.expect(200);
        self.principal.post(&format!("{item}/evidence"), &evidence()).await.expect(201);
    }

    /// Does a transition of a report at its present version.
    pub async fn act(&self, client: &Client, report: &str, name: &str) -> crate::client::Reply {
        let version = client.get(report).await.expect(200).version();
        let body = json!({ "reason": "Уточните сведения" });
        match name {
            "return" => client.act_with(&format!("{report}/{name}"), version, &body).await,
            _ => client.act(&format!("{report}/{name}"), version).await,
        }
    }
}

/// An item that is done.
pub fn done() -> Value {
    json!({ "status": "done", "actual_date": "2023-02-20", "result": "Проведено" })
}

/// A public link.
pub fn evidence() -> Value {
    json!({
        "kind": "order", "title": "О наставничестве", "requisites": "от 10.02.2023 № 31",
        "url": "https://school.example.org/order-31.pdf", "contains_personal_data": false
    })
}

/// A registered order.
pub async fn registered_order(officer: &Client, head: &Client, number: &str) -> String {
    let body = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-02-01", "title": "О сопровождении школ", "kind": "road_map"
    });
    let order = officer.post("/api/v1/orders", &body).await.expect(201);
    head.act(&format!("/api/v1/orders/{}/register", order.id()), 1).await.expect(200);
    order.id()
}

pub async fn approved_list(officer: &Client, head: &Client, order: &str, schools: &[SchoolId]) -> String {
    let body = json!({
        "level": "municipal", "category": "low_results", "results_year": 2022,
        "order_id": order, "valid_from": "2023-02-01"
    });
    let list = officer.post("/api/v1/support-lists", &body).await.expect(201);
    let path = format!("/api/v1/support-lists/{}", list.id());
    let entries: Vec<Value> = schools.iter().map(|school| json!({ "school_id": school })).collect();
    officer.post(&format!("{path}/entries"), &json!(entries)).await.expect(201);
    let version = officer.get(&path).await.expect(200).version();
    head.act(&format!("{path}/approve"), version).await.expect(200);
    list.id()
}

pub async fn approved_road_map(officer: &Client, head: &Client, order: &str) -> String {
    let measure = |code: &str, level: &str, deadline: Value, criterion: &str, indicators: &[&str]| {
        json!({
            "code": code, "section": "Основной раздел", "level": level, "title": format!("Мероприятие {code}"),
            "deadline": deadline, "responsible": ["директор"], "criteria": [criterion],
            "indicators": indicators, "evidence_required": code == "S1"
        })
    };
    let by = |day: &str| json!({ "kind": "date", "text": "в срок", "due_date": day });
    let all_year = json!({
        "kind": "all_year", "text": "в течение года", "start_date": "2023-01-01", "end_date": "2023-12-31"
    });
    let body = json!({
        "title": "Дорожная карта", "period_start": "2023-01-01", "period_end": "2023-12-31", "order_id": order
    });
    let map = officer.post("/api/v1/road-maps", &body).await.expect(201);
    let path = format!("/api/v1/road-maps/{}", map.id());
    let measures = json!([
        measure("S1", "school", by("2023-02-15"), "entry_test", &["I-10", "I-15"]),
        measure("S2", "school", all_year, "mentors_novice", &["I-10", "I-12"]),
        measure("M1", "municipal", by("2023-02-28"), "results_analysed", &["I-17"]),
    ]);
    officer.post(&format!("{path}/measures"), &measures).await.expect(201);
    let version = officer.get(&path).await.expect(200).version();
    head.act_with(&format!("{path}/approve"), version, &json!({})).await.expect(200);
    map.id()
}
