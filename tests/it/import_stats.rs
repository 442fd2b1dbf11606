//! Statistics of schools from tables: rows of one school and year stand together, each with one result.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::importing::{IMPORTS, counters, errors, imported, imported_rows};

const STATS: [(&str, &str); 2] = [("kind", "stats"), ("mode", "row")];
const HEADING: &str = "ОГРН;Учебный год;Обучающихся;Выпускников 9 классов;Педагогов;Процедура;Предмет;Класс;Год;Участников;Отметка 2";

#[rstest]
#[actix_web::test]
async fn the_results_of_a_school_stand_in_rows_that_follow_each_other(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&place);
    let schools: Vec<_> = (0..3).map(|n| app.given_school(&place, &format!("Школа № {n}"), n)).collect();
    let table = format!(
        "{HEADING}\n\
         1025799000017;2022/2023;166;15;21;ВПР;математика;5;2023;14;3\n\
         1025799000017;2022/2023;;;;ВПР;русский язык;5;2023;14;2\n\
         1025799000017;2022/2023;166;;;ОГЭ;математика;9;2023;15;16\n\
         1025799000028;2022/2023;90;8;12;;;;;;\n\
         1025799000039;2022/2023;90;100;12;ЕГЭ;физика;9;2023;5;0\n\
         1025799000040;2022/2023;90;8;12;;;;;;\n\
         1025799000028;2021/2022;много;8;12;;;;;;\n"
    );
    let job = imported(&app, &officer, &STATS, "статистика.csv", table.as_bytes()).await;
    assert_eq!(counters(&job), "done 1 0 0 6");
    assert_eq!(
        errors(&officer, &job).await,
        [
            "4 Отметка 2 more-than-participants",
            "6 Выпускников 9 классов more-than-pupils",
            "6 Класс not-applicable",
            "7 ОГРН unknown-reference",
            "8 Обучающихся not-a-number"
        ]
    );
    let path = |n: usize| format!("/api/v1/schools/{}/stats/2022", schools[n]);
    assert_eq!(officer.get(&path(0)).await.status, 404, "a wrong result keeps the whole year out");

    let good = table.replace(";15;16\n", ";15;1\n");
    let job = imported(&app, &officer, &STATS, "статистика.csv", good.as_bytes()).await;
    assert_eq!(counters(&job), "done 3 0 1 3", "rows are counted, not schools");
    let stored = officer.get(&path(0)).await.expect(200);
    assert_eq!(stored["pupils_total"], 166);
    let subjects: Vec<&str> =
        stored["assessments"].as_array().unwrap().iter().map(|r| r["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["математика", "русский язык", "математика"]);

    // A table without results leaves those that are there.
    let totals = "ogrn;pupils_total\n1025799000017;170\n";
    let fields = [("kind", "stats"), ("academic_year", "2022")];
    let job = imported(&app, &officer, &fields, "численность.csv", totals.as_bytes()).await;
    assert_eq!(counters(&job), "done 0 1 0 0");
    let stored = officer.get(&path(0)).await.expect(200);
    assert_eq!((&stored["pupils_total"], &stored["graduates_9"]), (&json!(170), &json!(15)));
    assert_eq!(stored["assessments"].as_array().unwrap().len(), 3);

    let row = json!({"ogrn": "1025799000017", "academic_year": 2022, "assessments": []});
    let job = imported_rows(&app, &officer, &json!({"kind": "stats", "rows": [row]})).await;
    assert_eq!(counters(&job), "done 0 1 0 0");
    assert_eq!(officer.get(&path(0)).await.expect(200)["assessments"], json!([]));
}

#[rstest]
#[actix_web::test]
async fn rows_that_contradict_each_other_are_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&place);
    (0..2).for_each(|n| drop(app.given_school(&place, &format!("Школа № {n}"), n)));
    let table = format!(
        "{HEADING}\n\
         1025799000017;2022/2023;166;15;21;ВПР;математика;5;2023;14;3\n\
         1025799000017;2022/2023;167;;;ВПР;русский язык;5;2023;14;2\n\
         1025799000028;;90;8;12;;;;;;\n\
         1025799000017;2022/2023;166;15;21;;;;;;\n"
    );
    let job = imported(&app, &officer, &STATS, "статистика.csv", table.as_bytes()).await;
    assert_eq!(counters(&job), "done 0 0 0 4");
    assert_eq!(
        errors(&officer, &job).await,
        ["3 Обучающихся differs-from-first", "4 Учебный год required", "5 - duplicate-row"]
    );
    let copy =
        officer.get(&format!("/api/v1/jobs/{}/errors?format=csv", job["id"].as_str().unwrap())).await.text();
    assert!(copy.contains("Отличается от первой строки той же школы"), "{copy}");
    let wrong = officer.post(IMPORTS, &json!({"kind": "stats", "academic_year": 1999, "rows": [{}]})).await;
    assert_eq!(wrong.violations(422), ["/academic_year too-small"]);
    let rows: Vec<Value> =
        vec![json!({"ogrn": "1025799000028", "academic_year": "2022/2023", "pupils_total": 1})];
    let job = imported_rows(&app, &officer, &json!({"kind": "stats", "mode": "row", "rows": rows})).await;
    assert_eq!(errors(&officer, &job).await, ["1 academic_year wrong-type"]);
}
