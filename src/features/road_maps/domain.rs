//! Measures of a road map: their level, whom they concern, which criteria they feed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::deadline::Deadline;
use crate::kit::code::codes;
use crate::kit::education::EducationLevel;
use crate::kit::id::{LineageId, MeasureId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// Who carries a measure out.
    MeasureLevel {
        /// The education department; reported by the municipality.
        Municipal = "municipal", "муниципальный уровень", "municipal level";
        /// Each school; reported by the schools.
        School = "school", "школьный уровень", "school level";
    }
}

codes! {
    /// State of an edition of a road map.
    RoadMapStatus {
        /// Being written; the only state in which measures change.
        Draft = "draft", "проект", "draft";
        /// In force by an order.
        Approved = "approved", "утверждена", "approved";
        /// Replaced by a later edition, still readable.
        Archived = "archived", "заменена новой редакцией", "archived";
        /// Its year is over.
        Closed = "closed", "завершена", "closed";
        /// Dropped as a draft.
        Cancelled = "cancelled", "отменена", "cancelled";
    }
}

codes! {
    /// How the schools of a measure are named.
    AppliesToKind {
        /// All schools of the snapshot.
        All = "all", "все школы", "all schools";
        /// Schools by id.
        Schools = "schools", "указанные школы", "named schools";
        /// Schools that have any of the levels.
        EducationLevels = "education_levels", "школы с уровнями образования", "schools with education levels";
    }
}

/// Which schools a measure concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliesTo {
    /// Which of the members below is there.
    pub kind: AppliesToKind,
    /// `schools`: their ids, each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1)]
    pub school_ids: Option<Vec<SchoolId>>,
    /// `education_levels`: a school with any of them is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1)]
    pub education_levels: Option<Vec<EducationLevel>>,
}

impl AppliesTo {
    /// All schools.
    #[must_use]
    pub fn all() -> Self {
        Self { kind: AppliesToKind::All, school_ids: None, education_levels: None }
    }

    /// Whether the school is concerned.
    #[must_use]
    pub fn applies_to(&self, school_id: &SchoolId, education_levels: &[EducationLevel]) -> bool {
        match self.kind {
            AppliesToKind::All => true,
            AppliesToKind::Schools => self.school_ids.iter().flatten().any(|id| id == school_id),
            AppliesToKind::EducationLevels => self.meets_levels(education_levels),
        }
    }

    /// Whether any of the levels is among the named ones.
    #[must_use]
    pub fn meets_levels(&self, education_levels: &[EducationLevel]) -> bool {
        let mut named = self.education_levels.iter().flatten();
        named.any(|level| education_levels.contains(level))
    }

    /// Every broken rule, with pointers under `pointer_prefix` (e.g. `/applies_to`).
    #[must_use]
    pub fn check(&self, pointer_prefix: &str) -> Vec<Violation> {
        let schools = self.kind == AppliesToKind::Schools;
        let levels = self.kind == AppliesToKind::EducationLevels;
        let found = [
            ("school_ids", list_rule(self.school_ids.as_deref(), schools)),
            ("education_levels", list_rule(self.education_levels.as_deref(), levels)),
        ];
        let violation = |(member, broken): (&str, Option<(&'static str, Bi)>)| {
            let (code, detail) = broken?;
            Some(Violation::new(format!("{pointer_prefix}/{member}"), code, detail))
        };
        found.into_iter().filter_map(violation).collect()
    }
}

/// The rule that a list is there when wanted, not empty, without doubles; else absent.
fn list_rule<T: Ord>(list: Option<&[T]>, wanted: bool) -> Option<(&'static str, Bi)> {
    match list {
        None if wanted => {
            Some(("required", Bi::fixed("Укажите хотя бы одно значение.", "Name at least one value.")))
        }
        Some([]) if wanted => {
            Some(("required", Bi::fixed("Укажите хотя бы одно значение.", "Name at least one value.")))
        }
        Some(_) if !wanted => Some((
            "not-allowed",
            Bi::fixed(
                "При таком значении kind это поле не указывают.",
                "With this kind the member is not given.",
            ),
        )),
        Some(values) if values.iter().collect::<BTreeSet<_>>().len() < values.len() => {
            Some(("duplicate", Bi::fixed("Каждое значение указывают один раз.", "Each value is named once.")))
        }
        _ => None,
    }
}

/// A measure as the rules of reports and conclusions see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Its id in this edition.
    pub id: MeasureId,
    /// What it keeps through amendments and copies.
    pub lineage_id: LineageId,
    /// Its code, unique in the map, e.g. `S3.2`.
    pub code: String,
    /// Who carries it out.
    pub level: MeasureLevel,
    /// What is to be done.
    pub title: String,
    /// Its place in the map.
    pub position: i32,
    /// By when.
    pub deadline: Deadline,
    /// Which schools it concerns.
    pub applies_to: AppliesTo,
    /// Codes of the criteria it feeds.
    pub criteria: Vec<String>,
    /// Codes of the indicators whose numbers its report takes.
    pub indicators: Vec<String>,
    /// Whether `done` needs evidence.
    pub evidence_required: bool,
    /// Whether it counts at all; one that does not needs no item.
    pub counts_in_compliance: bool,
}

