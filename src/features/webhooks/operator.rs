//! What the operator does with webhooks by the command line, past the API.

use anyhow::Context;

use super::store;
use crate::auth::vault::Vault;
use crate::db::AnyConnection;
use crate::kit::id::ClientId;

/// The secret that signs deliveries of a client's webhook to `url`.
///
/// # Errors
///
/// The client has no such webhook; the secret was sealed with the key of another data folder;
/// database failures.
pub fn secret_of(
    conn: &mut AnyConnection,
    vault: &Vault,
    client: &ClientId,
    url: &str,
) -> anyhow::Result<String> {
    let row = store::by_url(conn, client, url)?;
    let row = row.with_context(|| format!("client {client} has no webhook to {url}"))?;
    vault.open(row.id.as_str(), &row.secret)
}
