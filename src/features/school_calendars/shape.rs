//! School calendars as JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{Term, TermKind, usual_terms};
use super::flow::Calendar;
use super::policy;
use super::store::CalendarRow;
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::academic_year::{AcademicYear, label};
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::MunicipalityId;
use crate::kit::lang::Lang;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// The terms of an academic year, all of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"term_kind": "quarter", "terms": [
    {"start_date": "2023-09-01", "end_date": "2023-10-27"}, {"start_date": "2023-11-07", "end_date": "2023-12-29"},
    {"start_date": "2024-01-09", "end_date": "2024-03-22"}, {"start_date": "2024-04-01", "end_date": "2024-05-24"}
]}))]
pub(super) struct SchoolCalendarIn {
    /// Four quarters or three trimesters.
    term_kind: TermKind,
    /// In order, one after the other, from 1 September to 31 August.
    #[schema(min_items = 3, max_items = 4)]
    terms: Vec<Term>,
}

/// The calendar of a municipality's schools for an academic year.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SchoolCalendarOut {
    municipality_id: MunicipalityId,
    /// By its first calendar year: 2023 is 2023/2024.
    academic_year: i32,
    academic_year_label: String,
    /// 0: the municipality has given none, these are the usual quarters.
    version: i32,
    /// Whether these are the usual quarters, because the municipality has given none.
    is_default: bool,
    term_kind: TermKind,
    term_kind_label: &'static str,
    terms: Vec<Term>,
    /// Null: the usual quarters.
    created_at: Option<DateTime<Utc>>,
    /// Null: the usual quarters.
    updated_at: Option<DateTime<Utc>>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of school calendars.
#[derive(Serialize, ToSchema)]
pub(super) struct SchoolCalendarPage {
    items: Vec<SchoolCalendarOut>,
    page: PageOut,
}

/// Filters of the list of school calendars.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SchoolCalendarFilter {
    /// Any of these academic years, comma-separated.
    #[param(value_type = Option<String>, example = "2023,2024")]
    academic_year: Option<AnyOf<i32>>,
}

impl Filter for SchoolCalendarFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "-academic_year";
    const LAST_KEY: &'static str = "academic_year";
}

impl SchoolCalendarFilter {
    pub(super) fn years(&self) -> Option<Vec<i32>> {
        self.academic_year.clone().map(|any| any.0)
    }
}

impl SchoolCalendarIn {
    pub(super) fn into_terms(self) -> (TermKind, Vec<Term>) {
        (self.term_kind, self.terms)
    }
}

impl SchoolCalendarOut {
    pub(super) fn given(row: CalendarRow, lang: Lang, caller: &Caller) -> Self {
        Self {
            municipality_id: row.municipality_id,
            academic_year: row.academic_year,
            academic_year_label: label(row.academic_year),
            version: row.version,
            is_default: false,
            term_kind: row.term_kind,
            term_kind_label: row.term_kind.label(lang),
            terms: row.terms.into_inner(),
            created_at: Some(utc(row.created_at)),
            updated_at: Some(utc(row.updated_at)),
            actions: actions(caller),
        }
    }

    fn usual(municipality_id: MunicipalityId, year: AcademicYear, lang: Lang, caller: &Caller) -> Self {
        Self {
            municipality_id,
            academic_year: year.start(),
            academic_year_label: label(year.start()),
            version: 0,
            is_default: true,
            term_kind: TermKind::Quarter,
            term_kind_label: TermKind::Quarter.label(lang),
            terms: usual_terms(year),
            created_at: None,
            updated_at: None,
            actions: actions(caller),
        }
    }

    pub(super) fn answer(calendar: Calendar, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        let out = match calendar {
            Calendar::Given(row) => Self::given(row, lang, caller),
            Calendar::Usual(municipality, year) => Self::usual(municipality, year, lang, caller),
        };
        resource(out.version, &out)
    }
}

fn actions(caller: &Caller) -> Vec<ActionOut> {
    vec![ActionOut::new("update", caller.may::<policy::WriteSchoolCalendars>(), &[])]
}
