//! Settings: the only reader of the environment.
//!
//! | Name | Default | Meaning |
//! |---|---|---|
//! | `DATABASE_URL` | `sqlite://data/school-roadmap.db` | `sqlite://path` or `postgres://user:password@host/name` |
//! | `LISTEN` | `127.0.0.1:8080` | address and port; port 0 takes a free one |
//! | `DATA_DIR` | `data` | folder of the keys that sign tokens and seal secrets |
//! | `SIGNING_KEY_FILE` | – | Ed25519 key, PKCS #8 DER, instead of the folder's own |
//! | `TOKEN_ISSUER` | `PUBLIC_URL`, else `school-roadmap` | `iss` of access tokens, also the issuer that OAuth libraries discover |
//! | `TOKEN_AUDIENCE` | `school-roadmap` | `aud` of access tokens |
//! | `OUTSIDE_ISSUER` | – | `iss` of a single sign-on whose tokens are accepted as well |
//! | `OUTSIDE_JWKS` | – | its public keys: a file, or an https address (http on this machine only) |
//! | `OUTSIDE_AUDIENCE` | `TOKEN_AUDIENCE` | `aud` of its tokens for this service |
//! | `OUTSIDE_ROLE_CLAIM` | `realm_access.roles` | claim with its roles, members separated by dots |
//! | `OUTSIDE_ROLES` | – | what its roles mean: `role=regional_viewer` or `role=service`, comma-separated |
//! | `OUTSIDE_REGION_CLAIM` | `region_code` | claim with the region, two digits |
//! | `OUTSIDE_MUNICIPALITY_CLAIM` | `municipality_id` | claim with the one municipality of a client |
//! | `PUBLIC_URL` | `http://` + `LISTEN` | address that readers of documents can reach, for verification links |
//! | `ALLOWED_HOSTS` | – | host names served, comma-separated; empty serves any |
//! | `POOL_SIZE` | `8` | database connections at most, 1 to 100 |
//! | `WORKERS` | number of cores | threads that serve requests, 1 to 64 |
//! | `BODY_SECONDS` | `30` | within which the body of a request must have arrived whole, 1 to 600 |
//! | `EVIDENCE_STORE` | `files` in `DATA_DIR` | where evidence files are kept: `file:///path` or `s3://bucket/prefix`, which belongs to this database alone |
//! | `EVIDENCE_FILE_MIB` | `20` | size of an evidence file at most, 1 to 1024 |
//! | `EVIDENCE_REPORT_MIB` | `200` | size of the files of one report together, 1 to 102400 |
//! | `UPLOAD_SECONDS` | `1800` | within which a file must have arrived whole, 1 to 86400; each piece has `BODY_SECONDS` |
//! | `IMPORT_MIB` | `20` | size of the file of an import, or of a body with rows, at most, 1 to 100 |
//! | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`, `AWS_VIRTUAL_HOSTED_STYLE_REQUEST` | – | access to the bucket |
//! | `SMALL_CELLS_BELOW` | `10` | cells of indicators that stand for fewer people are not published, 1 to 1000 |
//! | `TRUSTED_PROXIES` | – | reverse proxies whose `X-Forwarded-For` is believed: addresses or networks, comma-separated |
//! | `RATE_ADDRESS` | `6000` | requests a minute of one address; 0: without a limit |
//! | `RATE_SIGN_IN` | `60` | sign-ins and token requests a minute of one address |
//! | `RATE_READ` | `1200` | requests that read a minute, of one account or client |
//! | `RATE_WRITE` | `600` | requests that write a minute, of one account or client |
//! | `RATE_IMPORT` | `120` | files and imports a minute, of one account or client |
//! | `WEBHOOK_TARGETS` | – | where webhooks may be delivered: `host:port` for https, or `http://127.0.0.1:port`, comma-separated; empty: nowhere |
//! | `WEBHOOK_CA_FILE` | – | certificates (PEM) of a private authority that receivers of webhooks may have |
//! | `FEED_DAYS` | `400` | changes older than this are purged from the change feed, 1 to 3650 |
//! | `METRICS_LISTEN` | – | address and port of `GET /metrics` for Prometheus; none: it is not served |
//! | `SHUTDOWN_SECONDS` | `30` | how long requests in flight may take after SIGTERM, 1 to 600 |
//! | `LOG_FORMAT` | `text` | `text`, or `json`: one object a line, with the fields of each request |
//! | `RUST_LOG` | `info` | levels of the log, as `env_logger` reads them |

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, ensure};

