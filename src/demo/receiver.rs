//! A receiver of webhooks to look at: prints what it accepts, and refuses what is not signed.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::Value;

use crate::features::webhooks::signature;
use crate::kit::clock::Clock;

/// What it needs to know of deliveries.
struct Expected {
    secret: String,
    clock: Clock,
}

/// Listens on `listen` until it is interrupted; deliveries are signed with `secret`.
///
/// # Errors
///
/// The port cannot be had.
pub async fn run(listen: SocketAddr, secret: String, clock: Clock) -> anyhow::Result<()> {
    let expected = Data::from(Arc::new(Expected { secret, clock }));
    println!("listening on http://{listen}; every address takes deliveries");
    let app = move || App::new().app_data(expected.clone()).default_service(web::to(take));
    HttpServer::new(app).workers(1).bind(listen)?.run().await?;
    Ok(())
}

/// 204 once the delivery is known to be the service's, 401 otherwise. A real receiver would note
/// the id and do the work later: the answer should not wait for it.
async fn take(req: HttpRequest, body: Bytes, expected: Data<Expected>) -> HttpResponse {
    let header =
        |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp").parse().unwrap_or(0));
    let now = expected.clock.now().timestamp();
    if !signature::is_good(&expected.secret, id, timestamp, &body, header("webhook-signature"), now) {
        println!("refused: not signed with the secret, or not of now");
        return HttpResponse::Unauthorized().finish();
    }
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |member: &str| event.get(member).and_then(Value::as_str).unwrap_or_default();
    println!("{} {} {}", text("time"), text("type"), text("subject"));
    HttpResponse::NoContent().finish()
}
