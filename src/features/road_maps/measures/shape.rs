//! What requests and answers about measures look like.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::deadline::Deadline;
use super::super::domain::{AppliesTo, MeasureLevel};
use super::super::policy;
use super::super::steps::{Facts, Step};
use super::store::{MeasureView, NarrowedMeasures};
use super::text::MeasureText;
use crate::auth::Caller;
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{LineageId, MeasureId, RecommendationId, RoadMapId};
use crate::kit::lang::{Bi, Lang};
use crate::kit::violation::Violation;
use crate::web::body::present;
use crate::web::{ActionOut, Answer, AnyOf, Between, Filter, resource};

/// A new measure.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "S3.1", "section": "Школьный уровень: обучающиеся и родители", "level": "school",
    "title": "Входной контроль по русскому языку и математике",
    "deadline": {"kind": "date", "text": "до 30.09", "due_date": "2023-09-30"},
    "responsible": ["заместитель директора по УВР"], "expected_result": "аналитическая справка",
    "evidence_required": true, "applies_to": {"kind": "all"},
    "criteria": ["entry_test"], "recommendations": ["R4"], "counts_in_compliance": true
}))]
pub struct MeasureIn {
    /// Its code, unique in the map.
    #[schema(min_length = 1, max_length = 50)]
    code: String,
    /// The section it stands in.
    #[schema(min_length = 1, max_length = 500)]
    section: String,
    /// Its place in the map; absent: after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100000, nullable = false)]
    position: Option<i32>,
    /// Who carries it out; in a school's own map always `school`.
    level: MeasureLevel,
    /// What is to be done.
    #[schema(min_length = 1, max_length = 2000)]
    title: String,
    /// By when.
    deadline: Deadline,
    /// Positions and bodies, never names; each once.
    #[schema(min_items = 1, max_items = 20)]
    responsible: Vec<String>,
    /// What is to come out of it.
    #[schema(min_length = 1, max_length = 2000)]
    expected_result: Option<String>,
    /// Whether `done` needs evidence.
    #[serde(default)]
    evidence_required: bool,
    /// Which schools it concerns; in a school's own map always `all`.
    #[serde(default = "AppliesTo::all")]
    applies_to: AppliesTo,
    /// Codes of the criteria of the conclusion template that it feeds.
    #[serde(default)]
    #[schema(max_items = 50)]
    criteria: Vec<String>,
    /// Codes of the indicators whose numbers its report takes: of the measure's level, none that
    /// the service computes.
    #[serde(default)]
    #[schema(max_items = 20)]
    indicators: Vec<String>,
    /// Codes of the recommendations that it answers.
    #[serde(default)]
    #[schema(max_items = 50)]
    recommendations: Vec<String>,
    /// Whether it counts; one that does not needs no item in a report.
    #[serde(default = "yes")]
    #[schema(default = true)]
    counts_in_compliance: bool,
}

fn yes() -> bool {
    true
}

/// One measure, or some at once: all are stored or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MeasuresIn {
    /// One.
    One(Box<MeasureIn>),
    /// 1 to 500.
    Many(Vec<MeasureIn>),
}

/// Changes of a measure: absent members stay, null clears. Lists, `deadline` and
/// `applies_to` are replaced whole. Any change also clears `needs_review`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"deadline": {"kind": "date", "text": "до 15.10", "due_date": "2023-10-15"}}))]
pub struct MeasurePatch {
    /// Its code, unique in the map.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    code: Option<String>,
    /// The section it stands in.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    section: Option<String>,
    /// Its place in the map.
    #[schema(minimum = 1, maximum = 100000, nullable = false)]
    position: Option<i32>,
    /// Who carries it out.
    #[schema(nullable = false)]
    level: Option<MeasureLevel>,
    /// What is to be done.
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    title: Option<String>,
    /// By when.
    #[schema(nullable = false)]
    deadline: Option<Deadline>,
    /// Positions and bodies, never names; each once.
    #[schema(min_items = 1, max_items = 20, nullable = false)]
    responsible: Option<Vec<String>>,
    /// What is to come out of it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    expected_result: Option<Option<String>>,
    /// Whether `done` needs evidence.
    #[schema(nullable = false)]
    evidence_required: Option<bool>,
    /// Which schools it concerns.
    #[schema(nullable = false)]
    applies_to: Option<AppliesTo>,
    /// Codes of the criteria of the conclusion template that it feeds.
    #[schema(max_items = 50, nullable = false)]
    criteria: Option<Vec<String>>,
    /// Codes of the indicators whose numbers its report takes: of the measure's level, none that
    /// the service computes.
    #[schema(max_items = 20, nullable = false)]
    indicators: Option<Vec<String>>,
    /// Codes of the recommendations that it answers.
    #[schema(max_items = 50, nullable = false)]
    recommendations: Option<Vec<String>>,
    /// Whether it counts.
    #[schema(nullable = false)]
    counts_in_compliance: Option<bool>,
    /// `false`: the shifted dates are right as they are.
    #[schema(nullable = false)]
    needs_review: Option<bool>,
}

