//! The statistics of a school found by its OGRN: what a PUT of them would do.

use serde_json::{Value, json};

use super::bodies::SchoolStatIn;
use super::flow;
use super::store::{self, AssessmentRow, Stat};
use crate::auth::Scope;
use crate::db::Tx;
use crate::error::Error;
use crate::features::schools;
use crate::kit::academic_year::AcademicYear;
use crate::kit::lang::Bi;
use crate::kit::outcome::Outcome;
use crate::kit::violation::Violation;
use crate::web::check::check;

/// Stores the statistics of a school in an academic year. The body is that of a PUT, with `ogrn` and
/// `academic_year` beside it; `year` stands where it does not say its own. What it does not say of
/// a year that is there stays as it is.
///
/// # Errors
///
/// 422 with everything that does not fit, 409 `school-closed`; nothing is stored then.
pub fn put_by_ogrn(tx: &mut Tx, scope: &Scope, given: &Value, year: Option<i32>) -> Result<Outcome, Error> {
    let mut said = given.as_object().cloned().unwrap_or_default();
    let (ogrn, own_year) = (said.shift_remove("ogrn"), said.shift_remove("academic_year"));
    if own_year.as_ref().is_some_and(|year| !year.is_i64()) {
        let detail = Bi::fixed("Неверный тип значения JSON", "The JSON type is wrong");
        return Err(Error::invalid(vec![Violation::new("/academic_year", "wrong-type", detail)]));
    }
    let year = own_year.and_then(|year| year.as_i64()).or(year.map(i64::from));
    let (Some(ogrn), Some(year)) = (ogrn.as_ref().and_then(Value::as_str), year) else {
        let missing =
            [("/ogrn", ogrn.is_none_or(|ogrn| !ogrn.is_string())), ("/academic_year", year.is_none())];
        let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
        let required = || Bi::fixed("Обязательное поле", "The member is required");
        return Err(Error::invalid(
            missing.map(|(at, _)| Violation::new(at, "required", required())).collect(),
        ));
    };
    let year = AcademicYear::try_from(year.to_string()).map_err(|_no_year| {
        let detail = Bi::fixed("Годы с 2000 по 2099", "The years 2000 to 2099");
        Error::invalid(vec![Violation::new("/academic_year", "out-of-range", detail)])
    })?;
    let Some(school) = schools::find_by_ogrn(tx, scope, ogrn)? else {
        let detail =
            Bi::fixed("Такой школы в муниципалитете нет", "There is no such school in the municipality");
        return Err(Error::invalid(vec![Violation::new("/ogrn", "unknown-reference", detail)]));
    };
    let school = flow::open(tx, scope, &school.id)?;
    flow::require_active(&school)?;
    let old = store::of_year(tx, &school, year)?;
    let mut body = old.as_ref().map_or_else(|| json!({}), stored);
    if let Some(members) = body.as_object_mut() {
        members.extend(said);
    }
    let broken = check::<SchoolStatIn>(&body).map_err(Error::Internal)?;
    if !broken.malformed.is_empty() || !broken.invalid.is_empty() {
        return Err(Error::invalid(broken.malformed.into_iter().chain(broken.invalid).collect()));
    }
    let text: SchoolStatIn = serde_json::from_value(body)?;
    let before = old.as_ref().map(|old| old.row.version);
    let stat = flow::put(tx, &school, year, old, text.into())?;
    Ok(match before {
        None => Outcome::Created,
        Some(version) if version == stat.row.version => Outcome::Unchanged,
        Some(_) => Outcome::Updated,
    })
}

/// What is stored, as the body that would store it.
fn stored(stat: &Stat) -> Value {
    let result = |row: &AssessmentRow| {
        json!({
            "assessment": row.assessment, "subject": row.subject, "grade": row.grade, "year": row.year,
            "participants": row.participants, "below_minimum": row.below_minimum,
        })
    };
    json!({
        "pupils_total": stat.row.pupils_total, "graduates_9": stat.row.graduates_9,
        "graduates_11": stat.row.graduates_11, "teachers_total": stat.row.teachers_total,
        "assessments": stat.results.iter().map(result).collect::<Vec<_>>(),
    })
}
