//! A client of the service for what is done once; the load has its own.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Password of every account of the measurement.
const PASSWORD: &str = "тысяча школ и сорок мероприятий";

/// One signed-in person.
pub struct Person {
    http: reqwest::Client,
    base: String,
    /// The access token.
    pub token: String,
}

impl Person {
    /// Signs in with the one-time password and changes it.
    pub async fn settle(address: SocketAddr, login: &str, one_time: &str) -> anyhow::Result<Self> {
        let mut person =
            Self { http: reqwest::Client::new(), base: format!("http://{address}"), token: String::new() };
        let given = json!({"login": login, "password": one_time});
        let pair = person.post("/api/v1/auth/login", &given).await?;
        person.token = text(&pair, "access_token")?;
        let change = json!({"current_password": one_time, "new_password": PASSWORD});
        let pair = person.post("/api/v1/me/password", &change).await?;
        person.token = text(&pair, "access_token")?;
        Ok(person)
    }

    /// Makes an account and signs its person in.
    pub async fn introduce(
        &self,
        address: SocketAddr,
        login: &str,
        mut account: Value,
    ) -> anyhow::Result<Self> {
        if let Some(account) = account.as_object_mut() {
            account.insert("login".to_owned(), json!(login));
            account.insert("full_name".to_owned(), json!(format!("Измерение: {login}")));
        }
        let made = self.post("/api/v1/accounts", &account).await?;
        Self::settle(address, login, &text(&made, "one_time_password")?).await
    }

    /// Somebody else, who has this token.
    pub fn with_token(&self, token: String) -> Self {
        Self { http: self.http.clone(), base: self.base.clone(), token }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.send(self.request(Method::GET, path)).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Reads what is no JSON.
    pub async fn get_bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Creates, or asks.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.send(self.request(Method::POST, path).json(body)).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// A transition of the resource at `path` from its present version.
    pub async fn step(&self, path: &str, step: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let version = self.get(path).await?.get("version").and_then(Value::as_i64).context("no version")?;
        let request = self
            .request(Method::POST, &format!("{path}/{step}"))
            .header("If-Match", format!("\"{version}\""));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Ok(serde_json::from_slice(&self.send(request).await?)?)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Vec<u8>> {
        let answer = request.send().await?;
        let (status, url) = (answer.status(), answer.url().clone());
        let body = answer.bytes().await?.to_vec();
        ensure!(status.is_success(), "{url}: {status} {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

/// A text member of an answer.
pub fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    let found = value.get(member).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no {member} in the answer"))?.to_owned())
}

/// The `items` of an answer.
pub fn items(value: &Value) -> &[Value] {
    value.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