use crate::auth::outside::{JwksPlace, OutsideIssuer};
use crate::db::DatabaseUrl;
use crate::features::webhooks::Targets;
use crate::files::StoreUrl;
use crate::kit::logging::{self, LogFormat};
use crate::web::peer::TrustedProxies;
use crate::web::rate::Rates;

/// The settings of one process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the data is.
    pub database_url: DatabaseUrl,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Folder of the signing keys.
    pub data_dir: PathBuf,
    /// A signing key instead of the folder's own.
    pub signing_key_file: Option<PathBuf>,
    /// `iss` of access tokens.
    pub token_issuer: String,
    /// `aud` of access tokens.
    pub token_audience: String,
    /// A single sign-on whose tokens are accepted as well.
    pub outside_issuer: Option<OutsideIssuer>,
    /// Address for links in documents; `None`: from where it listens.
    pub public_url: Option<String>,
    /// Host names served; empty: any.
    pub allowed_hosts: Vec<String>,
    /// Database connections at most.
    pub pool_size: u32,
    /// Threads that serve requests; `None`: one per core.
    pub workers: Option<usize>,
    /// Seconds within which a body must have arrived whole.
    pub body_seconds: u64,
    /// Where evidence files are kept; `None`: `files` in the data folder.
    pub evidence_store: Option<StoreUrl>,
    /// Access to a bucket.
    pub store_options: StoreOptions,
    /// Size of an evidence file at most, MiB.
    pub evidence_file_mib: u64,
    /// Size of the files of one report together, MiB.
    pub evidence_report_mib: u64,
    /// Seconds within which a file must have arrived whole.
    pub upload_seconds: u64,
    /// Size of the file of an import at most, MiB.
    pub import_mib: u64,
    /// Cells of indicators that stand for fewer people are not published.
    pub small_cells_below: u32,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Requests a minute.
    pub rates: Rates,
    /// Where webhooks may be delivered.
    pub webhook_targets: Targets,
    /// Certificates of a private authority that their receivers may have.
    pub webhook_ca_file: Option<PathBuf>,
    /// Days for which the change feed keeps changes.
    pub feed_days: u32,
    /// Where the counters are served; `None`: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Seconds for requests in flight after SIGTERM.
    pub shutdown_seconds: u64,
}

