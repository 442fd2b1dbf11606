//! Derives conclusions: measures -> criteria -> conclusions, for every subject once.
//!
//! One pass per criterion over the subjects; nothing is looked up by scanning.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::compose::{self, Words};
use super::domain::{Conclusion, CriterionResult, DerivationRule, Explanation, Input, Subject, Verdict};
use super::tally::{Outcome, Respondent, Tally, ids, together};
use crate::features::conclusion_templates::{
    ConclusionLevel, ConclusionTemplate, CriterionRule, CriterionTemplate,
};
use crate::features::reports::{OutReason, Standing, standing};
use crate::features::road_maps::{AppliesToKind, Measure, MeasureLevel};
use crate::kit::id::SchoolId;

/// All conclusions of the template, in its order.
#[must_use]
pub fn derive(input: &Input<'_>) -> Vec<Conclusion> {
    let feeds = Feeds::of(input.measures);
    let schools: Vec<Respondent<'_>> = input.subjects.iter().map(Respondent::school).collect();
    let municipality = [Respondent { school: None, report: input.municipality }];
    let templates = input.content.conclusions.iter();
    let conclude = |template: &ConclusionTemplate| {
        let respondents = match template.level {
            ConclusionLevel::Municipal => &municipality[..],
            ConclusionLevel::School => &schools,
        };
        conclusion(input, template, &feeds, respondents)
    };
    templates.map(conclude).collect()
}

fn conclusion(
    input: &Input<'_>,
    template: &ConclusionTemplate,
    feeds: &Feeds<'_>,
    respondents: &[Respondent<'_>],
) -> Conclusion {
    let judge = |criterion| Judged::of(criterion, template.level, feeds, respondents, input);
    let criteria: Vec<Judged<'_>> = template.criteria.iter().map(judge).collect();
    let by_criterion = |n: usize| criteria.iter().filter_map(move |c| c.outcomes.get(n).copied());
    let outcomes = (0..respondents.len()).map(|n| together(by_criterion(n)));
    let tally = Tally::of(outcomes, respondents);
    let verdict = match template.level {
        ConclusionLevel::School => tally.verdict(),
        ConclusionLevel::Municipal => municipal_verdict(&tally, &criteria),
    };
    let words = Words {
        template,
        without_report: &input.content.without_report,
        verdict,
        counts: tally.counts(),
        criteria: criteria.iter().map(Judged::words).collect(),
    };
    Conclusion {
        code: template.code.clone(),
        level: template.level,
        verdict,
        generated_text: compose::text(&words),
        explanation: explanation(template.level, &tally, &criteria, respondents),
    }
}

/// One subject: all criteria met is `all`, at least one is `some`.
fn municipal_verdict(tally: &Tally<'_>, criteria: &[Judged<'_>]) -> Verdict {
    let any_met = criteria.iter().any(|c| c.tally.ok > 0);
    match tally.verdict() {
        Verdict::None if any_met => Verdict::Some,
        verdict => verdict,
    }
}

fn explanation(
    level: ConclusionLevel,
    tally: &Tally<'_>,
    criteria: &[Judged<'_>],
    respondents: &[Respondent<'_>],
) -> Explanation {
    let (ok, missing) = (&tally.schools_ok, tally.schools_missing());
    Explanation {
        rule: match level {
            ConclusionLevel::Municipal => DerivationRule::OwnReport,
            ConclusionLevel::School => DerivationRule::EachSchool,
        },
        criteria: criteria.iter().map(Judged::result).collect(),
        ok_count: tally.ok,
        total: tally.total,
        schools_counted: tally.schools_counted(),
        schools_ok: ids(ok),
        schools_missing: missing,
        schools_without_report: ids(&tally.schools_without_report),
        schools_left_out: tally.left_out.clone(),
        inputs: respondents.iter().filter_map(Respondent::used).collect(),
    }
}

/// A measure that feeds criteria, with its named schools ready to be asked.
struct Feed<'a> {
    measure: &'a Measure,
    school_ids: HashSet<&'a SchoolId>,
}

impl Feed<'_> {
    /// What the measure says of the respondent; without a report it is not met.
    fn standing(&self, respondent: &Respondent<'_>, report_deadline: NaiveDate) -> Standing {
        if !respondent.school.is_none_or(|school| self.concerns(school)) {
            return Standing::Out(OutReason::OutsideScope);
        }
        let item = respondent.report.and_then(|r| r.items.get(&self.measure.id));
        standing(self.measure, item, report_deadline)
    }

    fn concerns(&self, school: &Subject) -> bool {
        let applies_to = &self.measure.applies_to;
        match applies_to.kind {
            AppliesToKind::Schools => self.school_ids.contains(&school.school_id),
            AppliesToKind::All | AppliesToKind::EducationLevels => {
                applies_to.applies_to(&school.school_id, &school.education_levels)
            }
        }
    }
}

