//! Indicators as JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::domain::{Direction, IndicatorLevel, PeriodType, Unit};
use super::super::policy;
use super::flow::{NewIndicator, Wording, wording_of};
use super::store::{IndicatorRow, Narrowed};
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{IndicatorId, MunicipalityId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new indicator of the municipality.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "K-1", "name": "Доля педагогов, давших открытый урок", "unit": "percent", "direction": "up",
    "level": "school", "period_type": "calendar_year", "numerator": "Педагоги, давшие открытый урок",
    "denominator": "Педагоги школы", "source": "Журнал посещения уроков", "public": true
}))]
pub(super) struct IndicatorIn {
    /// Its code, unique in the municipality; codes that begin with `I-` are the shipped ones'.
    #[schema(min_length = 1, max_length = 20, pattern = r"^[\p{L}0-9][\p{L}0-9._-]*$")]
    code: String,
    /// Its name.
    #[schema(min_length = 1, max_length = 500)]
    name: String,
    /// What it is measured in.
    unit: Unit,
    /// Which change is an improvement.
    direction: Direction,
    /// Whose numbers it has.
    level: IndicatorLevel,
    /// Which periods its values have when they are entered.
    period_type: PeriodType,
    /// What the numerator counts.
    #[schema(min_length = 1, max_length = 500)]
    numerator: String,
    /// What the denominator counts; not with `count` and `yes_no`.
    #[schema(min_length = 1, max_length = 500)]
    denominator: Option<String>,
    /// Where the numbers come from.
    #[schema(min_length = 1, max_length = 500)]
    source: String,
    /// What it is for, and what not.
    #[schema(min_length = 1, max_length = 2000)]
    purpose_note: Option<String>,
    /// Whether it counts people: then its small cells are not published.
    #[serde(default = "yes")]
    #[schema(default = true)]
    counts_people: bool,
    /// Whether its confirmed values are public.
    #[serde(default)]
    #[schema(default = false)]
    public: bool,
}

fn yes() -> bool {
    true
}

/// Changes of an indicator of the municipality: absent members stay, null clears. What its
/// numbers mean (code, unit, direction, level, period type) does not change: add another one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Доля педагогов, проведших открытый урок", "archived": false}))]
pub(super) struct IndicatorPatch {
    /// Its name.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    name: Option<String>,
    /// What the numerator counts.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    numerator: Option<String>,
    /// What the denominator counts.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    denominator: Option<Option<String>>,
    /// Where the numbers come from.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    source: Option<String>,
    /// What it is for, and what not.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    purpose_note: Option<Option<String>>,
    /// Whether it counts people: then its small cells are not published.
    #[schema(nullable = false)]
    counts_people: Option<bool>,
    /// Whether its confirmed values are public.
    #[schema(nullable = false)]
    public: Option<bool>,
    /// No longer used for new measures.
    #[schema(nullable = false)]
    archived: Option<bool>,
}

/// An indicator of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IndicatorOut {
    id: IndicatorId,
    version: i32,
    /// The municipality that added it; null: shipped with the service.
    municipality_id: Option<MunicipalityId>,
    code: String,
    position: i32,
    name: String,
    unit: Unit,
    unit_label: &'static str,
    direction: Direction,
    direction_label: &'static str,
    level: IndicatorLevel,
    level_label: &'static str,
    period_type: PeriodType,
    period_type_label: &'static str,
    /// What the numerator counts.
    numerator: String,
    /// What the denominator counts; null: it is not divided.
    denominator: Option<String>,
    /// Where the numbers come from.
    source: String,
    /// What it is for, and what not.
    purpose_note: Option<String>,
    /// Computed from the service's own data, never typed.
    computed: bool,
    /// Whether it counts people: then its small cells are not published.
    counts_people: bool,
    /// Whether its confirmed values are public.
    public: bool,
    /// No longer used for new measures.
    archived: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of indicators.
#[derive(Serialize, ToSchema)]
pub(super) struct IndicatorPage {
    items: Vec<IndicatorOut>,
    page: PageOut,
}

/// Filters of the catalogue.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct IndicatorFilter {
    /// With any of these codes, comma-separated.
    #[param(value_type = Option<String>, example = "I-10,I-18")]
    code: Option<AnyOf<String>>,
    /// Of any of these levels, comma-separated.
    #[param(value_type = Option<String>, example = "school")]
    level: Option<AnyOf<IndicatorLevel>>,
    /// Computed from the service's own data.
    #[param(value_type = Option<bool>)]
    computed: Option<AnyOf<bool>>,
    /// No longer used for new measures.
    #[param(value_type = Option<bool>)]
    archived: Option<AnyOf<bool>>,
    /// Text to find in code and name.
    q: Option<String>,
}

impl Filter for IndicatorFilter {
    const SORTS: &'static [&'static str] = &["position", "code"];
    const DEFAULT_SORT: &'static str = "position";
}

impl IndicatorFilter {
    pub(super) fn narrowed(&self) -> Narrowed {
        Narrowed {
            code: self.code.clone().map(|any| any.0),
            level: self.level.clone().map(|any| any.0),
            computed: self.computed.clone().map(|any| any.0),
            archived: self.archived.clone().map(|any| any.0),
            q: self.q.clone(),
        }
    }
}

impl From<IndicatorIn> for NewIndicator {
    fn from(given: IndicatorIn) -> Self {
        Self {
            code: given.code,
            unit: given.unit,
            direction: given.direction,
            level: given.level,
            period_type: given.period_type,
            wording: Wording {
                name: given.name,
                numerator: given.numerator,
                denominator: given.denominator,
                source: given.source,
                purpose_note: given.purpose_note,
                counts_people: given.counts_people,
                public: given.public,
                archived: false,
            },
        }
    }
}

impl IndicatorPatch {
    pub(super) fn over(self, row: &IndicatorRow) -> Wording {
        let old = wording_of(row);
        Wording {
            name: self.name.unwrap_or(old.name),
            numerator: self.numerator.unwrap_or(old.numerator),
            denominator: self.denominator.unwrap_or(old.denominator),
            source: self.source.unwrap_or(old.source),
            purpose_note: self.purpose_note.unwrap_or(old.purpose_note),
            counts_people: self.counts_people.unwrap_or(old.counts_people),
            public: self.public.unwrap_or(old.public),
            archived: self.archived.unwrap_or(old.archived),
        }
    }
}

impl IndicatorOut {
    pub(super) fn of(row: IndicatorRow, lang: Lang, caller: &Caller) -> Self {
        let own = caller.may::<policy::WriteIndicators>() && row.municipality_id.is_some();
        Self {
            actions: vec![ActionOut::new("update", own, &[])],
            id: row.id,
            version: row.version,
            municipality_id: row.municipality_id,
            code: row.code,
            position: row.position,
            name: row.name,
            unit: row.unit,
            unit_label: row.unit.label(lang),
            direction: row.direction,
            direction_label: row.direction.label(lang),
            level: row.level,
            level_label: row.level.label(lang),
            period_type: row.period_type,
            period_type_label: row.period_type.label(lang),
            numerator: row.numerator,
            denominator: row.denominator,
            source: row.source,
            purpose_note: row.purpose_note,
            computed: row.computed,
            counts_people: row.counts_people,
            public: row.public,
            archived: row.archived,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    pub(super) fn answer(row: IndicatorRow, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(row.version, &Self::of(row, lang, caller))
    }
}
