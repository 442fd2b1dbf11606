//! What a report says, as it is now or as it was submitted.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use super::domain::{EvidenceKind, Item, ItemStatus, ReportStatus};
use crate::features::indicators::Numbers;
use crate::kit::code::codes;
use crate::kit::id::{EvidenceId, MeasureId};

codes! {
    /// Which state of a report's texts and items its reader is shown.
    ContentShown {
        /// As they are now.
        Current = "current", "текущее содержание", "as it is now";
        /// As they were submitted last: the school is working on the report again.
        LastSubmitted = "last_submitted", "содержание последнего представления", "as submitted last";
        /// None yet: the report was never submitted.
        Hidden = "hidden", "содержание ещё не представлено", "not yet submitted";
    }
}

impl ContentShown {
    /// What a reader is shown: the own side all; others what was submitted, so that work
    /// in progress stays the school's own.
    #[must_use]
    pub fn to(own_side: bool, status: ReportStatus, submission: i32) -> Self {
        match status {
            _ if own_side => Self::Current,
            ReportStatus::Submitted | ReportStatus::Accepted => Self::Current,
            _ if submission > 0 => Self::LastSubmitted,
            _ => Self::Hidden,
        }
    }
}

/// The texts and items of a report; in this form a submission is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// What was done, in a word.
    pub summary: Option<String>,
    /// What stood in the way.
    pub problems: Option<String>,
    /// In the order of the road map.
    pub items: Vec<ItemContent>,
}

/// One item with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemContent {
    /// The measure.
    pub measure_id: MeasureId,
    /// How far it is.
    pub status: ItemStatus,
    /// The day it was done.
    pub actual_date: Option<NaiveDate>,
    /// What came of it.
    pub result: Option<String>,
    /// Why not, or not wholly.
    pub reason: Option<String>,
    /// Numbers of the indicators that the measure declares; versions that were kept before there
    /// was such a thing have none.
    #[serde(default, skip_serializing_if = "Numbers::is_empty")]
    pub numbers: Numbers,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub updated_at: NaiveDateTime,
    /// It says what an earlier report said, and nobody has looked at it since. Versions that were
    /// kept before there was such a thing have none.
    #[serde(default)]
    pub carried_over: bool,
    /// What proves it, oldest first.
    pub evidence: Vec<EvidenceContent>,
}

/// A piece of evidence: a link to a document, or a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceContent {
    /// Its id.
    pub id: EvidenceId,
    /// What kind of document.
    pub kind: EvidenceKind,
    /// Its title.
    pub title: String,
    /// Its number and date, when it has them.
    pub requisites: Option<String>,
    /// Where it is; `None`: it is a file.
    pub url: Option<String>,
    /// The file; `None`: it is a link.
    #[serde(default)]
    pub file: Option<FileContent>,
    /// Whether only the school and its municipality's department read it.
    pub contains_personal_data: bool,
    /// UTC.
    pub created_at: NaiveDateTime,
}

/// A file that proves an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileContent {
    /// Its name, as it was sent and made safe.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Bytes that are kept.
    pub size: i32,
    /// SHA-256 of what was sent, hex.
    pub original_sha256: String,
    /// SHA-256 of what is kept, hex; another one when a photo lost its metadata.
    pub stored_sha256: String,
}

impl FileContent {
    /// Its key in the store of files; each piece of evidence has a file of its own.
    #[must_use]
    pub fn key(&self, id: &EvidenceId) -> String {
        key_of(&self.stored_sha256, id)
    }
}

/// Where the file of evidence is kept, by the SHA-256 of what is kept.
#[must_use]
pub fn key_of(stored_sha256: &str, id: &EvidenceId) -> String {
    let folder: String = stored_sha256.chars().take(2).collect();
    format!("{FOLDER}/{folder}/{stored_sha256}-{id}")
}

/// Folder of evidence in the store of files.
pub const FOLDER: &str = "sha256";

impl Content {
    /// Nothing: what the reader of a report that was never submitted sees.
    #[must_use]
    pub fn hidden() -> Self {
        Self { summary: None, problems: None, items: Vec::new() }
    }

    /// Without the evidence that holds personal data.
    #[must_use]
    pub fn without_personal_data(mut self) -> Self {
        self.items = self.items.into_iter().map(ItemContent::without_personal_data).collect();
        self
    }
}

impl ItemContent {
    /// Without the evidence that holds personal data.
    #[must_use]
    pub fn without_personal_data(mut self) -> Self {
        self.evidence.retain(|evidence| !evidence.contains_personal_data);
        self
    }

    /// As the rules see it.
    #[must_use]
    pub fn as_item(&self) -> Item {
        Item {
            measure_id: self.measure_id.clone(),
            status: self.status,
            actual_date: self.actual_date,
            result: self.result.clone(),
            reason: self.reason.clone(),
            evidence_count: i64::try_from(self.evidence.len()).unwrap_or(i64::MAX),
            carried_over: self.carried_over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_in_progress_is_the_schools_own() {
        use ReportStatus::{Accepted, Draft, Returned, Submitted};
        assert_eq!(ContentShown::to(true, Draft, 0), ContentShown::Current);
        assert_eq!(ContentShown::to(false, Draft, 0), ContentShown::Hidden);
        assert_eq!(ContentShown::to(false, Draft, 1), ContentShown::LastSubmitted);
        assert_eq!(ContentShown::to(false, Submitted, 1), ContentShown::Current);
        assert_eq!(ContentShown::to(false, Returned, 1), ContentShown::LastSubmitted);
        assert_eq!(ContentShown::to(false, Accepted, 1), ContentShown::Current);
    }
}
