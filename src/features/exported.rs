//! Rows as they leave the service whole: what each feature gives to the export and the digest.

use chrono::NaiveDate;
use serde::Serialize;

use crate::auth::{Caller, Scope};
use crate::db::AnyConnection;
use crate::db::page::{Page, SortKey};
use crate::error::Error;
use crate::kit::id::MunicipalityId;
use crate::kit::lang::Lang;

/// Rows that are read at once.
const ROWS: i64 = 500;

/// Who takes rows, and on which day.
#[derive(Debug, Clone)]
pub struct Taking {
    /// Who.
    pub caller: Caller,
    /// How far he reaches.
    pub scope: Scope,
    /// The language of labels.
    pub lang: Lang,
    /// Today in Europe/Moscow.
    pub today: NaiveDate,
}

/// A row with what identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its id, as in the change feed.
    pub id: String,
    /// Its version.
    pub version: i32,
    /// Its natural key, as in the change feed.
    pub key: Option<String>,
    /// Its municipality.
    pub municipality_id: Option<MunicipalityId>,
    /// JSON: the item as the list of its resource shows it.
    pub data: String,
}

impl Exported {
    /// A row that the list shows as `item`.
    ///
    /// # Errors
    ///
    /// The item cannot be written as JSON: a fault of the program.
    pub fn of(
        (id, version): (String, i32),
        key: Option<String>,
        municipality_id: Option<MunicipalityId>,
        item: &impl Serialize,
    ) -> Result<Self, Error> {
        Ok(Self { id, version, key, municipality_id, data: serde_json::to_string(item)? })
    }
}

/// Of what is taken some rows after an id, in order of their ids; none: there are no more.
pub type Export = fn(&mut AnyConnection, &Taking, Option<&str>) -> Result<Vec<Exported>, Error>;

/// The rows of a list that follow the id `after`, some hundreds, in order of their ids.
#[must_use]
pub fn page(after: Option<&str>) -> Page {
    Page {
        limit: ROWS,
        sort: vec![SortKey { name: "id", desc: false }],
        after: after.map(|id| vec![id.to_owned()]),
        ids: None,
        count: false,
    }
}