/// A measure of one edition of a road map.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureOut {
    id: MeasureId,
    version: i32,
    road_map_id: RoadMapId,
    /// What it keeps through amendments and copies.
    lineage_id: LineageId,
    code: String,
    section: String,
    position: i32,
    level: MeasureLevel,
    level_label: &'static str,
    title: String,
    deadline: Deadline,
    deadline_kind_label: &'static str,
    /// The day after which it is late; null: recurring or all year, never late.
    due_date: Option<NaiveDate>,
    responsible: Vec<String>,
    expected_result: Option<String>,
    evidence_required: bool,
    applies_to: AppliesTo,
    criteria: Vec<String>,
    /// Codes of the indicators whose numbers its report takes.
    indicators: Vec<String>,
    recommendations: Vec<String>,
    counts_in_compliance: bool,
    /// Its dates were shifted by a copy and not yet looked at.
    needs_review: bool,
    /// The recommendation of an earlier year that it follows up.
    recommendation_id: Option<RecommendationId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// Measures stored together.
#[derive(Serialize, ToSchema)]
pub struct MeasuresOut {
    /// In the order of the request.
    pub items: Vec<MeasureOut>,
}

/// A page of measures.
#[derive(Serialize, ToSchema)]
pub struct MeasurePage {
    items: Vec<MeasureOut>,
    page: crate::web::query::PageOut,
}

/// What a POST of measures answers with.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents the two answers of one operation")]
pub enum MeasuresCreated {
    /// To one measure.
    One(Box<MeasureOut>),
    /// To an array.
    Many(MeasuresOut),
}

impl MeasureOut {
    /// The measure for the caller.
    #[must_use]
    pub fn of(view: MeasureView, lang: Lang, caller: &Caller) -> Self {
        let may = caller.may::<policy::DraftRoadMaps>() && view.own;
        let blockers = Step::Update.blockers(view.map_status, &Facts::default());
        let row = view.row;
        let deadline = row.deadline.into_inner();
        Self {
            actions: ["update", "delete"].map(|name| ActionOut::new(name, may, &blockers)).into(),
            id: row.id,
            version: row.version,
            road_map_id: row.road_map_id,
            lineage_id: row.lineage_id,
            code: row.code,
            section: row.section,
            position: row.position,
            level: row.level,
            level_label: row.level.label(lang),
            title: row.title,
            deadline_kind_label: deadline.kind.label(lang),
            deadline,
            due_date: row.due_date,
            responsible: row.responsible.into_inner(),
            expected_result: row.expected_result,
            evidence_required: row.evidence_required,
            applies_to: row.applies_to.into_inner(),
            criteria: row.criteria.into_inner(),
            indicators: row.indicators.into_inner(),
            recommendations: row.recommendations.into_inner(),
            counts_in_compliance: row.counts_in_compliance,
            needs_review: row.needs_review,
            recommendation_id: row.recommendation_id,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    /// The measure as an answer.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub fn answer(view: MeasureView, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(view.row.version, &Self::of(view, lang, caller))
    }
}

/// Filters of the list of measures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MeasureFilter {
    /// In these road maps, comma-separated.
    #[param(value_type = Option<String>)]
    road_map_id: Option<AnyOf<RoadMapId>>,
    /// Any of these levels, comma-separated.
    #[param(value_type = Option<String>, example = "school")]
    level: Option<AnyOf<MeasureLevel>>,
    /// In exactly this section.
    section: Option<String>,
    /// The due day; also `due_date[gte]`, `due_date[lt]`. What is never late has none.
    #[param(value_type = Option<NaiveDate>)]
    due_date: Option<Between<NaiveDate>>,
    /// Feeding any of these criteria, comma-separated codes.
    #[param(value_type = Option<String>, example = "entry_test")]
    criterion: Option<AnyOf<String>>,
    /// Declaring any of these indicators, comma-separated codes.
    #[param(value_type = Option<String>, example = "I-10")]
    indicator: Option<AnyOf<String>>,
    /// Text to find in code, title and section.
    q: Option<String>,
}

