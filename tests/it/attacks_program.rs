//! Attacks whose effect shows in the log of the program.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::DatabaseUrl;
use serde_json::json;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply};
use crate::raw::Raw;
use crate::witness::Witness;

const LIVE: &str = "/health/live";

/// The program beside an application, on its database and with its keys.
pub struct Neighbour {
    pub child: Child,
    pub url: String,
    log: Receiver<String>,
}

impl Neighbour {
    /// Starts with its log in this form, and without a quota for addresses.
    pub fn of(app: &TestApp, log_format: &str) -> Self {
        let database = match &app.database_url {
            DatabaseUrl::Postgres(url) => url.clone(),
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_school-roadmap"))
            .arg("serve")
            .current_dir(app.data_dir())
            .env_clear()
            .env("DATABASE_URL", database)
            .env("DATA_DIR", app.data_dir())
            .env("LISTEN", "127.0.0.1:0")
            .env("LOG_FORMAT", log_format)
            .env("RATE_ADDRESS", "0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, log) = channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).split(b'\n');
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody reads any more: the program still must not wait for its log.
                sender.send(String::from_utf8_lossy(&line).into_owned()).ok();
            }
        });
        let mut program = Self { child, url: String::new(), log };
        let lines = program.lines_until("listening on port ");
        let line = lines.last().unwrap();
        let (_, port) = line.split_once("listening on port ").unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        program.url = format!("http://127.0.0.1:{port}");
        program
    }

    /// What it logs, up to the line with these words.
    fn lines_until(&self, words: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.log.recv_timeout(Duration::from_secs(60)).unwrap();
            let is_last = line.contains(words);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[rstest]
#[actix_web::test]
async fn what_a_caller_writes_makes_no_line_of_the_log(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut seen = Witness::of("I26", on);
    let forged = "a\r\n[2023-03-01T09:00:00Z INFO  access] FORGED\x1b[2J\x1b[31m";
    for format in ["text", "json"] {
        let program = Neighbour::of(&app, format);
        let client = Client::new(&program.url, None);
        let login = client.post("/api/v1/auth/login", &json!({ "login": forged, "password": forged })).await;
        assert_eq!(login.problem(422), "invalid");
        let path: String = url::form_urlencoded::byte_serialize(forged.as_bytes()).collect();
        let path = client.get(&format!("/api/v1/orders/{path}")).await;
        assert_eq!(path.problem(401), "unauthenticated");
        let mut answers = vec![login, path];
        for name in ["X-Request-Id", "X-Forwarded-For", "User-Agent", "Authorization"] {
            let header = client.request(Method::GET, LIVE).header(name, "[31m FORGED\tb");
            answers.push(Reply::of(header).await);
        }
        for bytes in [
            "GET /\x1b[31mFORGED HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: \x1b[31mFORGED\r\n\r\n",
            "GET /health/live\rFORGED HTTP/1.1\r\nHost: x\r\n\r\n",
        ] {
            let mut raw = Raw::connect(&program.url);
            raw.send(bytes);
            assert_eq!(raw.reply().status, 400, "{bytes:?}");
        }
        Reply::of(client.request(Method::GET, LIVE).header("X-Request-Id", "the-last")).await.expect(200);

        let lines = program.lines_until("the-last");
        for line in &lines {
            let whole = match format {
                "text" => line.starts_with("[20") && line.contains("] "),
                _ => serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line.is_object()),
            };
            assert!(whole && !line.chars().any(char::is_control), "{line:?}");
        }
        for answer in &answers {
            let id = answer.header("x-request-id").unwrap();
            let told = lines.iter().filter(|line| line.contains(&id)).count();
            assert_eq!(told, 1, "{id}: {lines:#?}");
            seen.saw("answered: one line");
        }
        let named = |line: &&String| line.contains("access") && line.contains("FORGED");
        assert_eq!(lines.iter().filter(named).count(), 1, "the path alone is told, as it came: {lines:#?}");
        seen.saw(format!("{format}: no control character in any line"));
    }
    seen.report();
}