/// Measures by level and criterion. One that does not count feeds nothing.
struct Feeds<'a> {
    feeds: Vec<Feed<'a>>,
    by_criterion: HashMap<(MeasureLevel, &'a str), Vec<usize>>,
}

impl<'a> Feeds<'a> {
    fn of(measures: &'a [Measure]) -> Self {
        let counted = measures.iter().filter(|m| m.counts_in_compliance);
        let feed = |measure: &'a Measure| Feed {
            measure,
            school_ids: measure.applies_to.school_ids.iter().flatten().collect(),
        };
        let feeds: Vec<Feed<'a>> = counted.map(feed).collect();
        let mut by_criterion: HashMap<_, Vec<usize>> = HashMap::new();
        for (n, feed) in feeds.iter().enumerate() {
            for criterion in &feed.measure.criteria {
                let key = (feed.measure.level, criterion.as_str());
                by_criterion.entry(key).or_default().push(n);
            }
        }
        Self { feeds, by_criterion }
    }

    fn of_criterion(&self, level: ConclusionLevel, code: &str) -> Vec<&Feed<'a>> {
        let level = match level {
            ConclusionLevel::Municipal => MeasureLevel::Municipal,
            ConclusionLevel::School => MeasureLevel::School,
        };
        let places = self.by_criterion.get(&(level, code));
        let feed = |n: &usize| self.feeds.get(*n);
        places.into_iter().flatten().filter_map(feed).collect()
    }
}

/// The outcome of one criterion: out when no measure is left.
fn judge(
    rule: CriterionRule,
    feeds: &[&Feed<'_>],
    respondent: &Respondent<'_>,
    report_deadline: NaiveDate,
) -> Outcome {
    if respondent.is_released() {
        return Outcome::Out(OutReason::Released);
    }
    let (mut met, mut missed, mut why) = (0_usize, 0_usize, OutReason::NoMeasures);
    for feed in feeds {
        match feed.standing(respondent, report_deadline) {
            Standing::Out(reason) => why = why.max(reason),
            Standing::Met => met += 1,
            Standing::Missed => missed += 1,
        }
    }
    let is_met = match rule {
        CriterionRule::All => missed == 0,
        CriterionRule::Any => met > 0,
    };
    match respondent.report {
        _ if met + missed == 0 => Outcome::Out(why),
        None => Outcome::NoReport,
        Some(_) if is_met => Outcome::Met,
        Some(_) => Outcome::Missed,
    }
}

/// A criterion with the outcome of every respondent.
struct Judged<'a> {
    template: &'a CriterionTemplate,
    measures: Vec<String>,
    outcomes: Vec<Outcome>,
    tally: Tally<'a>,
}

impl<'a> Judged<'a> {
    fn of(
        template: &'a CriterionTemplate,
        level: ConclusionLevel,
        feeds: &Feeds<'_>,
        respondents: &[Respondent<'a>],
        input: &Input<'_>,
    ) -> Self {
        let feeds = feeds.of_criterion(level, &template.code);
        let outcome = |r: &Respondent<'_>| judge(template.rule, &feeds, r, input.report_deadline);
        let outcomes: Vec<Outcome> = respondents.iter().map(outcome).collect();
        Self {
            template,
            measures: feeds.iter().map(|f| f.measure.code.clone()).collect(),
            tally: Tally::of(outcomes.iter().copied(), respondents),
            outcomes,
        }
    }

    fn words(&self) -> compose::CriterionWords<'_> {
        compose::CriterionWords {
            clauses: &self.template.clauses,
            verdict: self.tally.verdict(),
            counts: self.tally.counts(),
        }
    }

    fn result(&self) -> CriterionResult {
        CriterionResult {
            code: self.template.code.clone(),
            rule: self.template.rule,
            verdict: self.tally.verdict(),
            measures: self.measures.clone(),
            ok_count: self.tally.ok,
            total: self.tally.total,
            schools_ok: ids(&self.tally.schools_ok),
            schools_missing: self.tally.schools_missing(),
            schools_without_report: ids(&self.tally.schools_without_report),
            schools_left_out: self.tally.left_out.clone(),
        }
    }
}
