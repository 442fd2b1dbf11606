//! Conclusions: verdicts derived from accepted reports, and the sentences that say them.
//!
//! Derived anew on every reading until a note is signed, then read as the signature froze
//! them. A person's text stands in force beside the generated one.

pub mod compose;
pub mod derive;
pub mod domain;
mod export;
mod flow;
mod http;
mod policy;
mod shape;
mod store;
mod tally;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use derive::derive;
pub use domain::{
    Conclusion, CriterionResult, DerivationRule, Explanation, Input, LeftOut, Subject, SubjectReport,
    UsedReport, Verdict,
};
pub use export::export;
pub use flow::{ConclusionInForce, Conclusions, derive_all, freeze, thaw};
pub use http::configure;
pub use policy::{CATALOGUE, ReadConclusions};
