//! Puts the application together and runs it.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context;

use crate::api;
use crate::auth::attempts::Attempts;
use crate::auth::keys::Keys;
use crate::auth::outside::Outside;
use crate::auth::session::Sessions;
use crate::auth::token::Tokens;
use crate::auth::vault::Vault;
use crate::config::Config;
use crate::db::{Db, migrate};
use crate::features;
use crate::features::changes::Exports;
use crate::features::imports::{ImportLimits, Runner};
use crate::features::monitoring_indicators::SmallCells;
use crate::features::webhooks::{Delivering, Dispatcher, Sender};
use crate::files::{Files, StoreUrl};
use crate::kit::clock::Clock;
use crate::web::Reading;
use crate::web::body::BodyDeadline;
use crate::web::conventions::{self, AllowedHosts, PublicUrl};
use crate::web::metrics::Metrics;
use crate::web::notebook::Notebook;
use crate::web::rate::Limits;
use crate::web::upload::UploadLimits;

/// How long an import that runs is waited for at the end.
const LAST_JOB: Duration = Duration::from_secs(20);
/// Seconds within which the head of a request must arrive.
const HEAD_SECONDS: u64 = 5;
/// Seconds for which an idle connection stays open.
const KEEP_ALIVE_SECONDS: u64 = 75;
/// Connections per worker: slow clients must not use up the memory of a modest machine.
const CONNECTIONS_PER_WORKER: usize = 2_048;

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// A built application: listening, not yet serving.
pub struct Application {
    server: Server,
    port: u16,
    watched: Option<(Server, u16)>,
    db: Db,
    files: Files,
    clock: Clock,
    feed_days: u32,
    delivering: Delivering,
    runner: Runner,
    notebook: Data<Notebook>,
}