impl Measure {
    /// Whether the measure stands in the report of this school.
    #[must_use]
    pub fn concerns_school(&self, school_id: &SchoolId, education_levels: &[EducationLevel]) -> bool {
        self.level == MeasureLevel::School && self.applies_to.applies_to(school_id, education_levels)
    }

    /// Whether the measure stands in the municipality's own report.
    #[must_use]
    pub fn concerns_municipality(&self) -> bool {
        self.level == MeasureLevel::Municipal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applies(json: &str) -> AppliesTo {
        serde_json::from_str(json).unwrap()
    }

    fn broken(json: &str) -> Vec<String> {
        let list = applies(json).check("/applies_to");
        let show = |v: Violation| format!("{} {}", v.pointer, v.code);
        list.into_iter().map(show).collect()
    }

    #[test]
    fn schools_are_named_all_by_id_or_by_level() {
        let (a, b) = (SchoolId("a".into()), SchoolId("b".into()));
        let primary = [EducationLevel::Primary];
        assert!(applies(r#"{"kind":"all"}"#).applies_to(&a, &[]));
        let named = applies(r#"{"kind":"schools","school_ids":["a"]}"#);
        assert!(named.applies_to(&a, &primary) && !named.applies_to(&b, &primary));
        let leveled = applies(r#"{"kind":"education_levels","education_levels":["basic","secondary"]}"#);
        assert!(!leveled.applies_to(&a, &primary));
        assert!(leveled.applies_to(&a, &[EducationLevel::Primary, EducationLevel::Basic]));
    }

    #[test]
    fn the_list_belongs_to_its_kind() {
        assert!(broken(r#"{"kind":"all"}"#).is_empty());
        assert_eq!(broken(r#"{"kind":"all","school_ids":["a"]}"#), ["/applies_to/school_ids not-allowed"]);
        assert_eq!(broken(r#"{"kind":"schools"}"#), ["/applies_to/school_ids required"]);
        assert_eq!(
            broken(r#"{"kind":"schools","school_ids":["a","a"]}"#),
            ["/applies_to/school_ids duplicate"]
        );
        assert_eq!(
            broken(r#"{"kind":"education_levels","education_levels":[]}"#),
            ["/applies_to/education_levels required"]
        );
    }

    #[test]
    fn the_text_form_is_kept() {
        for json in [
            r#"{"kind":"all"}"#,
            r#"{"kind":"schools","school_ids":["a","b"]}"#,
            r#"{"kind":"education_levels","education_levels":["basic"]}"#,
        ] {
            assert_eq!(serde_json::to_string(&applies(json)).unwrap(), json);
        }
        assert_eq!(applies(r#"{"kind":"all"}"#), AppliesTo::all());
    }
}
