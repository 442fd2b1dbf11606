//! Gathers the obligations of a caller, each side by a fixed number of queries.

use chrono::NaiveDate;

use super::domain::{Duties, Obligation, ObligationKind, Subject, brief};
use super::of_campaign::{Campaigns, advice, of_advice};
use super::of_measures::{Executor, Told, asks_since, of_drafts, of_measures};
use super::of_reports::{Side, of_items, of_remarks, of_reports};
use super::{store, store_campaign, store_plans};
use crate::auth::Scope;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::{school_calendars, support_lists};
use crate::kit::code::Code;
use crate::kit::id::{AccountId, MunicipalityId, SchoolId};
use crate::kit::lang::Lang;
use crate::print::text::short_date;

/// Who asks, and on which day.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The account.
    pub me: AccountId,
    /// What his role may do.
    pub duties: Duties,
    /// Today in Moscow.
    pub today: NaiveDate,
    /// For the titles that are made of codes.
    pub lang: Lang,
}

/// Everything that waits for the caller. Administrators keep the service and regional readers
/// read: nothing waits for them.
///
/// # Errors
///
/// Database failures only.
pub fn of(conn: &mut AnyConnection, scope: &Scope, asking: &Asking) -> Result<Vec<Obligation>, Error> {
    match scope {
        Scope::School(municipality, own) => of_school(conn, scope, municipality, own, asking),
        Scope::Municipality(own) => of_department(conn, scope, own, asking),
        Scope::Assigned(..) => of_curator(conn, scope, asking),
        Scope::Service | Scope::Region(_) | Scope::Published(_) => Ok(Vec::new()),
    }
}

fn of_school(
    conn: &mut AnyConnection,
    scope: &Scope,
    municipality: &MunicipalityId,
    own: &SchoolId,
    asking: &Asking,
) -> Result<Vec<Obligation>, Error> {
    let levels = store_plans::levels_of(conn, own)?;
    let listed = support_lists::is_listed(conn, own, asking.today)?;
    let executor = Executor::School(own, &levels, listed);
    let mut found = of_own_side(conn, scope, municipality, (Side::School, executor), asking)?;
    found.extend(of_advice(&store_plans::advice_to(conn, own)?, &asking.duties));
    Ok(found)
}

/// What both a school and the department have: a report to fill, and measures to carry out.
fn of_own_side(
    conn: &mut AnyConnection,
    scope: &Scope,
    municipality: &MunicipalityId,
    (side, executor): (Side, Executor<'_>),
    asking: &Asking,
) -> Result<Vec<Obligation>, Error> {
    let Asking { me, duties, today, .. } = asking;
    let reports = store::reports_within(conn, scope, asks_since(*today))?;
    let own: Vec<_> = reports
        .iter()
        .filter(|report| side.owns(report.school_id.is_some()))
        .map(|report| &report.id)
        .collect();
    let items = store::items_of(conn, &own)?;
    let remarks = store::remarks_within(conn, scope, me)?;
    let maps = store_plans::maps_within(conn, scope)?;
    let measures = store_plans::measures_of(conn, &maps)?;
    let terms = school_calendars::years_of(conn, municipality)?;

    let mut found = of_reports(&reports, side, duties, me, *today);
    found.extend(of_items(&reports, &items, duties, *today));
    found.extend(of_remarks(&remarks, side, duties));
    found.extend(of_drafts(&maps, &measures, duties));
    if duties.fills {
        let told = Told::by(&reports, &items, *today);
        found.extend(of_measures(&maps, &measures, &executor, &told, &terms, *today));
    }
    Ok(found)
}

fn of_department(
    conn: &mut AnyConnection,
    scope: &Scope,
    own: &MunicipalityId,
    asking: &Asking,
) -> Result<Vec<Obligation>, Error> {
    let Asking { duties, today, lang, .. } = asking;
    let mut found = of_own_side(conn, scope, own, (Side::Department, Executor::Department), asking)?;
    let monitorings = store_campaign::open_monitorings(conn, own)?;
    let notes = store_campaign::notes_of(conn, own, &monitorings)?;
    let campaigns = Campaigns {
        counts: store_campaign::report_counts(conn, &monitorings)?,
        extensions: store_campaign::last_extensions(conn, &monitorings)?,
        monitorings: &monitorings,
        notes: &notes,
    };
    found.extend(campaigns.steps(duties, *today));
    found.extend(campaigns.note_steps(duties));
    for (id, number, date, title) in store_campaign::draft_orders(conn, own)? {
        let title = format!("№ {number} от {}: {}", short_date(date), brief(&title));
        let subject = Subject::of("orders", id.as_str(), title);
        found
            .extend(duties.registers_orders.then(|| Obligation::new(ObligationKind::RegisterOrder, subject)));
    }
    for (id, category, year) in store_campaign::ready_lists(conn, own)? {
        let subject = Subject::of("support-lists", id.as_str(), format!("{}, {year}", category.label(*lang)));
        found.extend(
            duties.approves_lists.then(|| Obligation::new(ObligationKind::ApproveSupportList, subject)),
        );
    }
    for (id, code, text, due) in store_campaign::advice_to_department(conn, own)? {
        let subject = advice(id.as_str(), &code, &text);
        let obligation = Obligation::new(ObligationKind::CompleteRecommendation, subject).due(due);
        found.extend(duties.tracks.then_some(obligation));
    }
    for (id, code, text, schools) in store_campaign::advice_done(conn, own)? {
        let subject = advice(id.as_str(), &code, &text);
        let obligation = Obligation::new(ObligationKind::VerifyRecommendation, subject).about(schools);
        found.extend(duties.verifies.then_some(obligation));
    }
    Ok(found)
}

fn of_curator(conn: &mut AnyConnection, scope: &Scope, asking: &Asking) -> Result<Vec<Obligation>, Error> {
    let Asking { me, duties, today, .. } = asking;
    let reports = store::reports_within(conn, scope, asks_since(*today))?;
    let remarks = store::remarks_within(conn, scope, me)?;
    let mut found = of_reports(&reports, Side::Curator, duties, me, *today);
    found.extend(of_remarks(&remarks, Side::Curator, duties));
    Ok(found)
}
