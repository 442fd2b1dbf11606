//! The table of figures, each beside its limit.

use std::io::Write;

/// What a figure must not pass.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// At least so many percent of what it is compared with.
    AtLeastPercent(f64),
    /// At least so many.
    AtLeast(f64),
    /// Under so many seconds.
    UnderSeconds(f64),
    /// Under so many milliseconds; the figure is given in seconds.
    UnderMillis(f64),
    /// Under so many MiB.
    UnderMib(f64),
    /// Fewer than so many.
    Under(f64),
    /// A count, shown for itself.
    Count,
    /// KiB, shown for themselves.
    Kib,
    /// Seconds, shown for themselves.
    None,
}

/// Figures by name, in the order in which they were first seen; one column a database.
#[derive(Default)]
pub struct Table {
    databases: Vec<&'static str>,
    rows: Vec<(String, Limit, Vec<String>)>,
    missed: bool,
}

impl Table {
    /// Adds a figure of a database; `told` says more than the bare number.
    pub fn add(&mut self, database: &'static str, name: &str, limit: Limit, value: f64, told: &str) {
        if !self.databases.contains(&database) {
            self.databases.push(database);
        }
        let (shown, holds) = match limit {
            Limit::AtLeastPercent(limit) => (format!("{value:.0} %"), value >= limit),
            Limit::AtLeast(limit) => (format!("{value:.0}"), value >= limit),
            Limit::UnderSeconds(limit) => (format!("{value:.2} s"), value < limit),
            Limit::UnderMillis(limit) => (format!("{:.0} ms", value * 1000.0), value * 1000.0 < limit),
            Limit::UnderMib(limit) => (format!("{value:.0} MiB"), value < limit),
            Limit::Under(limit) => (format!("{value:.0}"), value < limit),
            Limit::Kib => (format!("{value:.0} KiB"), true),
            Limit::Count => (format!("{value:.0}"), true),
            Limit::None => (format!("{value:.2} s"), true),
        };
        self.missed |= !holds;
        let told = if told.is_empty() { String::new() } else { format!(" ({told})") };
        let cell = format!("{shown}{told}{}", if holds { "" } else { " **missed**" });
        eprintln!("{database}: {name}: {cell}");
        match self.rows.iter_mut().find(|(known, ..)| known == name) {
            Some((.., cells)) => cells.push(cell),
            None => self.rows.push((name.to_owned(), limit, vec![cell])),
        }
    }

    /// Prints the table; fails when a limit was missed.
    pub fn print(&self) -> anyhow::Result<()> {
        let cores = std::thread::available_parallelism()?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{cores} cores, {:.0} GiB; release build; `cargo bench`\n", memory()?)?;
        writeln!(out, "| Figure | Limit | {} |", self.databases.join(" | "))?;
        writeln!(out, "|---|---|{}", "---|".repeat(self.databases.len()))?;
        for (name, limit, cells) in &self.rows {
            writeln!(out, "| {name} | {} | {} |", shown(*limit), cells.join(" | "))?;
        }
        anyhow::ensure!(!self.missed, "a limit was missed");
        Ok(())
    }
}

fn shown(limit: Limit) -> String {
    match limit {
        Limit::AtLeastPercent(limit) => format!("≥ {limit:.0} %"),
        Limit::AtLeast(limit) => format!("≥ {limit:.0}"),
        Limit::UnderSeconds(limit) => format!("< {limit:.0} s"),
        Limit::UnderMillis(limit) => format!("< {limit:.0} ms"),
        Limit::UnderMib(limit) => format!("< {limit:.0} MiB"),
        Limit::Under(limit) => format!("< {limit:.0}"),
        Limit::Count | Limit::Kib | Limit::None => "–".to_owned(),
    }
}

/// GiB of the machine.
fn memory() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0 / 1024.0)
}
