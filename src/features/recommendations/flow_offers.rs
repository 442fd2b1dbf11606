//! Recommendations of earlier years, offered to a draft of a road map and made its measures.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::domain_offers::{Period, Unverified, is_earlier, measure_of};
use super::store::RecommendationRow;
use super::store_addressees::{self as addressees, NamedAddressee};
use super::store_offers;
use crate::auth::Scope;
use crate::db::{AnyConnection, Tx};
use crate::error::Error;
use crate::features::road_maps::{self, MeasureRow, MeasureText, RoadMapRow, RoadMapStatus};
use crate::features::schools;
use crate::kit::clock::{moscow_date, utc};
use crate::kit::id::{MonitoringId, RecommendationId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// A recommendation that a draft could follow up.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The recommendation.
    pub row: RecommendationRow,
    /// The schools that have not finished, by name; none: it is the department's own.
    pub schools: Vec<NamedAddressee>,
    /// The measure that it would be.
    pub measure: MeasureText,
}

/// What is offered to a road map: the unverified recommendations of earlier years that none of
/// its measures follows up. Nothing is offered to what is no draft.
///
/// A school's own map is offered what was recommended to that school.
///
/// # Errors
///
/// Database failures only.
pub fn offers_to(
    conn: &mut AnyConnection,
    scope: &Scope,
    map: &RoadMapRow,
    today: NaiveDate,
) -> Result<Vec<Offer>, Error> {
    if map.status != RoadMapStatus::Draft {
        return Ok(Vec::new());
    }
    let period = Period { start: map.period_start, end: map.period_end };
    let (codes, origins): (Vec<String>, Vec<Option<RecommendationId>>) =
        road_maps::measure_codes_of(conn, &map.id)?.into_iter().unzip();
    let followed: HashSet<RecommendationId> = origins.into_iter().flatten().collect();
    let mut open = store_offers::unverified(conn, scope)?;
    open.retain(|row| !followed.contains(&row.id));
    retain_earlier(conn, &mut open, period)?;

    let mut concerned = unfinished_schools(conn, scope, map, &open)?;
    let mut taken: BTreeSet<String> = codes.into_iter().collect();
    let mut offers = Vec::new();
    for row in open {
        let schools = concerned.remove(&row.id).unwrap_or_default();
        let department = row.department_status.is_some_and(|status| !status.is_settled());
        let unverified = match (schools.is_empty(), department && map.school_id.is_none()) {
            (false, _) => unverified_by(&row, Some(ids_of(&schools))),
            (true, true) => unverified_by(&row, None),
            (true, false) => continue,
        };
        let measure = measure_of(unverified, period, map.school_id.is_some(), &mut taken, today);
        offers.push(Offer { row, schools, measure });
    }
    Ok(offers)
}

fn ids_of(schools: &[NamedAddressee]) -> Vec<SchoolId> {
    schools.iter().map(|(addressee, _)| addressee.school_id.clone()).collect()
}

fn unverified_by(row: &RecommendationRow, schools: Option<Vec<SchoolId>>) -> Unverified {
    Unverified {
        id: row.id.clone(),
        code: row.code.clone(),
        text: row.text.clone(),
        due_date: row.due_date,
        schools,
    }
}

fn retain_earlier(
    conn: &mut AnyConnection,
    open: &mut Vec<RecommendationRow>,
    period: Period,
) -> Result<(), Error> {
    let monitorings: Vec<&MonitoringId> = open.iter().filter_map(|row| row.monitoring_id.as_ref()).collect();
    let ends = store_offers::ends_of(conn, &monitorings)?;
    open.retain(|row| {
        let until = row.monitoring_id.as_ref().and_then(|id| ends.get(id).copied());
        row.issued_at.is_some_and(|issued| is_earlier(moscow_date(utc(issued)), until, period))
    });
    Ok(())
}

/// The schools that have not finished, by recommendation: those that are still active in the
/// municipality, for others carry nothing out in its maps.
fn unfinished_schools(
    conn: &mut AnyConnection,
    scope: &Scope,
    map: &RoadMapRow,
    open: &[RecommendationRow],
) -> Result<HashMap<RecommendationId, Vec<NamedAddressee>>, Error> {
    let ids: Vec<RecommendationId> = open.iter().map(|row| row.id.clone()).collect();
    let active: HashSet<SchoolId> =
        schools::active_of(conn, &map.municipality_id)?.into_iter().map(|school| school.id).collect();
    let mut found: HashMap<RecommendationId, Vec<NamedAddressee>> = HashMap::new();
    for (addressee, name) in addressees::addressees_of(conn, scope, &ids)? {
        if !addressee.status.is_settled() && active.contains(&addressee.school_id) {
            found.entry(addressee.recommendation_id.clone()).or_default().push((addressee, name));
        }
    }
    Ok(found)
}

/// Makes the offered recommendations measures of the draft, all or none.
///
/// # Errors
///
/// 422 for what is not offered to this draft, or named twice.
pub fn take(
    tx: &mut Tx,
    scope: &Scope,
    map: RoadMapRow,
    ids: &[RecommendationId],
) -> Result<Vec<MeasureRow>, Error> {
    let today = tx.today();
    let mut offered: HashMap<RecommendationId, MeasureText> =
        offers_to(tx, scope, &map, today)?.into_iter().map(|offer| (offer.row.id, offer.measure)).collect();
    let (mut measures, mut violations) = (Vec::new(), Vec::new());
    for (n, id) in ids.iter().enumerate() {
        match offered.remove(id) {
            Some(measure) => measures.push(measure),
            None => violations.push(not_offered(n, ids.iter().take(n).any(|earlier| earlier == id))),
        }
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    road_maps::create_measures(tx, scope, map, measures, true)
}

fn not_offered(n: usize, twice: bool) -> Violation {
    let (code, detail) = if twice {
        ("duplicate", Bi::fixed("Рекомендация указана дважды", "The recommendation stands twice"))
    } else {
        let detail = Bi::fixed(
            "Эта рекомендация проекту не предлагается: её нет, она не относится к прошлым периодам, её исполнение подтверждено или по ней уже есть мероприятие",
            "This recommendation is not offered to the draft: unknown, of no earlier period, verified, or one of its measures already",
        );
        ("not-offered", detail)
    };
    Violation::new(format!("/recommendation_ids/{n}"), code, detail)
}
