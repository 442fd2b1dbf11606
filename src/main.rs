//! The program: command line only, no logic.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use school_roadmap::api::document::published;
use school_roadmap::auth::keys;
use school_roadmap::auth::vault::Vault;
use school_roadmap::backup;
use school_roadmap::config::{self, Config};
use school_roadmap::db::{Db, migrate};
use school_roadmap::demo;
use school_roadmap::features::imports::{OperatorImport, import_by_operator};
use school_roadmap::features::webhooks::{self, Sender, Targets, conformance};
use school_roadmap::features::{accounts, audit, changes};
use school_roadmap::kit::clock::Clock;
use school_roadmap::kit::id::{ClientId, MunicipalityId, SchoolId};
use school_roadmap::startup::{Application, open_files};

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
    /// Look after the audit.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Import a table past the API; FILE.errors.csv tells what was wrong with its rows.
    Import(ImportArguments),
    /// Write everything the service keeps to a new ZIP archive; the service may work meanwhile. The keys in
    /// DATA_DIR are not in it.
    Backup {
        /// The archive.
        file: PathBuf,
    },
    /// Bring a backup into the empty database that DATABASE_URL names, and its files into the store; the
    /// change feed gets a new epoch.
    Restore {
        /// The archive.
        file: PathBuf,
    },
    /// Read every row and every file and tell what is damaged or missing; the service may work meanwhile.
    Check,
    /// Check a receiver of webhooks: what it accepts and refuses, and how fast; prints a table.
    Conformance {
        /// Address of the receiver, as its webhook has it.
        #[arg(long)]
        url: String,
        /// The client whose webhook it is; its secret is read from the database.
        #[arg(long, conflicts_with = "secret", required_unless_present = "secret")]
        client: Option<String>,
        /// The secret itself, for a receiver that is not registered yet.
        #[arg(long)]
        secret: Option<String>,
    },
    /// Receive webhooks and print what is delivered: an example to begin with.
    Receiver {
        /// Address and port.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// The secret of the webhook.
        #[arg(long)]
        secret: String,
    },
    /// Play the reference case, then serve it; its data lie in DATA_DIR/demo.
    Demo {
        /// Throw the demonstration's data away and start over.
        #[arg(long)]
        reset: bool,
    },
}

#[derive(Args)]
struct ImportArguments {
    /// CSV, XLSX or JSON; the first row of a table names the columns.
    file: PathBuf,
    /// schools, support_list, road_map or stats.
    #[arg(long)]
    kind: String,
    /// atomic: all rows or none; row: each by itself.
    #[arg(long, default_value = "atomic")]
    mode: String,
    /// Check everything, store nothing.
    #[arg(long)]
    dry_run: bool,
    /// Id of the municipality of the rows.
    #[arg(long)]
    municipality_id: Option<String>,
    /// Region of the rows, for a support list of several municipalities.
    #[arg(long)]
    region_code: Option<String>,
    /// Remove or change more than a fifth of a list or a map.
    #[arg(long, requires = "reason")]
    force: bool,
    /// Why, for the audit.
    #[arg(long)]
    reason: Option<String>,
    /// The draft whose schools are replaced.
    #[arg(long)]
    support_list_id: Option<String>,
    /// Level of the draft list.
    #[arg(long)]
    level: Option<String>,
    /// Category of the draft list.
    #[arg(long)]
    category: Option<String>,
    /// Calendar year of the results of the draft list.
    #[arg(long)]
    results_year: Option<i32>,
    /// Id of the order of the draft list.
    #[arg(long)]
    order_id: Option<String>,
    /// The draft whose measures are replaced.
    #[arg(long)]
    road_map_id: Option<String>,
    /// Academic year of statistics that do not say theirs.
    #[arg(long)]
    academic_year: Option<i32>,
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
enum AuditCommand {
    /// Compute the seals of the audit anew and tell which rows were altered, added or removed; prints the
    /// head, to be noted elsewhere.
    Verify {
        /// A head that was noted before: it must be among the seals.
        #[arg(long)]
        head: Option<String>,
    },
    /// Print the audit as lines of JSON.
    Export {
        /// Only what follows this number.
        #[arg(long, default_value_t = 0)]
        after: i64,
    },
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
    // Database, evidence, keys and backups are nobody else's to read.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            log::error!("{cause:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    config::begin_logging()?;
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
        Command::Audit(AuditCommand::Verify { head }) => verify_audit(head).await,
        Command::Audit(AuditCommand::Export { after }) => {
            let db = Db::open(&Config::from_env()?.database_url, READER_CONNECTIONS, Clock::system())?;
            db.snapshot(move |conn| audit::write_lines(conn, after, &mut std::io::stdout().lock())).await
        }
        Command::Backup { file } => back_up(&file).await,
        Command::Restore { file } => restore(&file).await,
        Command::Check => check().await,
        Command::Conformance { url, client, secret } => {
            let config = Config::from_env()?;
            let secret = match (secret, client) {
                (Some(secret), _) => secret,
                (None, client) => {
                    let client = ClientId(client.unwrap_or_default());
                    let vault = Vault::load(&config.data_dir)?;
                    webhooks::secret_of(&mut config.database_url.connect()?, &vault, &client, &url)?
                }
            };
            check_receiver(&config, &url, &secret).await
        }
        Command::Receiver { listen, secret } => demo::receiver::run(listen, secret, Clock::system()).await,
        Command::Demo { reset } => {
            let config = Config::from_env()?;
            demo::run(&config.data_dir, config.listen, reset).await
        }
        Command::Import(arguments) => import(arguments).await,
        Command::Openapi => {
            let mut text = serde_json::to_string_pretty(&published()?)?;
            text.push('\n');
            Ok(std::io::stdout().write_all(text.as_bytes())?)
        }
    }
}

