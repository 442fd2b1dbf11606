//! Says a verdict in the template's words.

use super::domain::{Subject, Verdict};
use crate::features::conclusion_templates::phrase::{self, Values};
use crate::features::conclusion_templates::{Clauses, ConclusionTemplate};
use crate::kit::plural;

/// How many schools a sentence names before it says «и ещё N школ».
pub const NAMES_MAX: usize = 20;

/// What a conclusion is said with.
pub(super) struct Words<'a> {
    /// Its sentences.
    pub template: &'a ConclusionTemplate,
    /// The sentence about schools without a report.
    pub without_report: &'a str,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its numbers and names.
    pub counts: Counts<'a>,
    /// The same of every criterion.
    pub criteria: Vec<CriterionWords<'a>>,
}

/// What a criterion is said with.
pub(super) struct CriterionWords<'a> {
    /// Its clauses.
    pub clauses: &'a Clauses,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its numbers and names.
    pub counts: Counts<'a>,
}

/// Numbers and schools that placeholders stand for.
#[derive(Clone, Copy)]
pub(super) struct Counts<'a> {
    /// How many meet it.
    pub ok: usize,
    /// How many it concerns.
    pub total: usize,
    /// Those that reported and do not meet it.
    pub missed: &'a [&'a Subject],
    /// Those without an accepted report.
    pub without_report: &'a [&'a Subject],
}

/// The text of a conclusion: one sentence, and another about schools without a report.
pub(super) fn text(words: &Words<'_>) -> String {
    let sentences = &words.template.sentences;
    let every = |verdict| words.criteria.iter().all(|c| c.verdict == verdict);
    let whole = |sentence: &str| sentence_of(&filled(sentence, &words.counts));
    let first = match words.verdict {
        Verdict::NotApplicable => return whole(&sentences.not_applicable),
        Verdict::NoData => return whole(&sentences.no_data),
        _ if every(Verdict::All) => whole(&sentences.all),
        _ if every(Verdict::None) => whole(&sentences.none),
        _ => sentence_of(&clauses(&words.criteria).join("; ")),
    };
    let silent = words.counts.without_report;
    if silent.is_empty() {
        return first;
    }
    let values = Values { numbers: &[("count", silent.len())], lists: &[("schools", &names(silent))] };
    let second = sentence_of(&phrase::render(words.without_report, values));
    format!("{first} {second}")
}

/// A clause of each criterion that has something to say.
fn clauses(criteria: &[CriterionWords<'_>]) -> Vec<String> {
    let clause = |criterion: &CriterionWords<'_>| {
        let clauses = criterion.clauses;
        let clause = match criterion.verdict {
            Verdict::All => Some(&clauses.all),
            Verdict::Some => clauses.some.as_ref(),
            Verdict::None => Some(&clauses.none),
            Verdict::NoData | Verdict::NotApplicable => None,
        };
        clause.map(|clause| filled(clause, &criterion.counts))
    };
    criteria.iter().filter_map(clause).collect()
}

fn filled(text: &str, counts: &Counts<'_>) -> String {
    let values = Values {
        numbers: &[("ok", counts.ok), ("total", counts.total)],
        lists: &[("missing", &names(counts.missed))],
    };
    phrase::render(text, values)
}

/// Names in the nominative: all up to [`NAMES_MAX`], else the first ones and how many more.
fn names(schools: &[&Subject]) -> String {
    let named = schools.iter().take(NAMES_MAX);
    let list: Vec<&str> = named.map(|school| school.short_name.as_str()).collect();
    let list = list.join(", ");
    match schools.len().saturating_sub(NAMES_MAX) {
        0 => list,
        more => {
            let more = plural::counted(more, ["школа", "школы", "школ"]);
            format!("{list} и ещё {more}")
        }
    }
}

/// A sentence: a capital first letter and a period at the end.
fn sentence_of(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(chars).collect();
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::id::SchoolId;

    fn schools(count: usize) -> Vec<Subject> {
        let school = |n: usize| Subject {
            school_id: SchoolId(n.to_string()),
            short_name: format!("Школа {n}"),
            education_levels: Vec::new(),
            released: false,
            report: None,
        };
        (1..=count).map(school).collect()
    }

    fn named(count: usize) -> String {
        let schools = schools(count);
        names(&schools.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_long_list_is_cut_with_the_number_of_the_rest() {
        assert_eq!(named(0), "");
        assert_eq!(named(2), "Школа 1, Школа 2");
        assert!(named(20).ends_with("Школа 19, Школа 20"));
        assert!(named(21).ends_with("Школа 20 и ещё 1 школа"));
        assert!(named(22).ends_with("Школа 20 и ещё 2 школы"));
        assert!(named(31).ends_with("Школа 20 и ещё 11 школ"));
    }

    #[test]
    fn a_sentence_has_a_capital_and_a_period() {
        assert_eq!(sentence_of("работы проведены"), "Работы проведены.");
        assert_eq!(sentence_of("Проведены."), "Проведены.");
        assert_eq!(sentence_of("есть им. П. И."), "Есть им. П. И.");
    }
}
