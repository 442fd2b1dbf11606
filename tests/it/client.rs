//! A client of the API as an integrator would write one.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Sends requests with one identity.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Client {
    pub fn new(base: &str, token: Option<String>) -> Self {
        Self { http: reqwest::Client::new(), base: base.to_owned(), token }
    }

    /// The same caller before another instance.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// A request to be completed by hand.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.request(Method::POST, path).json(body)).await
    }

    /// A form with a file; the name stands as browsers write it.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], name: &str, file: &[u8]) -> Reply {
        Reply::of(self.form(path, fields, name, file)).await
    }

    /// As [`upload`](Self::upload), to be completed by hand.
    pub fn form(&self, path: &str, fields: &[(&str, &str)], name: &str, file: &[u8]) -> RequestBuilder {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.request(Method::POST, path).header("Content-Type", kind).body(form(fields, name, file))
    }

    /// A transition without a body.
    pub async fn act(&self, path: &str, version: i64) -> Reply {
        Reply::of(self.request(Method::POST, path).header("If-Match", tag(version))).await
    }

    /// A transition with a body.
    pub async fn act_with(&self, path: &str, version: i64, body: &Value) -> Reply {
        let request = self.request(Method::POST, path);
        Reply::of(request.header("If-Match", tag(version)).json(body)).await
    }

    pub async fn patch(&self, path: &str, version: i64, body: &Value) -> Reply {
        let request = self.request(Method::PATCH, path);
        Reply::of(request.header("If-Match", tag(version)).json(body)).await
    }

    pub async fn put(&self, path: &str, version: i64, body: &Value) -> Reply {
        let request = self.request(Method::PUT, path);
        Reply::of(request.header("If-Match", tag(version)).json(body)).await
    }

    pub async fn delete(&self, path: &str, version: i64) -> Reply {
        Reply::of(self.request(Method::DELETE, path).header("If-Match", tag(version))).await
    }
}

const BOUNDARY: &str = "----school-roadmap-test";

fn form(fields: &[(&str, &str)], name: &str, file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in fields {
        let part =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn tag(version: i64) -> String {
    format!("\"{version}\"")
}

impl Reply {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// The body as JSON; panics with the text when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{} is no JSON: {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body, once the status is what it should be.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// `code` of a problem, once the status is what it should be.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        let body = self.expect(status);
        let kind = self.header("content-type");
        assert_eq!(kind.as_deref(), Some("application/problem+json"));
        body["code"].as_str().unwrap().to_owned()
    }

    /// `pointer code` of every violation of a problem, sorted.
    #[track_caller]
    pub fn violations(&self, status: u16) -> Vec<String> {
        let body = self.expect(status);
        let mut found: Vec<String> = body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| {
                format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
            })
            .collect();
        found.sort();
        found
    }

    /// The problem without what differs between two equal refusals.
    pub fn problem_without_request_id(&self) -> Value {
        let mut body = self.json();
        body.as_object_mut().unwrap().remove("request_id");
        body
    }

    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().unwrap().to_owned())
    }
}

/// The members that most stories need.
pub trait Resource {
    fn id(&self) -> String;
    fn version(&self) -> i64;
}

impl Resource for Value {
    fn id(&self) -> String {
        self["id"].as_str().unwrap_or_else(|| panic!("no id in {self}")).to_owned()
    }

    fn version(&self) -> i64 {
        self["version"].as_i64().unwrap_or_else(|| panic!("no version in {self}"))
    }
}
