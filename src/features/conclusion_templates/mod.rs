//! Conclusion templates: which criteria make a conclusion and in which words it is said.

pub mod check;
pub mod content;
pub mod phrase;

pub use content::{
    Clauses, ConclusionLevel, ConclusionTemplate, CriterionRule, CriterionTemplate, Sentences,
    StandingAddressee, StandingRecommendation, TemplateContent,
};
