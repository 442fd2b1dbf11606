//! Content of a conclusion template.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::code::codes;

/// The template that every municipality starts with.
const SHIPPED: &str = include_str!("shipped.json");

codes! {
    /// Whose work a conclusion is about.
    ConclusionLevel {
        /// The education department's, by the municipality's own report.
        Municipal = "municipal", "муниципальный уровень", "municipal level";
        /// The schools', by their reports.
        School = "school", "школьный уровень", "school level";
    }
}

codes! {
    /// How many measures of a criterion a subject has to meet.
    CriterionRule {
        /// Every one.
        All = "all", "выполнены все мероприятия критерия", "all measures of the criterion are met";
        /// At least one.
        Any = "any", "выполнено хотя бы одно мероприятие критерия", "at least one measure of the criterion is met";
    }
}

codes! {
    /// Whom a standing recommendation addresses.
    StandingAddressee {
        /// Heads of all active schools of the municipality.
        AllSchools = "all_schools", "руководителям школ", "heads of schools";
        /// Heads of the schools of the monitoring's lists.
        ListSchools = "list_schools", "руководителям школ из перечня", "heads of list schools";
        /// The education department itself.
        Department = "department", "органу управления образованием", "education department";
    }
}

/// Everything a template says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateContent {
    /// The conclusions, in the order of the note.
    #[schema(min_items = 1)]
    pub conclusions: Vec<ConclusionTemplate>,
    /// Sentence about schools without an accepted report: `{count}`, `{schools}`.
    #[schema(example = "По {count|школе|школам|школам} сведений нет: {schools}.")]
    pub without_report: String,
    /// Recommendations that are given whatever the verdicts.
    pub recommendations: Vec<StandingRecommendation>,
}

/// One conclusion: its criteria and its sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConclusionTemplate {
    /// Its number in the note.
    #[schema(pattern = r"^\d\.\d{1,2}$", example = "2.3")]
    pub code: String,
    /// Whose work it is about.
    pub level: ConclusionLevel,
    /// What it is about, in a few words.
    pub title: String,
    /// Its sentences: `{ok}`, `{total}`, `{missing}`.
    pub sentences: Sentences,
    /// The facts it rests on.
    #[schema(min_items = 1)]
    pub criteria: Vec<CriterionTemplate>,
}

/// Whole sentences of a conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sentences {
    /// Every criterion is `all`.
    pub all: String,
    /// Every criterion is `none`.
    pub none: String,
    /// Nobody has an accepted report.
    pub no_data: String,
    /// It concerns nobody.
    pub not_applicable: String,
}

/// One fact a conclusion rests on, fed by measures that name its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CriterionTemplate {
    /// Its code, unique in the template.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,63}$", example = "mentors_novice")]
    pub code: String,
    /// How many of its measures must be met.
    pub rule: CriterionRule,
    /// What it is about, in a few words.
    pub title: String,
    /// Its clauses: `{ok}`, `{total}`, `{missing}`.
    pub clauses: Clauses,
}

/// Clauses from which a conclusion is composed: lower case, without a period at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clauses {
    /// Everybody meets the criterion.
    pub all: String,
    /// Some do. Null in a municipal conclusion, which has one subject.
    pub some: Option<String>,
    /// Nobody does.
    pub none: String,
}

/// A recommendation given every year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingRecommendation {
    /// Its number in the note.
    pub code: String,
    /// What is recommended.
    pub text: String,
    /// To whom.
    pub addressee: StandingAddressee,
}

impl TemplateContent {
    /// The template shipped with the service, version 1.
    ///
    /// # Errors
    ///
    /// The JSON error, if the shipped file were broken; a test reads it.
    pub fn shipped() -> serde_json::Result<Self> {
        serde_json::from_str(SHIPPED)
    }

    /// Every code of a criterion, in the template's order.
    pub fn criterion_codes(&self) -> impl Iterator<Item = &str> {
        let criteria = self.conclusions.iter().flat_map(|c| &c.criteria);
        criteria.map(|criterion| criterion.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> TemplateContent {
        TemplateContent::shipped().unwrap()
    }

    #[test]
    fn the_shipped_template_is_right_and_complete() {
        let content = shipped();
        assert_eq!(content.check(), []);
        let codes: Vec<&str> = content.conclusions.iter().map(|c| &*c.code).collect();
        assert_eq!(codes, ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"]);
        assert_eq!(content.recommendations.len(), 6);
    }

    #[test]
    fn the_shipped_template_has_the_criteria_of_the_reference_case() {
        let case: serde_json::Value =
            serde_json::from_str(include_str!("../../demo/hotynets-2023.json")).unwrap();
        let content = shipped();
        let mut ours = Vec::new();
        for conclusion in &content.conclusions {
            for criterion in &conclusion.criteria {
                ours.push(serde_json::json!({
                    "code": criterion.code, "conclusion": conclusion.code, "rule": criterion.rule,
                }));
            }
        }
        assert_eq!(serde_json::Value::from(ours), case["criteria"]);
        let theirs = case["expected"]["recommendations"].as_array().unwrap();
        for (ours, theirs) in content.recommendations.iter().zip(theirs) {
            assert_eq!(
                (&*ours.code, &*ours.text),
                (theirs["code"].as_str().unwrap(), theirs["text"].as_str().unwrap())
            );
        }
    }

    #[test]
    fn the_text_form_is_kept() {
        let text = serde_json::to_string(&shipped()).unwrap();
        let read: TemplateContent = serde_json::from_str(&text).unwrap();
        assert_eq!(read, shipped());
        let unknown = text.replacen("without_report", "without", 1);
        assert!(serde_json::from_str::<TemplateContent>(&unknown).is_err());
    }
}
