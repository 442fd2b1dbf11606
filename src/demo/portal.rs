//! The portal's side of the demonstration: a service client with a webhook.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::play::Played;
use super::player::{Player, id, text};
use crate::kit::clock::Clock;

/// What the portal may: to read everything that a region reads, to follow it, and to be told of it.
const SCOPES: [&str; 10] = [
    "schools:read",
    "orders:read",
    "lists:read",
    "plans:read",
    "reports:read",
    "indicators:read",
    "recommendations:read",
    "notes:read",
    "changes:read",
    "webhooks:manage",
];

/// Registers the client and its webhook to `receiver`.
///
/// # Errors
///
/// The first refused request, with the refusal.
pub async fn connect(base: &str, clock: &Clock, receiver: &str, played: &mut Played) -> anyhow::Result<()> {
    let mut player = Player::new(base, clock, &|_| ());
    let body = json!({"name": "Региональный портал образования", "region_code": "57", "scopes": SCOPES});
    let client = player.create("admin", "/api/v1/clients", body).await?;
    played.client_id = id(&client)?;
    played.client_secret = text(&client, "client_secret")?;

    let http = reqwest::Client::new();
    let token: Value = http
        .post(format!("{base}/api/v1/oauth/token"))
        .basic_auth(&played.client_id, Some(&played.client_secret))
        .form(&[("grant_type", "client_credentials")])
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let reply = http
        .post(format!("{base}/api/v1/webhooks"))
        .bearer_auth(text(&token, "access_token")?)
        .json(&json!({"url": format!("{receiver}/hook"), "description": "Пример приёмника"}))
        .send()
        .await?;
    let (status, body) = (reply.status(), reply.text().await?);
    ensure!(status.is_success(), "the webhook was refused with {status}: {body}");
    let hook: Value = serde_json::from_str(&body).context("the webhook")?;
    played.webhook_secret = text(&hook, "secret")?;
    Ok(())
}
