//! Conclusions: verdicts derived from accepted reports, and the sentences that say them.

pub mod compose;
pub mod derive;
pub mod domain;
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
