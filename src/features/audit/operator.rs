//! The audit by the command line.

use std::io::Write;

use super::domain::MOST_ROWS;
use super::shape::AuditEventOut;
use super::store;
use crate::db::AnyConnection;

/// Writes every row after a number as a line of JSON, as the API shows it, in their order; call it
/// within a snapshot.
///
/// # Errors
///
/// The database's own failures, and those of `out`.
pub fn write_lines(conn: &mut AnyConnection, after: i64, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut after = after;
    loop {
        let rows = store::rows_between(conn, (after, i64::MAX), MOST_ROWS)?;
        let Some(end) = rows.last() else { return Ok(()) };
        after = end.seq;
        for row in rows {
            serde_json::to_writer(&mut *out, &AuditEventOut::from(row))?;
            out.write_all(b"\n")?;
        }
    }
}
