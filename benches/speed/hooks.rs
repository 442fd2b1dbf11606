//! Webhooks: how fast ten receivers on this machine are told, each in order.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpResponse, HttpServer, post};
use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::api::{Person, text};
use crate::database::Database;
use crate::table::{Limit, Table};

/// Webhooks.
const HOOKS: usize = 10;
/// Changes that each is told of.
const CHANGES: i64 = 500;

/// Numbers of the changes that came, by webhook.
type Told = Mutex<Vec<Vec<i64>>>;

/// A receiver within this process.
pub struct Receiver {
    /// Where it listens, as an operator lists it.
    pub target: String,
    told: Arc<Told>,
}

#[post("/{hook}")]
async fn take(hook: Path<usize>, body: Bytes, told: Data<Told>) -> HttpResponse {
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let seq = event.pointer("/data/seq").and_then(Value::as_i64).unwrap_or_default();
    if let Some(own) = told.lock().unwrap_or_else(PoisonError::into_inner).get_mut(*hook) {
        own.push(seq);
    }
    HttpResponse::NoContent().finish()
}

impl Receiver {
    /// Listens on a free port.
    pub fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let target = format!("http://{}", listener.local_addr()?);
        let told: Arc<Told> = Arc::new(Mutex::new(vec![Vec::new(); HOOKS]));
        let shared = Data::from(Arc::clone(&told));
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).service(take));
        actix_web::rt::spawn(server.workers(1).disable_signals().listen(listener)?.run());
        Ok(Self { target, told })
    }

    fn counts(&self) -> Vec<usize> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Vec::len).collect()
    }
}

/// Ten webhooks begin so many changes before the newest, `newest`.
pub async fn measure(
    database: &Database,
    admin: &Person,
    base: &str,
    receiver: &Receiver,
    newest: i64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let scopes = json!(["schools:read", "webhooks:manage"]);
    let client = json!({"name": "Портал", "region_code": "57", "scopes": scopes});
    let client = admin.post("/api/v1/clients", &client).await?;
    let token: Value = reqwest::Client::new()
        .post(format!("{base}/api/v1/oauth/token"))
        .basic_auth(text(&client, "id")?, Some(text(&client, "client_secret")?))
        .form(&[("grant_type", "client_credentials")])
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let portal = admin.with_token(text(&token, "access_token")?);
    let since = Instant::now();
    for hook in 0..HOOKS {
        let url = format!("{}/{hook}", receiver.target);
        let body = json!({"url": url, "resources": ["schools"], "after": newest - CHANGES});
        portal.post("/api/v1/webhooks", &body).await?;
    }
    let wanted = usize::try_from(CHANGES)?;
    while receiver.counts().iter().any(|count| *count < wanted) {
        ensure!(since.elapsed() < Duration::from_secs(60), "only {:?} of {wanted} each", receiver.counts());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seconds = since.elapsed().as_secs_f64();
    let told = receiver.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for own in &told {
        let rising = own.windows(2).all(|pair| pair.first() < pair.last());
        ensure!(rising && own.len() == wanted, "out of order, or twice");
    }
    let deliveries = u32::try_from(told.iter().map(Vec::len).sum::<usize>()).context("too many")?;
    let rate = f64::from(deliveries) / seconds;
    table.add(
        database.name,
        "Webhook deliveries per second, ten receivers, each in order",
        Limit::AtLeast(500.0),
        rate,
        "",
    );
    Ok(())
}
