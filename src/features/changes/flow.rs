//! A page of the change feed.

use std::collections::HashSet;

use super::domain::{Seen, seen};
use super::store::{self, ChangeRow, Reach, Span, Standing};
use crate::auth::Scope;
use crate::db::{AnyConnection, Horizon};
use crate::error::{Error, Refusal};
use crate::kit::id::MunicipalityId;
use crate::problems::{self, ProblemType};

/// How many numbers a page looks at, at most: most of them may be none of the reader's.
const WINDOW: i64 = 20_000;

/// Which part of the feed is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// After this number.
    pub after: i64,
    /// Changes at most.
    pub limit: i64,
    /// The epoch in which that number was given, as far as the reader knows.
    pub epoch: Option<String>,
    /// Of these resources.
    pub resources: Vec<&'static str>,
}

/// A change and what it is to the reader.
#[derive(Debug, Clone)]
pub struct Told {
    /// The change.
    pub row: ChangeRow,
    /// What it is to him.
    pub seen: Seen,
}

/// A page of the feed.
#[derive(Debug, Clone)]
pub struct FeedPage {
    /// The changes.
    pub items: Vec<Told>,
    /// With which number to go on.
    pub next_after: i64,
    /// Whether there is more to look at already.
    pub has_more: bool,
    /// Where the feed stands.
    pub standing: Standing,
}

/// The page for a reader; call it within a snapshot of the feed.
///
/// # Errors
///
/// 410 `feed-restarted` for a number that was not given yet or in another epoch, `feed-purged` for
/// one that is no longer kept; 403 for a scope that the feed does not tell of.
pub fn page(
    conn: &mut AnyConnection,
    horizon: Horizon,
    scope: &Scope,
    asked: &Question,
) -> Result<FeedPage, Error> {
    let reach = Reach::of(scope).ok_or_else(|| Error::refuse(&problems::FORBIDDEN))?;
    page_within(conn, horizon, &reach, asked)
}

/// The page for a reader who reaches so far.
///
/// # Errors
///
/// As [`page`].
pub(super) fn page_within(
    conn: &mut AnyConnection,
    horizon: Horizon,
    reach: &Reach,
    asked: &Question,
) -> Result<FeedPage, Error> {
    let standing = store::standing(conn, horizon)?;
    let is_other_epoch = asked.epoch.as_ref().is_some_and(|epoch| *epoch != standing.epoch);
    if is_other_epoch || asked.after > standing.newest {
        return Err(gone(&problems::FEED_RESTARTED, standing));
    }
    if asked.after < standing.purged_through {
        return Err(gone(&problems::FEED_PURGED, standing));
    }
    let upto = standing.complete.clamp(asked.after, asked.after.saturating_add(WINDOW));
    let span = Span { after: asked.after, upto, limit: asked.limit };
    let rows = store::within_reach(conn, reach, &asked.resources, span)?;
    let is_full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= asked.limit;
    let next_after = rows.last().filter(|_| is_full).map_or(upto, |last| last.seq);
    let items = told(conn, reach, rows)?;
    Ok(FeedPage { items, next_after, has_more: next_after < standing.complete, standing })
}

fn gone(problem: &'static ProblemType, standing: Standing) -> Error {
    let (resync_from, epoch) = (Some(standing.complete), Some(standing.epoch));
    Refusal { resync_from, epoch, ..Refusal::of(problem) }.into()
}

/// What the changes are to a reader, who reads the municipality of a row that moved before, after,
/// or both.
fn told(conn: &mut AnyConnection, reach: &Reach, rows: Vec<ChangeRow>) -> Result<Vec<Told>, Error> {
    let moved = rows.iter().filter(|row| row.from_municipality_id.is_some());
    let places: Vec<&MunicipalityId> =
        moved.flat_map(|row| [&row.municipality_id, &row.from_municipality_id]).flatten().collect();
    let reached = if places.is_empty() { HashSet::new() } else { store::reached(conn, reach, &places)? };
    let tell = |mut row: ChangeRow| {
        let (was_reached, is_reached) = match &row.from_municipality_id {
            None => (true, true),
            Some(from) => {
                (reached.contains(from), row.municipality_id.as_ref().is_some_and(|id| reached.contains(id)))
            }
        };
        if !is_reached {
            // Where it went is none of this reader's business.
            row.municipality_id = row.from_municipality_id.take();
        }
        let seen = seen(row.op, row.visible_before && was_reached, row.visible_after && is_reached)?;
        Some(Told { row, seen })
    };
    Ok(rows.into_iter().filter_map(tell).collect())
}