/// Connections that an import by the command line needs: one to write, one to look.
const IMPORT_CONNECTIONS: u32 = 2;

async fn import(arguments: ImportArguments) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    migrate::up(&config.database_url)?;
    let clock = Clock::system();
    let db = Db::open(&config.database_url, IMPORT_CONNECTIONS, clock.clone())?;
    let files = open_files(&config)?;
    let path = arguments.file;
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let wanted = OperatorImport {
        name,
        kind: arguments.kind,
        mode: arguments.mode,
        dry_run: arguments.dry_run,
        municipality_id: arguments.municipality_id,
        region_code: arguments.region_code,
        force: arguments.force,
        reason: arguments.reason,
        support_list_id: arguments.support_list_id,
        level: arguments.level,
        category: arguments.category,
        results_year: arguments.results_year,
        order_id: arguments.order_id,
        road_map_id: arguments.road_map_id,
        academic_year: arguments.academic_year,
    };
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}")?);
    let told = |done: usize, total: usize| {
        bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    };
    let report = import_by_operator(&db, &files, &clock, wanted, bytes, &told).await;
    bar.finish_and_clear();
    let report = report?;
    writeln!(std::io::stdout(), "{}", report.summary)?;
    if let Some(errors) = report.errors {
        let mut beside = path.into_os_string();
        beside.push(".errors.csv");
        std::fs::write(&beside, errors)?;
        writeln!(std::io::stdout(), "{}", PathBuf::from(beside).display())?;
    }
    if report.is_clean { Ok(()) } else { bail!("not every row was imported") }
}

/// Connections that a backup and a check need.
const READER_CONNECTIONS: u32 = 1;

async fn back_up(file: &Path) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let clock = Clock::system();
    let db = Db::open(&config.database_url, READER_CONNECTIONS, clock.clone())?;
    let made = backup::save(&db, &open_files(&config)?, &clock, file).await?;
    writeln!(std::io::stdout(), "{}: {made}", file.display())?;
    made.warn();
    anyhow::ensure!(
        made.missing.is_empty() && made.damaged.is_empty(),
        "not every file is in it as it was stored"
    );
    Ok(())
}

async fn restore(file: &Path) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let made = backup::restore(&config.database_url, &open_files(&config)?, &Clock::system(), file).await?;
    made.warn();
    Ok(writeln!(std::io::stdout(), "restored: {made}")?)
}

async fn verify_audit(head: Option<String>) -> anyhow::Result<()> {
    let db = Db::open(&Config::from_env()?.database_url, READER_CONNECTIONS, Clock::system())?;
    let found = db.snapshot(move |conn| anyhow::Ok(audit::verify(conn, head.as_deref())?)).await?;
    let mut out = std::io::stdout();
    for fault in &found.faults {
        writeln!(out, "{fault}")?;
    }
    writeln!(out, "{} rows are sealed, {} are not yet", found.rows, found.unsealed)?;
    if let Some((through, hash)) = &found.head {
        writeln!(out, "head {hash}, through row {through}")?;
    }
    anyhow::ensure!(found.faults.is_empty(), "{} faults", found.faults.len());
    Ok(())
}

async fn check() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let clock = Clock::system();
    let db = Db::open(&config.database_url, READER_CONNECTIONS, clock.clone())?;
    let checked = backup::check(&db, &open_files(&config)?, &clock).await?;
    let mut out = std::io::stdout();
    for fault in &checked.faults {
        writeln!(out, "{fault}")?;
    }
    writeln!(out, "{} rows and {} files are whole", checked.rows, checked.files)?;
    anyhow::ensure!(checked.faults.is_empty(), "{} faults", checked.faults.len());
    Ok(())
}

async fn check_receiver(config: &Config, url: &str, secret: &str) -> anyhow::Result<()> {
    // Who runs the command may send wherever he likes: the one target is what he names.
    let target = Targets::of(url)?;
    let ca = config.webhook_ca_file.as_ref().map(std::fs::read).transpose()?;
    let sender = Sender::new(target, ca.as_deref())?;
    let checks = conformance::check(&sender, url, secret, Clock::system().now()).await?;
    std::io::stdout().write_all(conformance::table(&checks).as_bytes())?;
    anyhow::ensure!(checks.iter().all(|check| check.passed), "the receiver does not conform");
    Ok(())
}
