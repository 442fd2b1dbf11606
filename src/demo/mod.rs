//! The demonstration: plays the reference case as HTTP requests, then serves it.
//!
//! Its database and keys lie in a folder of their own, so that it never touches others.
//! The clock of the play is set to the dates of the case, so that nothing in it is late.

pub mod case;
mod paper;
pub mod play;
mod player;
mod portal;
pub mod receiver;
mod review;
mod statistics;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use self::case::Case;
use self::play::{PASSWORD, Played};
use crate::config::Config;
use crate::db::DatabaseUrl;
use crate::kit::clock::Clock;
use crate::startup::Application;

/// Name of the file that says that the play was played to its end.
const FINISHED: &str = "played.json";

/// Where the demonstration's webhook delivers: `school-roadmap receiver` listens there.
const RECEIVER: &str = "http://127.0.0.1:8090";

/// Plays the case unless it was played before, then serves it on `listen`.
///
/// `reset` throws the demonstration's own folder away first.
///
/// # Errors
///
/// The folder, the port or a step of the play; the message says which.
pub async fn run(data_dir: &Path, listen: SocketAddr, reset: bool) -> anyhow::Result<()> {
    let folder = data_dir.join("demo");
    if reset && folder.exists() {
        std::fs::remove_dir_all(&folder).context("cannot remove the demonstration's folder")?;
    }
    let finished = folder.join(FINISHED);
    if !finished.exists() && folder.exists() {
        std::fs::remove_dir_all(&folder).context("cannot remove a half-played demonstration")?;
    }
    std::fs::create_dir_all(&folder)?;
    let database = DatabaseUrl::Sqlite(folder.join("school-roadmap.db"));
    let mut config = Config::local(database, folder);
    config.webhook_targets = RECEIVER.parse()?;
    if !finished.exists() {
        let played = play_with_progress(&config).await?;
        std::fs::write(&finished, serde_json::to_vec_pretty(&played)?)?;
    }
    let played: Played = serde_json::from_slice(&std::fs::read(&finished)?)?;
    config.listen = listen;
    config.workers = None;
    let application = Application::build(&config, Clock::system())
        .with_context(|| format!("cannot serve on {listen}: is it in use? Set LISTEN to another address"))?;
    println!("{}", greeting(&format!("http://{}:{}", listen.ip(), application.port()), &played));
    application.run().await
}

async fn play_with_progress(config: &Config) -> anyhow::Result<Played> {
    let case = Case::reference()?;
    let bar = ProgressBar::new(case.steps());
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let clock = Clock::standing(play::beginning());
    let application = Application::build(config, clock.clone())?;
    let base = format!("http://127.0.0.1:{}", application.port());
    let server = application.into_server();
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let report = bar.clone();
    let outcome = play::whole(&base, &clock, &config.database_url, &case, &move |step: &str| {
        report.set_message(step.to_owned());
        report.inc(1);
    })
    .await;
    let outcome = match outcome {
        Ok(mut played) => portal::connect(&base, &clock, RECEIVER, &mut played).await.map(|()| played),
        refused => refused,
    };
    handle.stop(true).await;
    serving.await??;
    bar.finish_and_clear();
    outcome
}

fn greeting(base: &str, played: &Played) -> String {
    let mut text = format!(
        "\nschool-roadmap serves the reference case (Хотынецкий район, 2023)\n\n  \
         Documentation   {base}/docs/\n  Published note  {base}/api/v1/public/notes/{}/content?format=html\n\n  \
         Accounts, all with the password {PASSWORD}\n",
        played.note_id
    );
    for (login, role) in &played.accounts {
        text.push_str(&format!("    {login:<12} {role}\n"));
    }
    text.push_str(&format!(
        "\n  A service client, as a portal would have it, and its webhook to {RECEIVER}\n    \
         client_id     {}\n    client_secret {}\n    webhook       {}\n\n    \
         curl -s {base}/api/v1/oauth/token -u '{}:{}' -d grant_type=client_credentials\n    \
         school-roadmap receiver --secret '{}'\n",
        played.client_id,
        played.client_secret,
        played.webhook_secret,
        played.client_id,
        played.client_secret,
        played.webhook_secret
    ));
    text.push_str(&format!(
        "\n  Sign in and read the conclusions:\n\n    TOKEN=$(curl -s {base}/api/v1/auth/login -H 'Content-Type: application/json' \\\n      \
         -d '{{\"login\": \"officer\", \"password\": \"{PASSWORD}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n    \
         curl -s {base}/api/v1/monitorings/{}/conclusions -H \"Authorization: Bearer $TOKEN\"\n",
        played.monitoring_id
    ));
    text
}
