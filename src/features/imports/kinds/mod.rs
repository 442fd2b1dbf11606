//! The kinds of rows: their columns, and where they go.

mod cells;
mod codes;
mod columns;
mod replace;
mod units;

use serde_json::Value;

pub use self::columns::{Column, columns_of, repeated_of};
pub use self::units::{Fault, Unit, Units};
use super::domain::{ImportKind, Parameters};
use super::table::Head;
use crate::auth::{Rights, Scope};
use crate::db::Tx;
use crate::error::Error;
use crate::features::{road_maps, school_stats, schools, support_lists};
use crate::kit::id::MunicipalityId;
use crate::kit::outcome::Outcome;

/// Where rows go.
#[derive(Debug, Clone)]
pub struct Goal {
    /// What they are.
    pub kind: ImportKind,
    /// How far the rights of the importer reach.
    pub scope: Scope,
    /// The municipality of the rows; `None`: several of a region.
    pub municipality: Option<MunicipalityId>,
    /// What else is asked.
    pub parameters: Parameters,
}

/// A list or a map that an import has written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Written {
    /// Its path name, e.g. `support-lists`.
    pub resource: String,
    /// Its id.
    pub id: String,
}

/// What became of some units.
#[derive(Debug, Default)]
pub struct Stored {
    /// Of each unit: how many rows it has, and what became of them.
    pub verdicts: Vec<(usize, Result<Outcome, Vec<Fault>>)>,
    /// What was removed from a list or a map.
    pub removed: usize,
    /// Lists and maps that were written.
    pub written: Vec<Written>,
}

impl ImportKind {
    /// Whether these rights allow to write such a row by itself, and so to import it.
    #[must_use]
    pub fn may(self, rights: &Rights) -> bool {
        match self {
            Self::Schools => rights.allow::<schools::WriteSchools>(),
            Self::SupportList => rights.allow::<support_lists::DraftLists>(),
            Self::RoadMap => rights.allow::<road_maps::DraftRoadMaps>(),
            Self::Stats => rights.allow::<school_stats::WriteStats>(),
        }
    }

    /// Whether the rows replace what stands in a list or a map, so that they are stored in one go.
    #[must_use]
    pub fn replaces(self) -> bool {
        matches!(self, Self::SupportList | Self::RoadMap)
    }
}

/// Stores units: those that are good, each by itself.
///
/// # Errors
///
/// Failures of the database or the program, and what refuses the import as a whole.
pub fn store(tx: &mut Tx, goal: &Goal, heads: &[Head], units: Vec<Unit>) -> Result<Stored, Error> {
    if goal.kind.replaces() {
        return replace::replace(tx, goal, heads, units);
    }
    let good: Vec<&Unit> = units.iter().filter(|unit| unit.faults.is_empty()).collect();
    let outcomes = match goal.kind {
        ImportKind::Stats => {
            good.iter().map(|unit| stats(tx, goal, &unit.body)).collect::<Result<Vec<_>, _>>()?
        }
        _ => {
            let municipality = goal.municipality.as_ref().ok_or_else(Error::not_found)?;
            let bodies: Vec<Value> = good.iter().map(|unit| unit.body.clone()).collect();
            schools::put_many(tx, municipality, &bodies)?
        }
    };
    let mut stored = Stored::default();
    stored.judge(goal.kind, heads, units, outcomes);
    Ok(stored)
}

fn stats(tx: &mut Tx, goal: &Goal, body: &Value) -> Result<Result<Outcome, Error>, Error> {
    match school_stats::put_by_ogrn(tx, &goal.scope, body, goal.parameters.academic_year) {
        Err(cause) if !cause.is_refusal() => Err(cause),
        outcome => Ok(outcome),
    }
}

impl Stored {
    /// Notes what became of units; `outcomes` are those of the units without faults, in their order.
    fn judge(
        &mut self,
        kind: ImportKind,
        heads: &[Head],
        units: Vec<Unit>,
        outcomes: Vec<Result<Outcome, Error>>,
    ) {
        let mut outcomes = outcomes.into_iter();
        for mut unit in units {
            let rows = unit.rows.len();
            if !unit.faults.is_empty() {
                self.verdicts.push((rows, Err(std::mem::take(&mut unit.faults))));
                continue;
            }
            let verdict = match outcomes.next() {
                Some(Ok(outcome)) => Ok(outcome),
                Some(Err(Error::Refused(refusal))) => Err(unit.faults_of(kind, heads, &refusal)),
                Some(Err(_)) | None => Err(Vec::new()),
            };
            self.verdicts.push((rows, verdict));
        }
    }
}
