//! The same document for two measures or two schools: the reviewer is told, nothing is blocked.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::store::ReportRow;
use super::super::store_evidence::{self, SharedRow};
use super::reader::Reader;
use super::shape::EvidenceOut;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::kit::id::{MeasureId, ReportId, SchoolId};

/// Places that are named for one piece of evidence at most.
const PLACES: usize = 10;

/// Another place where the same link or file proves something.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EvidenceReuse {
    report_id: ReportId,
    measure_id: MeasureId,
    /// The measure's code.
    code: String,
    /// Null: the municipality's own report.
    school_id: Option<SchoolId>,
    school_name: Option<String>,
}

/// Tells the reviewer of the report where else its evidence is used.
pub(super) fn mark<'a>(
    conn: &mut AnyConnection,
    reader: &Reader,
    report: &ReportRow,
    evidence: impl IntoIterator<Item = &'a mut EvidenceOut>,
) -> Result<(), Error> {
    let evidence: Vec<&mut EvidenceOut> = evidence.into_iter().collect();
    if !reader.rights(report).reviews || evidence.is_empty() {
        return Ok(());
    }
    let urls: Vec<&str> = evidence.iter().filter_map(|one| one.url()).collect();
    let hashes: Vec<&str> = evidence.iter().filter_map(|one| one.original_sha256()).collect();
    let shared = store_evidence::shared(conn, report, &urls, &hashes)?;
    for one in evidence {
        let elsewhere = |other: &&SharedRow| {
            let same_link = one.url().is_some() && other.url.as_deref() == one.url();
            let hash = one.original_sha256();
            let same_file = hash.is_some() && other.original_sha256.as_deref() == hash;
            (same_link || same_file) && !one.stands_at(&other.report_id, &other.measure_id)
        };
        let places = shared.iter().filter(elsewhere).take(PLACES).cloned().map(EvidenceReuse::from);
        let places = places.collect();
        one.set_reused(places);
    }
    Ok(())
}

impl From<SharedRow> for EvidenceReuse {
    fn from(row: SharedRow) -> Self {
        Self {
            report_id: row.report_id,
            measure_id: row.measure_id,
            code: row.code,
            school_id: row.school_id,
            school_name: row.school_name,
        }
    }
}
