//! Measures of a draft road map from tables, as the forms of departments have them.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};
use crate::importing::{IMPORTS, counters, errors, imported, imported_rows, xlsx};

const MAPS: &str = "/api/v1/road-maps";

async fn draft(officer: &Client) -> String {
    let body = json!({"title": "Дорожная карта", "period_start": "2023-01-01", "period_end": "2023-12-31"});
    officer.post(MAPS, &body).await.expect(201).id()
}

async fn measures(officer: &Client, map: &str) -> Vec<Value> {
    let page = officer.get(&format!("/api/v1/measures?road_map_id={map}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

fn table() -> Vec<Vec<String>> {
    [
        "№|Раздел|Уровень|Мероприятие|Вид срока|Сроки|Дата исполнения|Начало|Окончание|Периодичность|Месяцы|Ответственные|Результат|Требуется подтверждение|Школы|Критерии",
        "M1.1|Муниципальный уровень|муниципальный|Утверждение дорожной карты|к дате|17.03|17.03.2023|||||отдел образования|приказ|да|все|road_map_approved",
        "M1.4|Муниципальный уровень|муниципальный|Совещания руководителей|регулярно|апрель, август, декабрь||01.01.2023|31.12.2023|в указанные месяцы|4; 8; 12|отдел образования; методический кабинет|протокол|нет||",
        "S1.1|Школьный уровень|школьный|Входной контроль|в период|15-30.09||2023-09-15|2023-09-30|||заместитель директора по УВР|аналитическая справка|да|1025799000017|entry_test",
        "S1.2|Школьный уровень|школьный|Подготовка к ГИА|в течение года|в течение года||01.01.2023|31.12.2023|||директор|||ООО, СОО|",
    ]
    .iter()
    .map(|line| line.split('|').map(str::to_owned).collect())
    .collect()
}

#[rstest]
#[actix_web::test]
async fn a_plan_of_a_department_becomes_measures(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&place);
    let school = app.given_school(&place, "Школа № 1", 0);
    let map = draft(&officer).await;
    let fields = [("kind", "road_map"), ("road_map_id", map.as_str())];
    let job = imported(&app, &officer, &fields, "план.xlsx", &xlsx(&table())).await;
    assert_eq!(counters(&job), "done 4 0 0 0", "{:?}", errors(&officer, &job).await);
    assert_eq!(job["results"], json!([{"resource": "road-maps", "id": map}]));
    let stored = measures(&officer, &map).await;
    assert_eq!(stored[0]["deadline"], json!({"kind": "date", "text": "17.03", "due_date": "2023-03-17"}));
    assert_eq!(stored[1]["deadline"]["months"], json!([4, 8, 12]));
    assert_eq!(stored[1]["responsible"], json!(["отдел образования", "методический кабинет"]));
    assert_eq!(stored[2]["applies_to"], json!({"kind": "schools", "school_ids": [school]}));
    assert_eq!(
        (&stored[2]["evidence_required"], &stored[2]["criteria"]),
        (&json!(true), &json!(["entry_test"]))
    );
    assert_eq!(stored[3]["applies_to"]["education_levels"], json!(["basic", "secondary"]));
    let version = officer.get(&format!("{MAPS}/{map}")).await.expect(200)["version"].clone();
    assert_eq!(version, 2, "one import is one change of the map");

    let mut rows = table();
    rows[3][12] = "справка".to_owned();
    let refused = officer.upload(IMPORTS, &fields, "план.xlsx", &xlsx(&rows)).await;
    assert_eq!(refused.problem(409), "import-shrinks", "one of four is more than a fifth");
    let forced = [fields[0], fields[1], ("force", "true"), ("reason", "Уточнены результаты")];
    let job = imported(&app, &officer, &forced, "план.xlsx", &xlsx(&rows)).await;
    assert_eq!(counters(&job), "done 0 1 3 0");
    let again = measures(&officer, &map).await;
    assert_eq!((&again[2]["version"], &again[0]["version"]), (&json!(2), &json!(1)));
    assert_eq!(again[2]["lineage_id"], stored[2]["lineage_id"]);
    rows.remove(1);
    let job = imported(&app, &officer, &forced, "план.xlsx", &xlsx(&rows)).await;
    assert_eq!((counters(&job).as_str(), &job["removed"]), ("done 0 0 3 0", &json!(1)));
}

#[rstest]
#[actix_web::test]
async fn errors_lead_to_the_parts_of_a_deadline(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&place);
    let map = draft(&officer).await;
    let mut rows = table();
    rows[1][6] = String::new();
    rows[2][4] = "когда-нибудь".to_owned();
    rows[4][9] = "ежемесячно".to_owned();
    let fields = [("kind", "road_map"), ("road_map_id", map.as_str()), ("mode", "row")];
    let job = imported(&app, &officer, &fields, "план.xlsx", &xlsx(&rows)).await;
    assert_eq!(counters(&job), "done 0 0 0 4");
    assert_eq!(
        errors(&officer, &job).await,
        [
            "2 Дата исполнения required",
            "3 Вид срока unknown-code",
            "4 Школы unknown-reference",
            "5 Периодичность not-allowed"
        ]
    );
    let json_rows = json!({"kind": "road_map", "road_map_id": map, "rows": [{
        "code": "S1", "section": "Школы", "level": "school", "title": "Мера", "responsible": ["директор"],
        "deadline": {"kind": "date", "text": "до 30.09", "due_date": "2023-09-30"}
    }]});
    let job = imported_rows(&app, &officer, &json_rows).await;
    assert_eq!(counters(&job), "done 1 0 0 0");

    let school = app.given_school(&place, "Школа № 1", 0);
    let other = app.as_school_head(&place, &school);
    assert_eq!(other.post(IMPORTS, &json_rows).await.problem(403), "forbidden");
    let stranger = app.as_officer(&app.given_municipality("Другой район"));
    assert_eq!(stranger.post(IMPORTS, &json_rows).await.violations(422), ["/road_map_id unknown-reference"]);
}
