//! The program: command line only, no logic.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use school_roadmap::api::document::document;
use school_roadmap::auth::keys;
use school_roadmap::config::Config;
use school_roadmap::db::migrate;
use school_roadmap::demo;
use school_roadmap::features::{accounts, changes};
use school_roadmap::kit::clock::Clock;
use school_roadmap::kit::id::{MunicipalityId, SchoolId};
use school_roadmap::startup::Application;

/// Gives memory back some seconds after it was last needed; the system's own allocator keeps
/// what a large answer or a password hash once took, for each thread that ever worked on one.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    /// Manage accounts past the API.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manage the keys that sign access tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look after the change feed.
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Play the reference case, then serve it; its data lie in DATA_DIR/demo.
    Demo {
        /// Throw the demonstration's data away and start over.
        #[arg(long)]
        reset: bool,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Make a new signing key; tokens of the one before stay good until they end.
    Rotate,
}

#[derive(Subcommand)]
enum FeedCommand {
    /// Give the feed a new epoch and print it. To be run after a backup was restored, before the
    /// service starts: readers of the feed are then sent to the export instead of following numbers
    /// that belong to other changes now.
    NewEpoch,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Make an account; prints a one-time password that must be changed at first sign-in.
    Create {
        /// Code of the role, e.g. admin.
        #[arg(long)]
        role: String,
        /// Login.
        #[arg(long)]
        login: String,
        /// Region, two digits, for a regional viewer.
        #[arg(long)]
        region_code: Option<String>,
        /// Id of the municipality.
        #[arg(long)]
        municipality_id: Option<String>,
        /// Id of the school.
        #[arg(long)]
        school_id: Option<String>,
    },
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
        Command::Account(AccountCommand::Create { role, login, region_code, municipality_id, school_id }) => {
            let config = Config::from_env()?;
            migrate::up(&config.database_url)?;
            let mut account = accounts::new_account(&login, &role)?;
            account.placement.region_code = region_code;
            account.placement.municipality_id = municipality_id.map(MunicipalityId);
            account.placement.school_id = school_id.map(SchoolId);
            let mut conn = config.database_url.connect()?;
            let (_, password) = accounts::create_by_operator(&mut conn, &Clock::system(), account)?;
            Ok(writeln!(std::io::stdout(), "{password}")?)
        }
        Command::Keys(KeysCommand::Rotate) => {
            let config = Config::from_env()?;
            anyhow::ensure!(
                config.signing_key_file.is_none(),
                "SIGNING_KEY_FILE names a key that is managed elsewhere: rotate it there"
            );
            let (new, old) = keys::rotate(&config.data_dir, Clock::system().now())?;
            Ok(writeln!(
                std::io::stdout(),
                "new key {new}\nthe key before, {old}, is good for 15 minutes more"
            )?)
        }
        Command::Feed(FeedCommand::NewEpoch) => {
            let config = Config::from_env()?;
            migrate::up(&config.database_url)?;
            let epoch = changes::new_epoch(&mut config.database_url.connect()?)?;
            Ok(writeln!(std::io::stdout(), "{epoch}")?)
        }
        Command::Demo { reset } => {
            let config = Config::from_env()?;
            demo::run(&config.data_dir, config.listen, reset).await
        }
        Command::Openapi => {
            let mut text = serde_json::to_string_pretty(&document())?;
            text.push('\n');
            Ok(std::io::stdout().write_all(text.as_bytes())?)
        }
    }
}