impl Application {
    /// Migrates the database, makes or reads the keys, binds the port.
    ///
    /// # Errors
    ///
    /// The database, the keys or the port cannot be had; the message says which.
    pub fn build(config: &Config, clock: Clock) -> anyhow::Result<Self> {
        migrate::up(&config.database_url)?;
        let db = Db::open(&config.database_url, config.pool_size, clock.clone())?;
        features::prepare(&mut config.database_url.connect()?, &clock)?;
        let keys = Keys::load(&config.data_dir, config.signing_key_file.as_deref())?;
        let tokens =
            Data::new(Tokens::new(keys, config.token_issuer.clone(), config.token_audience.clone())?);
        let outside = Data::new(Outside::new(config.outside_issuer.clone())?);
        let files = open_files(config)?;
        let limits = UploadLimits {
            file_bytes: config.evidence_file_mib * MIB,
            report_bytes: config.evidence_report_mib * MIB,
            whole: Duration::from_secs(config.upload_seconds),
        };
        let ca = config.webhook_ca_file.as_ref().map(std::fs::read).transpose().context("WEBHOOK_CA_FILE")?;
        let sender = Sender::new(config.webhook_targets.clone(), ca.as_deref())?;
        let vault = Arc::new(Vault::load(&config.data_dir)?);
        let import_limits = Data::new(ImportLimits {
            upload: UploadLimits { file_bytes: config.import_mib * MIB, ..limits },
            reading: Reading::default(),
        });
        let runner = Runner::default();
        let listener = TcpListener::bind(config.listen)?;
        let address = listener.local_addr()?;
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));

        let delivering =
            Delivering::new(db.clone(), clock.clone(), sender.clone(), Arc::clone(&vault), &public_url);

        let (sender, vault) = (Data::new(sender), Data::from(vault));
        let routes = Data::new(api::Routes::read()?);
        let sessions = Data::new(Sessions::default());
        let attempts = Data::new(Attempts::default());
        let hosts = Data::new(AllowedHosts(config.allowed_hosts.clone()));
        let public_url = Data::new(PublicUrl(public_url));
        let body_deadline = BodyDeadline(Duration::from_secs(config.body_seconds));
        let (shared_db, shared_clock) = (Data::new(db.clone()), Data::new(clock.clone()));
        let (shared_files, limits) = (Data::new(files.clone()), Data::new(limits));
        let shared_runner = Data::new(runner.clone());
        let small_cells = Data::new(SmallCells(config.small_cells_below));
        let exports = Data::new(Exports::default());
        let metrics = Data::new(Metrics::default());
        let rates = Data::new(Limits::new(config.rates, &clock));
        let proxies = Data::new(config.trusted_proxies.clone());
        let notebook = Data::new(Notebook::default());
        let shared_notebook = notebook.clone();
        let watched = match config.metrics_listen {
            Some(address) => {
                let listener = TcpListener::bind(address).context("METRICS_LISTEN")?;
                let port = listener.local_addr()?.port();
                Some((api::metrics::serve(listener, metrics.clone(), shared_db.clone())?, port))
            }
            None => None,
        };
        let mut server = HttpServer::new(move || {
            App::new()
                .app_data(tokens.clone())
                .app_data(outside.clone())
                .app_data(sessions.clone())
                .app_data(attempts.clone())
                .app_data(hosts.clone())
                .app_data(public_url.clone())
                .app_data(small_cells.clone())
                .app_data(exports.clone())
                .app_data(sender.clone())
                .app_data(vault.clone())
                .app_data(body_deadline)
                .app_data(shared_db.clone())
                .app_data(shared_clock.clone())
                .app_data(shared_files.clone())
                .app_data(limits.clone())
                .app_data(import_limits.clone())
                .app_data(shared_runner.clone())
                .app_data(routes.clone())
                .app_data(metrics.clone())
                .app_data(rates.clone())
                .app_data(proxies.clone())
                .app_data(shared_notebook.clone())
                .wrap(from_fn(conventions::around))
                .configure(api::serve)
                .configure(api::pages::configure)
                .default_service(actix_web::web::to(api::nothing_here))
        })
        .client_request_timeout(Duration::from_secs(HEAD_SECONDS))
        .keep_alive(Duration::from_secs(KEEP_ALIVE_SECONDS))
        .max_connections(CONNECTIONS_PER_WORKER)
        // Signals are taken in `run`: those who wait for changes are sent off first.
        .disable_signals()
        .shutdown_timeout(config.shutdown_seconds);
        if let Some(workers) = config.workers {
            server = server.workers(workers);
        }
        let (server, port, feed_days) = (server.listen(listener)?.run(), address.port(), config.feed_days);
        Ok(Self { server, port, watched, db, files, clock, feed_days, delivering, runner, notebook })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// How it delivers to webhooks.
    #[must_use]
    pub fn delivering(&self) -> &Delivering {
        &self.delivering
    }

    /// Its store of files.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// What runs its jobs, once [`run`](Self::run) lets it.
    #[must_use]
    pub fn runner(&self) -> &Runner {
        &self.runner
    }

    /// What it has noted for its audit, which [`run`](Self::run) writes down.
    #[must_use]
    pub fn notebook(&self) -> &Data<Notebook> {
        &self.notebook
    }

    /// The server, to run it beside something else or to stop it by its handle.
    pub fn into_server(self) -> Server {
        self.server
    }

    /// Serves until SIGTERM or SIGINT; requests in flight are finished first, those that wait for
    /// changes at once. A second signal ends the rest.
    ///
    /// # Errors
    ///
    /// The system's own error.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut signals = Signals::listen()?;
        let watched = self.watched.map(|(server, port)| {
            log::info!("metrics on port {port}");
            let handle = server.handle();
            actix_web::rt::spawn(server);
            handle
        });
        log::info!("listening on port {}", self.port);
        actix_web::rt::spawn(features::sweep(self.db.clone(), self.files.clone()));
        let jobs =
            actix_web::rt::spawn(self.runner.clone().work(self.db.clone(), self.files, self.clock.clone()));
        actix_web::rt::spawn(features::audit::keep_sealed(self.db.clone()));
        let keeping = features::audit::keep_noted(
            self.db.clone(),
            self.notebook.clone().into_inner(),
            self.clock.clone(),
        );
        actix_web::rt::spawn(keeping);
        actix_web::rt::spawn(features::tend(self.db.clone(), self.clock, self.feed_days));
        let dispatcher = actix_web::rt::spawn(Dispatcher::new(self.delivering).run());
        let (db, handle, runner) = (self.db.clone(), self.server.handle(), self.runner);
        actix_web::rt::spawn(async move {
            signals.next().await;
            log::info!("stopping: requests in flight are finished first");
            db.stop_waiting();
            runner.wake();
            let graceful = actix_web::rt::spawn(handle.stop(true));
            signals.next().await;
            graceful.abort();
            handle.stop(false).await;
        });
        self.server.await?;
        if let Err(cause) = features::audit::write_noted(&self.db, &self.notebook, None).await {
            log::error!("what was read and refused last is missing in the audit: {cause}");
        }
        if let Some(watched) = watched {
            watched.stop(false).await;
        }
        // A job that is nearly done is not done again; one that takes longer is left to its lease.
        if tokio::time::timeout(LAST_JOB, jobs).await.is_err() {
            log::info!("an import is left unfinished: it begins again with the next start");
        }
        // What is being delivered is let go, for another process to go on at once.
        Ok(dispatcher.await?)
    }
}

/// The signals that end the service.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Takes them over: from now on they no longer end the process by themselves.
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    /// The next one.
    async fn next(&mut self) {
        let interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        #[cfg(unix)]
        futures_util::future::select(interrupted, std::pin::pin!(self.terminate.recv())).await;
        #[cfg(not(unix))]
        interrupted.await.ok();
    }
}

/// The store of files that the settings name.
///
/// # Errors
///
/// The folder cannot be made, or the settings of the bucket do not fit.
pub fn open_files(config: &Config) -> anyhow::Result<Files> {
    let store = config.evidence_store.clone().map_or_else(|| local_store(config), Ok)?;
    Files::open(&store, &config.store_options.0, config.data_dir.join("incoming"))
}

/// The folder of files that belongs to the data folder.
fn local_store(config: &Config) -> anyhow::Result<StoreUrl> {
    std::fs::create_dir_all(&config.data_dir)?;
    Ok(StoreUrl::Folder(std::fs::canonicalize(&config.data_dir)?.join("files")))
}
