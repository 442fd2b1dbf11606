//! Conclusion templates: which criteria make a conclusion and in which words it is said.
//!
//! Versions are immutable. The service ships its own, in `shipped.json`; a municipality makes
//! its next one on the basis of any version it can read. Numbers count per owner.

pub mod check;
pub mod content;
mod domain;
mod flow;
mod http;
pub mod phrase;
mod policy;
mod store;

pub use self::content::{
    Clauses, ConclusionLevel, ConclusionTemplate, CriterionRule, CriterionTemplate, Sentences,
    StandingAddressee, StandingRecommendation, TemplateContent,
};
pub use self::domain::TemplateOwner;
pub use self::flow::ensure_shipped;
pub use self::http::{configure, export};
pub use self::policy::{CATALOGUE, ReadTemplates};
pub use self::store::{TemplateRow, content_of, find, latest_for};
