//! A process that serves: the program itself, or the bare handlers of this one.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::bare;
use crate::database::Database;

const PROGRAM: &str = env!("CARGO_BIN_EXE_school-roadmap");

/// A running process; it ends with its guard.
pub struct Service {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Service {
    /// The program, with its defaults.
    pub fn start(database: &Database) -> anyhow::Result<Self> {
        Self::start_telling(database, "")
    }

    /// The program, which may deliver webhooks to these targets.
    pub fn start_telling(database: &Database, targets: &str) -> anyhow::Result<Self> {
        Self::start_by(Command::new(PROGRAM), database, targets)
    }

    /// The program, on the first core alone.
    pub fn start_on_first_core(database: &Database) -> anyhow::Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", PROGRAM]);
        Self::start_by(command, database, "")
    }

    fn start_by(mut command: Command, database: &Database, targets: &str) -> anyhow::Result<Self> {
        let address = free_address()?;
        command.arg("serve").env("LISTEN", address.to_string()).env("RUST_LOG", "warn");
        // Ten files at once, several times over, into one report.
        command.env("EVIDENCE_REPORT_MIB", "4096").env("WEBHOOK_TARGETS", targets);
        // One client asks here as thousands would: what is measured is the service, not its quotas.
        for quota in ["RATE_ADDRESS", "RATE_SIGN_IN", "RATE_READ", "RATE_WRITE", "RATE_IMPORT"] {
            command.env(quota, "0");
        }
        Self::run(settings(command, database), address)
    }

    /// The bare handlers.
    pub fn start_bare(database: &Database) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args([bare::ARGUMENT, &database.url, &address.port().to_string()]);
        Self::run(command, address)
    }

    fn run(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let service = Self { address, child: command.spawn()? };
        let patience = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < patience, "nothing listens on {address}");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(service)
    }

    /// Memory that it holds now, MiB.
    pub fn resident(&self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// The most memory that it held since [`forget_peak`](Self::forget_peak), MiB.
    pub fn peak(&self) -> anyhow::Result<f64> {
        self.status("VmHWM:")
    }

    /// Begins a new peak.
    pub fn forget_peak(&self) -> anyhow::Result<()> {
        Ok(std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    fn status(&self, name: &str) -> anyhow::Result<f64> {
        status_of(self.child.id(), name)
    }
}

/// A figure of a process by its name in `/proc`, MiB.
pub fn status_of(process: u32, name: &str) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).context("no such figure")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Makes the first account, as an operator would; answers with its one-time password.
pub fn create_administrator(database: &Database, login: &str) -> anyhow::Result<String> {
    let mut command = Command::new(PROGRAM);
    command.args(["account", "create", "--role", "admin", "--login", login]).stdout(Stdio::piped());
    let output = settings(command, database).output()?;
    ensure!(output.status.success(), "the account was not made");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn settings(mut command: Command, database: &Database) -> Command {
    command.env("DATABASE_URL", &database.url).env("DATA_DIR", database.folder());
    command
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
