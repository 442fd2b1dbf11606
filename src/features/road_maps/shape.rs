//! What requests and answers about road maps look like.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{MeasureLevel, RoadMapStatus};
use super::flow::RoadMapText;
use super::flow_lifecycle::Approval;
use super::policy;
use super::steps::{SilentCriterion, Step};
use super::store::Narrowed;
use super::store_facts::RoadMapView;
use crate::auth::{Caller, Scope};
use crate::error::Error;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, OrderId, RoadMapId, SchoolId, TemplateId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new road map: the municipality's when the department sends it, the school's own otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "План мероприятий («дорожная карта») по сопровождению школ с низкими образовательными результатами на 2023 год",
    "period_start": "2023-01-01", "period_end": "2023-12-31",
    "goal": "Повышение качества образования в школах перечня",
    "tasks": ["Выявить профессиональные дефициты педагогов", "Организовать методическую помощь школам"],
    "order_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab"
}))]
pub struct RoadMapIn {
    /// Title.
    #[schema(min_length = 1, max_length = 1000)]
    title: String,
    /// First day.
    period_start: NaiveDate,
    /// Last day, not before the first.
    period_end: NaiveDate,
    /// What it is for.
    #[schema(min_length = 1, max_length = 4000)]
    goal: Option<String>,
    /// Its tasks, in order, each once.
    #[serde(default)]
    #[schema(max_items = 100)]
    tasks: Vec<String>,
    /// Municipal map: the order that approves it; needed for the approval only.
    order_id: Option<OrderId>,
    /// Municipal map: its conclusion template; absent: the municipality's latest.
    conclusion_template_id: Option<TemplateId>,
    /// School's own map: the approved municipal map that it belongs to.
    parent_id: Option<RoadMapId>,
}

/// Changes of a draft: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"goal": null, "order_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab"}))]
pub struct RoadMapPatch {
    /// Title.
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    title: Option<String>,
    /// First day.
    #[schema(nullable = false)]
    period_start: Option<NaiveDate>,
    /// Last day, not before the first.
    #[schema(nullable = false)]
    period_end: Option<NaiveDate>,
    /// What it is for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    goal: Option<Option<String>>,
    /// Its tasks, the whole list.
    #[schema(max_items = 100, nullable = false)]
    tasks: Option<Vec<String>>,
    /// Municipal map: the order that approves it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<OrderId>)]
    order_id: Option<Option<OrderId>>,
    /// Municipal map: its conclusion template.
    #[schema(nullable = false)]
    conclusion_template_id: Option<TemplateId>,
    /// School's own map: the approved municipal map that it belongs to.
    #[schema(nullable = false)]
    parent_id: Option<RoadMapId>,
}

/// An approval: empty for a municipal map, which rests on its order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"approval": {"number": "45-о", "date": "2023-04-03"}}))]
pub struct RoadMapApproval {
    /// School's own map: the act by which the school approves it.
    #[schema(nullable = false)]
    pub approval: Option<RoadMapAct>,
}

/// The act by which a school approves its own map.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoadMapAct {
    /// Number: a free string.
    #[schema(min_length = 1, max_length = 50)]
    number: String,
    /// Date of the act, not in the future.
    date: NaiveDate,
}

/// Why a draft is dropped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Проект заменён другим"}))]
pub struct RoadMapCancel {
    /// Why, for the audit and the readers.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// A copy for a year to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"year_shift": 1, "title": "План мероприятий («дорожная карта») на 2024 год"}))]
pub struct RoadMapCopy {
    /// By how many years every date is shifted; 29 February becomes 28 where it must.
    #[serde(default = "one_year")]
    #[schema(minimum = 1, maximum = 5, default = 1)]
    pub year_shift: i32,
    /// Title of the copy; absent: as it is.
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    pub title: Option<String>,
}

fn one_year() -> i32 {
    1
}

/// A criterion of the template that no measure feeds: its conclusion will do without it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoadMapWarning {
    /// `criterion-without-measures`.
    code: &'static str,
    /// Code of the criterion.
    criterion: String,
    /// For a person.
    detail: String,
}

/// An edition of a road map.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoadMapOut {
    id: RoadMapId,
    /// Rises with every change of its measures too.
    version: i32,
    status: RoadMapStatus,
    status_label: &'static str,
    /// `school`: a school's own map.
    level: MeasureLevel,
    level_label: &'static str,
    municipality_id: MunicipalityId,
    /// The school whose own map it is; null: the municipality's map.
    school_id: Option<SchoolId>,
    /// The municipal map that a school's own map belongs to.
    parent_id: Option<RoadMapId>,
    title: String,
    goal: Option<String>,
    tasks: Vec<String>,
    period_start: NaiveDate,
    period_end: NaiveDate,
    /// The order that approves a municipal map.
    order_id: Option<OrderId>,
    /// The act by which a school approved its own map.
    approval: Option<RoadMapAct>,
    conclusion_template_id: Option<TemplateId>,
    /// 1, 2, 3 … through amendments.
    edition: i32,
    /// The edition before.
    amends_id: Option<RoadMapId>,
    /// The map it was copied from.
    copied_from_id: Option<RoadMapId>,
    measures_count: usize,
    /// Criteria of the template without measures; they do not hinder the approval.
    warnings: Vec<RoadMapWarning>,
    approved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of road maps.
