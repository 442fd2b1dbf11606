//! The criterion of support lists: many below the minimum, in several procedures, over years.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::features::school_stats::AssessmentKind;
use crate::kit::code::codes;

codes! {
    /// Form of the rule.
    HintRule {
        /// Enough procedures reach the threshold in the year of the results, and one of them in
        /// every year.
        SameProcedure = "same_procedure", "необходимое число процедур за последний год, и одна и та же — в каждом году", "enough procedures in the last year, and one of them in every year";
        /// Enough procedures in the year of the results, or one or more in every year.
        YearOrEachYear = "year_or_each_year", "необходимое число процедур за последний год либо хотя бы одна в каждом году", "enough procedures in the last year, or at least one in every year";
    }
}

/// The criterion, complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Criterion {
    /// The calendar year of the results: the last one looked at.
    pub results_year: i32,
    /// Form of the rule.
    pub rule: HintRule,
    /// Least percentage of participants below the minimum, 1 to 100.
    pub threshold: i32,
    /// Least number of procedures, 1 or more.
    pub procedures: usize,
    /// How many calendar years are looked at, 1 or more, `results_year` being the last.
    pub years: i32,
}

/// A procedure as years are compared by it: another grade or subject is another procedure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Procedure {
    /// Which assessment.
    pub assessment: AssessmentKind,
    /// Grade.
    pub grade: i32,
    /// Folded subject.
    pub subject: String,
}

/// The result of a school in a procedure and a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Subject, as typed.
    pub subject: String,
    /// Calendar year.
    pub year: i32,
    /// Pupils who took part.
    pub participants: i32,
    /// Of these, below the minimum.
    pub below_minimum: i32,
}

/// Procedures that reach the threshold, each with the results that do, by year.
pub type Reached = BTreeMap<Procedure, Vec<Outcome>>;

impl Criterion {
    /// The first calendar year looked at.
    #[must_use]
    pub fn first_year(&self) -> i32 {
        self.results_year.saturating_sub(self.years.saturating_sub(1))
    }

    /// The calendar years looked at, in their order.
    pub fn all_years(&self) -> RangeInclusive<i32> {
        self.first_year()..=self.results_year
    }

    /// Whether a result reaches the threshold: in whole numbers, so that exactly the threshold does
    /// and nothing below it. Where nobody took part, nothing is reached.
    #[must_use]
    pub fn is_reached_by(&self, result: &Outcome) -> bool {
        let (below, all) = (i64::from(result.below_minimum), i64::from(result.participants));
        all > 0 && below * 100 >= i64::from(self.threshold) * all
    }

    /// The procedures by which a school falls under the criterion; `None` when it does not.
    #[must_use]
    pub fn met_by(&self, results: impl IntoIterator<Item = (Procedure, Outcome)>) -> Option<Reached> {
        let mut reached = Reached::new();
        for (procedure, result) in results {
            if self.all_years().contains(&result.year) && self.is_reached_by(&result) {
                reached.entry(procedure).or_default().push(result);
            }
        }
        for results in reached.values_mut() {
            results.sort_by_key(|result| result.year);
        }
        let of_year = |results: &Vec<Outcome>| results.iter().any(|r| r.year == self.results_year);
        let met = match self.rule {
            HintRule::SameProcedure => {
                reached.retain(|_, results| of_year(results));
                let lasting = reached.values().any(|results| self.is_every_year(results.iter()));
                reached.len() >= self.procedures && lasting
            }
            HintRule::YearOrEachYear => {
                let in_year = reached.values().filter(|results| of_year(results)).count() >= self.procedures;
                // Of one year alone the second half of the rule would ask for one procedure only.
                in_year || (self.years > 1 && self.is_every_year(reached.values().flatten()))
            }
        };
        met.then_some(reached)
    }

    fn is_every_year<'a>(&self, results: impl Iterator<Item = &'a Outcome>) -> bool {
        let found: BTreeSet<i32> = results.map(|result| result.year).collect();
        self.all_years().all(|year| found.contains(&year))
    }
}

#[cfg(test)]
mod tests;
