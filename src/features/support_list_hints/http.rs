//! The operation that hints.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::domain::{Criterion, Outcome, Procedure};
use super::policy;
use super::shape::{
    DECIDED_BY_ORDER, HintCriterionOut, HintFilter, HintGapOut, SupportListHintOut, SupportListHintPage,
};
use crate::auth::{Permit, Scope};
use crate::db::page::page_of;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::features::school_stats::{self, AssessmentRow, PURPOSE};
use crate::features::schools::{self, SchoolRow};
use crate::features::support_lists::{self, Standing};
use crate::kit::clock::moscow_date;
use crate::kit::id::SchoolId;
use crate::web::{Filter, ListQuery, Listing, Operations, Paging, RequestInfo};

/// Registers the operation.
pub fn configure(operations: &mut Operations) {
    operations.service(list_support_list_hints);
}

/// What the hints of a municipality are made from.
struct Facts {
    schools: Vec<SchoolRow>,
    results: HashMap<SchoolId, Vec<AssessmentRow>>,
    standing: HashMap<SchoolId, Vec<Standing>>,
}

/// Reads all at once: as many queries for one school as for a hundred.
fn read(
    conn: &mut AnyConnection,
    scope: &Scope,
    criterion: Criterion,
    info: &RequestInfo,
) -> Result<Facts, Error> {
    let municipality = scope.municipality().ok_or_else(Error::not_found)?;
    let year = criterion.results_year;
    let mut results: HashMap<SchoolId, Vec<AssessmentRow>> = HashMap::new();
    for result in school_stats::results_within(conn, municipality, criterion.first_year(), year)? {
        results.entry(result.school_id.clone()).or_default().push(result);
    }
    Ok(Facts {
        schools: schools::active_of(conn, municipality)?,
        results,
        standing: support_lists::standing_of_year(conn, municipality, year, moscow_date(info.now))?,
    })
}

fn outcome(row: AssessmentRow) -> (Procedure, Outcome) {
    let procedure = Procedure { assessment: row.assessment, grade: row.grade, subject: row.subject_folded };
    let outcome = Outcome {
        subject: row.subject,
        year: row.year,
        participants: row.participants,
        below_minimum: row.below_minimum,
    };
    (procedure, outcome)
}

/// List the schools of the municipality that fall under the criterion of support lists by their results.
///
/// A hint only: the order decides. By default a school falls under it when 30 % of the participants or
/// more are below the minimum in two procedures of `results_year`, and in one of these in the year
/// before as well. The schools stand in the order of their names, never of their results;
/// `schools_with_gaps` names those of which results are missing. `id=` names schools.
#[utoipa::path(tag = "support-lists", params(HintFilter, Paging), responses((status = 200, description = "A page", body = SupportListHintPage)))]
#[get("/support-list-hints")]
async fn list_support_list_hints(
    permit: Permit<policy::ReadHints>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<HintFilter>,
) -> Result<HttpResponse, Error> {
    let criterion = query.filter.criterion()?;
    let (scope, asked) = (permit.scope, info.clone());
    let Facts { schools, mut results, mut standing } =
        db.read(move |conn| read(conn, &scope, criterion, &asked)).await?;
    let ids = query.page.ids.as_ref();
    let asked_for = |school: &SchoolRow| ids.is_none_or(|ids| ids.iter().any(|id| id == school.id.as_str()));
    let (mut hints, mut gaps) = (Vec::new(), Vec::new());
    for school in schools.into_iter().filter(asked_for) {
        let own = results.remove(&school.id).unwrap_or_default();
        let missing = criterion.all_years().filter(|year| own.iter().all(|result| result.year != *year));
        gaps.extend(HintGapOut::of(&school, missing.collect()));
        if let Some(reached) = criterion.met_by(own.into_iter().map(outcome)) {
            let lists = standing.remove(&school.id).unwrap_or_default();
            hints.push(SupportListHintOut::of(school, reached, lists, info.lang));
        }
    }
    let listed = page_of(&query.page, HintFilter::LAST_KEY, hints);
    let listing = Listing::of(&query, listed, &info, |hint| hint)?
        .with("is_hint", &true)?
        .with("note", &DECIDED_BY_ORDER.get(info.lang))?
        .with("purpose_note", &PURPOSE.get(info.lang))?
        .with("criterion", &HintCriterionOut::of(criterion, info.lang))?
        .with("schools_with_gaps", &gaps)?;
    Ok(listing.read(&info))
}
