//! The program: command line only, no logic.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use school_roadmap::api::document::document;
use school_roadmap::config::Config;
use school_roadmap::db::migrate;
use school_roadmap::kit::clock::Clock;
use school_roadmap::startup::Application;

/// Yearly road map of support for schools with low educational results, as a JSON API.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; migrates the database first.
    Serve,
    /// Bring the database up to this program's schema.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
}

#[actix_web::main]
async fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            log::error!("{cause:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve => {
            let config = Config::from_env()?;
            Application::build(&config, Clock::system())?.run().await
        }
        Command::Migrate => migrate::up(&Config::from_env()?.database_url),
        Command::Openapi => {
            let mut text = serde_json::to_string_pretty(&document())?;
            text.push('\n');
            Ok(std::io::stdout().write_all(text.as_bytes())?)
        }
    }
}