/// Settings of a bucket by their names; their values are not shown.
#[derive(Clone, Default)]
pub struct StoreOptions(pub Vec<(&'static str, String)>);

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Settings of a bucket that are read.
const STORE_OPTIONS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_ENDPOINT",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
];

impl Config {
    /// Reads the settings, with their defaults.
    ///
    /// # Errors
    ///
    /// A setting that cannot be read, by its name.
    pub fn from_env() -> anyhow::Result<Self> {
        let public_url: Option<String> =
            setting::<String>("PUBLIC_URL")?.map(|url| url.trim_end_matches('/').to_owned());
        let token_audience = setting("TOKEN_AUDIENCE")?.unwrap_or_else(|| "school-roadmap".to_owned());
        let token_issuer: String = setting("TOKEN_ISSUER")?
            .or_else(|| public_url.clone())
            .unwrap_or_else(|| "school-roadmap".to_owned());
        let config = Self {
            database_url: setting("DATABASE_URL")?
                .unwrap_or(DatabaseUrl::Sqlite("data/school-roadmap.db".into())),
            listen: setting("LISTEN")?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            data_dir: setting("DATA_DIR")?.unwrap_or_else(|| PathBuf::from("data")),
            signing_key_file: setting("SIGNING_KEY_FILE")?,
            outside_issuer: outside_issuer(&token_issuer, &token_audience)?,
            token_issuer,
            token_audience,
            public_url,
            allowed_hosts: setting::<String>("ALLOWED_HOSTS")?
                .unwrap_or_default()
                .split(',')
                .map(|host| host.trim().to_ascii_lowercase())
                .filter(|host| !host.is_empty())
                .collect(),
            pool_size: setting("POOL_SIZE")?.unwrap_or(8),
            workers: setting("WORKERS")?,
            body_seconds: setting("BODY_SECONDS")?.unwrap_or(30),
            evidence_store: setting("EVIDENCE_STORE")?,
            store_options: store_options()?,
            evidence_file_mib: setting("EVIDENCE_FILE_MIB")?.unwrap_or(20),
            evidence_report_mib: setting("EVIDENCE_REPORT_MIB")?.unwrap_or(200),
            upload_seconds: setting("UPLOAD_SECONDS")?.unwrap_or(1800),
            import_mib: setting("IMPORT_MIB")?.unwrap_or(20),
            small_cells_below: setting("SMALL_CELLS_BELOW")?.unwrap_or(10),
            trusted_proxies: setting("TRUSTED_PROXIES")?.unwrap_or_default(),
            rates: rates()?,
            webhook_targets: setting("WEBHOOK_TARGETS")?.unwrap_or_default(),
            webhook_ca_file: setting("WEBHOOK_CA_FILE")?,
            feed_days: setting("FEED_DAYS")?.unwrap_or(400),
            metrics_listen: setting("METRICS_LISTEN")?,
            shutdown_seconds: setting("SHUTDOWN_SECONDS")?.unwrap_or(30),
        };
        ensure!((1..=100).contains(&config.pool_size), "POOL_SIZE: 1 to 100");
        ensure!(config.workers.is_none_or(|n| (1..=64).contains(&n)), "WORKERS: 1 to 64");
        ensure!((1..=600).contains(&config.body_seconds), "BODY_SECONDS: 1 to 600");
        ensure!((1..=1024).contains(&config.evidence_file_mib), "EVIDENCE_FILE_MIB: 1 to 1024");
        ensure!((1..=102_400).contains(&config.evidence_report_mib), "EVIDENCE_REPORT_MIB: 1 to 102400");
        ensure!((1..=86_400).contains(&config.upload_seconds), "UPLOAD_SECONDS: 1 to 86400");
        ensure!((1..=100).contains(&config.import_mib), "IMPORT_MIB: 1 to 100");
        ensure!((1..=1000).contains(&config.small_cells_below), "SMALL_CELLS_BELOW: 1 to 1000");
        ensure!((1..=3650).contains(&config.feed_days), "FEED_DAYS: 1 to 3650");
        ensure!((1..=600).contains(&config.shutdown_seconds), "SHUTDOWN_SECONDS: 1 to 600");
        Ok(config)
    }

    /// Settings of a process of its own on this machine: a free port, a folder, a database.
    /// For tests and the demonstration.
    #[must_use]
    pub fn local(database_url: DatabaseUrl, data_dir: PathBuf) -> Self {
        Self {
            database_url,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir,
            signing_key_file: None,
            token_issuer: "school-roadmap".to_owned(),
            token_audience: "school-roadmap".to_owned(),
            outside_issuer: None,
            public_url: None,
            allowed_hosts: Vec::new(),
            pool_size: 4,
            workers: Some(1),
            body_seconds: 30,
            evidence_store: None,
            store_options: StoreOptions::default(),
            evidence_file_mib: 20,
            evidence_report_mib: 200,
            upload_seconds: 1800,
            import_mib: 20,
            small_cells_below: 10,
            trusted_proxies: TrustedProxies::default(),
            rates: Rates::NONE,
            webhook_targets: Targets::default(),
            webhook_ca_file: None,
            feed_days: 400,
            metrics_listen: None,
            shutdown_seconds: 5,
        }
    }
}

/// Begins to log as `LOG_FORMAT` and `RUST_LOG` say.
///
/// # Errors
///
/// `LOG_FORMAT` is neither `text` nor `json`; then the log is text, for this to be told.
pub fn begin_logging() -> anyhow::Result<()> {
    let format = setting::<LogFormat>("LOG_FORMAT");
    logging::start(format.as_ref().map_or(LogFormat::Text, |format| format.unwrap_or_default()));
    format.map(|_begun| ())
}

fn rates() -> anyhow::Result<Rates> {
    let usual = Rates::default();
    let of = |name, usual| anyhow::Ok(setting(name)?.unwrap_or(usual));
    Ok(Rates {
        address: of("RATE_ADDRESS", usual.address)?,
        sign_in: of("RATE_SIGN_IN", usual.sign_in)?,
        read: of("RATE_READ", usual.read)?,
        write: of("RATE_WRITE", usual.write)?,
        import: of("RATE_IMPORT", usual.import)?,
    })
}

fn outside_issuer(token_issuer: &str, token_audience: &str) -> anyhow::Result<Option<OutsideIssuer>> {
    let Some(issuer) = setting::<String>("OUTSIDE_ISSUER")? else {
        return Ok(None);
    };
    let text = |name, default: &str| anyhow::Ok(setting(name)?.unwrap_or_else(|| default.to_owned()));
    let place = setting::<String>("OUTSIDE_JWKS")?.context("OUTSIDE_JWKS: it goes with OUTSIDE_ISSUER")?;
    let meanings =
        setting::<String>("OUTSIDE_ROLES")?.context("OUTSIDE_ROLES: it goes with OUTSIDE_ISSUER")?;
    let pair = |pair: &str| {
        let (role, meaning) = pair.split_once('=').context("OUTSIDE_ROLES: role=meaning, comma-separated")?;
        anyhow::Ok((role.trim().to_owned(), meaning.trim().to_owned()))
    };
    let outside = OutsideIssuer {
        issuer,
        audience: text("OUTSIDE_AUDIENCE", token_audience)?,
        jwks: jwks_place(&place).context("OUTSIDE_JWKS")?,
        role_claim: text("OUTSIDE_ROLE_CLAIM", "realm_access.roles")?,
        roles: meanings.split(',').map(pair).collect::<anyhow::Result<_>>()?,
        region_claim: text("OUTSIDE_REGION_CLAIM", "region_code")?,
        municipality_claim: text("OUTSIDE_MUNICIPALITY_CLAIM", "municipality_id")?,
    };
    ensure!(outside.issuer != token_issuer, "OUTSIDE_ISSUER: it is TOKEN_ISSUER, the service itself");
    outside.check().context("OUTSIDE_ROLES")?;
    Ok(Some(outside))
}

/// Keys fetched over an open network could be anybody's.
fn jwks_place(text: &str) -> anyhow::Result<JwksPlace> {
    let Ok(url) = url::Url::parse(text) else {
        return Ok(JwksPlace::File(PathBuf::from(text)));
    };
    let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.scheme() {
        "file" => url.to_file_path().map(JwksPlace::File).map_err(|()| anyhow::anyhow!("{text} is no file")),
        "https" => Ok(JwksPlace::Url(text.to_owned())),
        "http" if here => Ok(JwksPlace::Url(text.to_owned())),
        _ => anyhow::bail!("a file or an https address"),
    }
}

fn store_options() -> anyhow::Result<StoreOptions> {
    let given = STORE_OPTIONS.into_iter().map(|name| Ok((name, setting::<String>(name)?)));
    let given: Vec<(&'static str, Option<String>)> = given.collect::<anyhow::Result<_>>()?;
    Ok(StoreOptions(given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()))
}

fn setting<T: FromStr>(name: &'static str) -> anyhow::Result<Option<T>>
where
    T::Err: std::fmt::Display,
{
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    let text = match std::env::var(name) {
        Ok(text) if !text.is_empty() => text,
        Ok(_) | Err(std::env::VarError::NotPresent) => return Ok(None),
        Err(cause) => return Err(cause).context(name),
    };
    text.parse().map(Some).map_err(|cause: T::Err| anyhow::anyhow!("{name}: {cause}"))
}