#[derive(Serialize, ToSchema)]
pub struct RoadMapPage {
    items: Vec<RoadMapOut>,
    page: crate::web::query::PageOut,
}

impl RoadMapWarning {
    fn of(criterion: SilentCriterion, lang: Lang) -> Self {
        let SilentCriterion { code, title, conclusion } = criterion;
        let detail = match lang {
            Lang::Ru => format!("К критерию «{title}» нет мероприятий: вывод {conclusion} его не учтёт"),
            Lang::En => format!("No measure feeds “{title}”: conclusion {conclusion} will leave it out"),
        };
        Self { code: "criterion-without-measures", criterion: code, detail }
    }
}

impl RoadMapOut {
    /// The road map for the caller.
    #[must_use]
    pub fn of(view: RoadMapView, lang: Lang, caller: &Caller, scope: &Scope) -> Self {
        let RoadMapView { row, facts } = view;
        let own = row.is_of(scope);
        let action = |name, may: bool, step: Step| {
            ActionOut::new(name, may && own, &step.blockers(row.status, &facts))
        };
        let drafts = caller.may::<policy::DraftRoadMaps>();
        let act = row.approval_number.zip(row.approval_date);
        Self {
            actions: vec![
                action("update", drafts, Step::Update),
                action("delete", drafts, Step::Delete),
                action("approve", caller.may::<policy::ApproveRoadMaps>(), Step::Approve),
                action("amend", drafts, Step::Amend),
                action("close", caller.may::<policy::CloseRoadMaps>(), Step::Close),
                action("cancel", drafts, Step::Cancel),
                action("copy", drafts, Step::Copy),
            ],
            id: row.id,
            version: row.version,
            status: row.status,
            status_label: row.status.label(lang),
            level: row.level,
            level_label: row.level.label(lang),
            municipality_id: row.municipality_id,
            school_id: row.school_id,
            parent_id: row.parent_id,
            title: row.title,
            goal: row.goal,
            tasks: row.tasks.into_inner(),
            period_start: row.period_start,
            period_end: row.period_end,
            order_id: row.order_id,
            approval: act.map(|(number, date)| RoadMapAct { number, date }),
            conclusion_template_id: row.conclusion_template_id,
            edition: row.edition,
            amends_id: row.amends_id,
            copied_from_id: row.copied_from_id,
            measures_count: facts.measures,
            warnings: facts.silent_criteria.into_iter().map(|c| RoadMapWarning::of(c, lang)).collect(),
            approved_at: row.approved_at.map(utc),
            closed_at: row.closed_at.map(utc),
            cancel_reason: row.cancel_reason,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    /// The road map as an answer.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub fn answer(view: RoadMapView, lang: Lang, caller: &Caller, scope: &Scope) -> Result<Answer, Error> {
        resource(view.row.version, &Self::of(view, lang, caller, scope))
    }
}

/// Filters of the list of road maps.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoadMapFilter {
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "draft,approved")]
    status: Option<AnyOf<RoadMapStatus>>,
    /// `municipal`, `school` (schools' own maps), or both, comma-separated.
    #[param(value_type = Option<String>, example = "municipal")]
    level: Option<AnyOf<MeasureLevel>>,
    /// Own maps of these schools, comma-separated.
    #[param(value_type = Option<String>)]
    school_id: Option<AnyOf<SchoolId>>,
    /// Text to find in title and goal.
    q: Option<String>,
}

impl Filter for RoadMapFilter {
    const SORTS: &'static [&'static str] = &["period_start"];
}

impl RoadMapFilter {
    pub fn narrowed(&self) -> Narrowed {
        Narrowed {
            status: self.status.clone().map(|any| any.0),
            level: self.level.clone().map(|any| any.0),
            school_id: self.school_id.clone().map(|any| any.0),
            q: self.q.clone(),
        }
    }
}

impl From<RoadMapAct> for Approval {
    fn from(given: RoadMapAct) -> Self {
        Self { number: given.number, date: given.date }
    }
}

impl From<RoadMapIn> for RoadMapText {
    fn from(given: RoadMapIn) -> Self {
        Self {
            title: given.title,
            period_start: given.period_start,
            period_end: given.period_end,
            goal: given.goal,
            tasks: given.tasks,
            order_id: given.order_id,
            template_id: given.conclusion_template_id,
            parent_id: given.parent_id,
        }
    }
}

impl RoadMapPatch {
    pub fn over(self, text: RoadMapText) -> RoadMapText {
        RoadMapText {
            title: self.title.unwrap_or(text.title),
            period_start: self.period_start.unwrap_or(text.period_start),
            period_end: self.period_end.unwrap_or(text.period_end),
            goal: self.goal.unwrap_or(text.goal),
            tasks: self.tasks.unwrap_or(text.tasks),
            order_id: self.order_id.unwrap_or(text.order_id),
            template_id: self.conclusion_template_id.or(text.template_id),
            parent_id: self.parent_id.or(text.parent_id),
        }
    }
}