impl Filter for MeasureFilter {
    const SORTS: &'static [&'static str] = &["position", "due_date", "code"];
    const DEFAULT_SORT: &'static str = "position";
}

impl MeasureFilter {
    pub fn narrowed(&self) -> NarrowedMeasures {
        let due = self.due_date.clone().unwrap_or_default();
        NarrowedMeasures {
            road_map_id: self.road_map_id.clone().map(|any| any.0),
            level: self.level.clone().map(|any| any.0),
            section: self.section.clone(),
            due_from: due.from(),
            due_before: due.before(),
            criterion: self.criterion.clone().map(|any| any.0),
            indicator: self.indicator.clone().map(|any| any.0),
            q: self.q.clone(),
        }
    }
}

impl From<MeasureIn> for MeasureText {
    fn from(given: MeasureIn) -> Self {
        Self {
            code: given.code,
            section: given.section,
            position: given.position,
            level: given.level,
            title: given.title,
            deadline: given.deadline,
            responsible: given.responsible,
            expected_result: given.expected_result,
            evidence_required: given.evidence_required,
            applies_to: given.applies_to,
            criteria: given.criteria,
            indicators: given.indicators,
            recommendations: given.recommendations,
            counts_in_compliance: given.counts_in_compliance,
            needs_review: false,
            recommendation_id: None,
        }
    }
}

impl From<MeasureText> for MeasureIn {
    /// The body that makes this measure; what a body cannot say is left out.
    fn from(text: MeasureText) -> Self {
        Self {
            code: text.code,
            section: text.section,
            position: text.position,
            level: text.level,
            title: text.title,
            deadline: text.deadline,
            responsible: text.responsible,
            expected_result: text.expected_result,
            evidence_required: text.evidence_required,
            applies_to: text.applies_to,
            criteria: text.criteria,
            indicators: text.indicators,
            recommendations: text.recommendations,
            counts_in_compliance: text.counts_in_compliance,
        }
    }
}

impl MeasurePatch {
    /// # Errors
    ///
    /// 422 for `needs_review: true`, which only a copy sets.
    pub fn over(self, text: MeasureText) -> Result<MeasureText, Error> {
        if self.needs_review == Some(true) {
            let detail = Bi::fixed("Пометку ставит только копирование", "Only a copy sets the mark");
            return Err(Error::invalid(vec![Violation::new("/needs_review", "not-allowed", detail)]));
        }
        Ok(MeasureText {
            code: self.code.unwrap_or(text.code),
            section: self.section.unwrap_or(text.section),
            position: self.position.or(text.position),
            level: self.level.unwrap_or(text.level),
            title: self.title.unwrap_or(text.title),
            deadline: self.deadline.unwrap_or(text.deadline),
            responsible: self.responsible.unwrap_or(text.responsible),
            expected_result: self.expected_result.unwrap_or(text.expected_result),
            evidence_required: self.evidence_required.unwrap_or(text.evidence_required),
            applies_to: self.applies_to.unwrap_or(text.applies_to),
            criteria: self.criteria.unwrap_or(text.criteria),
            indicators: self.indicators.unwrap_or(text.indicators),
            recommendations: self.recommendations.unwrap_or(text.recommendations),
            counts_in_compliance: self.counts_in_compliance.unwrap_or(text.counts_in_compliance),
            needs_review: false,
            recommendation_id: text.recommendation_id,
        })
    }
}
