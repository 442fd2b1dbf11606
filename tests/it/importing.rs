//! What stories of imports share: tables of schools, and a job from its request to its end.

use encoding_rs::WINDOWS_1251;
use rust_xlsxwriter::Workbook;
use serde_json::Value;

use crate::app::TestApp;
use crate::client::{Client, Resource};

pub const IMPORTS: &str = "/api/v1/imports";

/// Valid codes of a school of its own: INN and OGRN.
pub fn codes(number: usize) -> (String, String) {
    let nine = format!("57{number:07}");
    let weights = [2, 4, 10, 3, 5, 9, 4, 6, 8];
    let sum: u32 = nine.chars().zip(weights).map(|(c, w)| c.to_digit(10).unwrap() * w).sum();
    let twelve = format!("10257{number:07}");
    let check = twelve.parse::<u64>().unwrap() % 11 % 10;
    (format!("{nine}{}", sum % 11 % 10), format!("{twelve}{check}"))
}

pub const HEADING: [&str; 7] =
    ["ОГРН", "ИНН", "Краткое наименование", "Правовая форма", "Вид школы", "Уровни образования", "Телефон"];

/// A row of a school.
pub fn school(number: usize) -> Vec<String> {
    let (inn, ogrn) = codes(number);
    let name = format!("МБОУ-Школа № {number}");
    [ogrn.as_str(), &inn, &name, "МБОУ", "СОШ", "НОО, ООО; СОО", "+7 48642 2-10-31"]
        .map(str::to_owned)
        .to_vec()
}

/// A heading and rows of schools.
pub fn schools(numbers: impl IntoIterator<Item = usize>) -> Vec<Vec<String>> {
    std::iter::once(HEADING.map(str::to_owned).to_vec()).chain(numbers.into_iter().map(school)).collect()
}

/// The rows as CSV in UTF-8.
pub fn csv(rows: &[Vec<String>], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A text as office suites in Russian save it.
pub fn windows_1251(utf_8: &[u8]) -> Vec<u8> {
    let (bytes, _, lossy) = WINDOWS_1251.encode(std::str::from_utf8(utf_8).unwrap());
    assert!(!lossy);
    bytes.into_owned()
}

/// The rows as a workbook; what is a number there is one here, too.
pub fn xlsx(rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

/// Sends a file and lets the job run to its end.
pub async fn imported(app: &TestApp, by: &Client, fields: &[(&str, &str)], name: &str, file: &[u8]) -> Value {
    let sent = by.upload(IMPORTS, fields, name, file).await;
    let job = sent.expect(202);
    assert_eq!(sent.header("location"), Some(format!("/api/v1/jobs/{}", job.id())));
    assert_eq!((&job["status"], &job["progress"]["processed"]), (&"queued".into(), &0.into()));
    app.run_jobs().await;
    ended(by, &job).await
}

/// As [`imported`], of rows as JSON.
pub async fn imported_rows(app: &TestApp, by: &Client, body: &Value) -> Value {
    let job = by.post(IMPORTS, body).await.expect(202);
    app.run_jobs().await;
    ended(by, &job).await
}

async fn ended(by: &Client, job: &Value) -> Value {
    let job = by.get(&format!("/api/v1/jobs/{}", job.id())).await.expect(200);
    let counted = ["created", "updated", "unchanged", "rejected"].map(|name| &job["counters"][name]);
    let sum: i64 = counted.iter().map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(Some(sum), job["counters"]["total"].as_i64(), "{job}");
    assert!(matches!(job["status"].as_str(), Some("done" | "failed")), "{job}");
    job
}

/// `created updated unchanged rejected` of a job, and how it ended.
pub fn counters(job: &Value) -> String {
    let counted =
        ["created", "updated", "unchanged", "rejected"].map(|name| job["counters"][name].to_string());
    format!("{} {}", job["status"].as_str().unwrap(), counted.join(" "))
}

/// `row column code` of every error of a job, in their order.
pub async fn errors(by: &Client, job: &Value) -> Vec<String> {
    let page = by.get(&format!("/api/v1/jobs/{}/errors?limit=1000", job.id())).await.expect(200);
    let text = |error: &Value| {
        let column = error["column"].as_str().unwrap_or("-");
        format!("{} {column} {}", error["row"], error["code"].as_str().unwrap())
    };
    page["items"].as_array().unwrap().iter().map(text).collect()
}

/// How many schools the caller reads.
pub async fn count_schools(by: &Client) -> i64 {
    by.get("/api/v1/schools?limit=1&count=exact").await.expect(200)["page"]["count"].as_i64().unwrap()
}
