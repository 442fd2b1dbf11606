//! A client that plays: signs people in, sends their requests, fails on any refusal.

use std::collections::HashMap;

use anyhow::{Context, bail};
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::play::PASSWORD;
use crate::kit::clock::Clock;

/// Sends requests in the name of the people of the case.
pub(super) struct Player<'a> {
    http: reqwest::Client,
    base: String,
    clock: Clock,
    tokens: HashMap<String, String>,
    announce: &'a (dyn Fn(&str) + Send + Sync),
}

impl<'a> Player<'a> {
    pub(super) fn new(base: &str, clock: &Clock, announce: &'a (dyn Fn(&str) + Send + Sync)) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: base.to_owned(),
            clock: clock.clone(),
            tokens: HashMap::new(),
            announce,
        }
    }

    /// Says what is being done.
    pub(super) fn say(&self, step: &str) {
        (self.announce)(step);
    }

    /// Moves the clock to noon of a civil date in Moscow; everybody signs in anew.
    pub(super) fn on(&mut self, date: &str) -> anyhow::Result<()> {
        self.clock.set(format!("{date}T09:00:00Z").parse()?);
        self.tokens.clear();
        Ok(())
    }

    pub(super) async fn get(&mut self, who: &str, path: &str) -> anyhow::Result<Value> {
        self.send(who, Method::GET, path, None, None).await
    }

    pub(super) async fn create(&mut self, who: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(who, Method::POST, path, None, Some(body)).await
    }

    /// Sends a form with a file.
    pub(super) async fn upload(&mut self, who: &str, path: &str, form: Form) -> anyhow::Result<Value> {
        let request = self.request(who, Method::POST, path).await?.multipart(form);
        answered(who, &Method::POST, path, request).await
    }

    /// Puts a resource under its natural key for the first time.
    pub(super) async fn put(&mut self, who: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(who, Method::PUT, path, None, Some(body)).await
    }

    /// A transition of the resource at `path`, based on the version it has now.
    pub(super) async fn step(
        &mut self,
        who: &str,
        path: &str,
        step: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let current = self.get(who, path).await?;
        self.send(who, Method::POST, &format!("{path}/{step}"), Some(&current), body).await
    }

    /// Replaces or changes the resource at `path`, based on the version it has now.
    pub(super) async fn change(
        &mut self,
        who: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> anyhow::Result<Value> {
        let current = self.get(who, path).await?;
        self.send(who, method, path, Some(&current), Some(body)).await
    }

    /// Signs in with a one-time password and changes it to the demonstration's.
    pub(super) async fn settle(&mut self, login: &str, one_time_password: &str) -> anyhow::Result<()> {
        self.sign_in(login, one_time_password).await?;
        let body = json!({"current_password": one_time_password, "new_password": PASSWORD});
        self.send(login, Method::POST, "/api/v1/me/password", None, Some(body)).await?;
        self.tokens.remove(login);
        Ok(())
    }

    async fn sign_in(&mut self, login: &str, password: &str) -> anyhow::Result<()> {
        let url = format!("{}/api/v1/auth/login", self.base);
        let reply = self.http.post(url).json(&json!({"login": login, "password": password})).send().await?;
        let pair: Value = reply.json().await?;
        let token = pair
            .get("access_token")
            .and_then(Value::as_str)
            .with_context(|| format!("{login} cannot sign in: {pair}"))?;
        self.tokens.insert(login.to_owned(), token.to_owned());
        Ok(())
    }

    async fn send(
        &mut self,
        who: &str,
        method: Method,
        path: &str,
        based_on: Option<&Value>,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let mut request = self.request(who, method.clone(), path).await?;
        if let Some(version) = based_on.and_then(|resource| resource.get("version")) {
            request = request.header("If-Match", format!("\"{version}\""));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answered(who, &method, path, request).await
    }

    /// A request of somebody who is signed in.
    async fn request(&mut self, who: &str, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        if !self.tokens.contains_key(who) {
            self.sign_in(who, PASSWORD).await?;
        }
        let request = self.http.request(method, format!("{}{path}", self.base));
        Ok(match self.tokens.get(who) {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }
}

/// Sends a request and takes its answer; a refusal is a failure.
async fn answered(who: &str, method: &Method, path: &str, request: RequestBuilder) -> anyhow::Result<Value> {
    let reply = request.send().await?;
    let (status, text) = (reply.status(), reply.text().await?);
    if !status.is_success() {
        bail!("{who}: {method} {path} was refused with {status}: {text}");
    }
    if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
}

/// `id` of a resource.
pub(super) fn id(resource: &Value) -> anyhow::Result<String> {
    text(resource, "id")
}

/// A text member of a resource.
pub(super) fn text(resource: &Value, member: &str) -> anyhow::Result<String> {
    let value = resource.get(member).and_then(Value::as_str);
    value.map(str::to_owned).with_context(|| format!("no {member} in {resource}"))
}
