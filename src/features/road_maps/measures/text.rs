//! The text of a measure and the rules it keeps.

use std::collections::BTreeSet;

use super::super::deadline::Deadline;
use super::super::domain::{AppliesTo, AppliesToKind, MeasureLevel};
use crate::kit::id::RecommendationId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Characters of a position or body in `responsible` at most.
const RESPONSIBLE_MAX: usize = 255;
/// Characters of a code of a recommendation at most.
const RECOMMENDATION_MAX: usize = 20;
/// Characters of a code of a criterion at most.
const CRITERION_MAX: usize = 64;
/// Characters of a code of an indicator at most.
const INDICATOR_MAX: usize = 20;
/// Measures of one request at most.
const MOST_AT_ONCE: usize = 500;

/// The text of a measure, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureText {
    /// Its code, unique in the map.
    pub code: String,
    /// The section it stands in.
    pub section: String,
    /// Its place in the map; `None`: after the last.
    pub position: Option<i32>,
    /// Who carries it out.
    pub level: MeasureLevel,
    /// What is to be done.
    pub title: String,
    /// By when.
    pub deadline: Deadline,
    /// Positions and bodies, never names.
    pub responsible: Vec<String>,
    /// What is to come out of it.
    pub expected_result: Option<String>,
    /// Whether `done` needs evidence.
    pub evidence_required: bool,
    /// Which schools it concerns.
    pub applies_to: AppliesTo,
    /// Codes of the criteria it feeds.
    pub criteria: Vec<String>,
    /// Codes of the indicators whose numbers its report takes.
    pub indicators: Vec<String>,
    /// Codes of the recommendations it answers.
    pub recommendations: Vec<String>,
    /// Whether it counts at all.
    pub counts_in_compliance: bool,
    /// Its dates were shifted by a copy, or for it, and not yet looked at.
    pub needs_review: bool,
    /// The recommendation that it follows up.
    pub recommendation_id: Option<RecommendationId>,
}

impl MeasureText {
    /// Every broken rule, with pointers under `prefix`; `own_map`: in a school's own map.
    #[must_use]
    pub fn check(&self, prefix: &str, own_map: bool) -> Vec<Violation> {
        let mut found = self.deadline.check(&format!("{prefix}/deadline"));
        found.extend(self.applies_to.check(&format!("{prefix}/applies_to")));
        found.extend(check_texts(&format!("{prefix}/responsible"), &self.responsible, RESPONSIBLE_MAX));
        found.extend(check_texts(
            &format!("{prefix}/recommendations"),
            &self.recommendations,
            RECOMMENDATION_MAX,
        ));
        found.extend(check_texts(&format!("{prefix}/criteria"), &self.criteria, CRITERION_MAX));
        found.extend(check_texts(&format!("{prefix}/indicators"), &self.indicators, INDICATOR_MAX));
        for (n, code) in self.criteria.iter().enumerate().filter(|(_, code)| !is_criterion_code(code)) {
            let detail = Bi::of(
                format!("«{code}» не код критерия: строчные латинские буквы, цифры и «_»"),
                format!("{code} is no code of a criterion: lower-case Latin letters, digits and _"),
            );
            found.push(Violation::new(format!("{prefix}/criteria/{n}"), "pattern", detail));
        }
        if own_map && self.level != MeasureLevel::School {
            let detail = Bi::fixed(
                "В собственной карте школы все мероприятия школьного уровня",
                "In a school's own map every measure is of the school level",
            );
            found.push(Violation::new(format!("{prefix}/level"), "not-allowed", detail));
        }
        if own_map && self.applies_to.kind != AppliesToKind::All {
            let detail = Bi::fixed(
                "Собственная карта касается одной школы: укажите all",
                "A school's own map concerns one school: give all",
            );
            found.push(Violation::new(format!("{prefix}/applies_to/kind"), "not-allowed", detail));
        }
        found
    }
}

fn is_criterion_code(code: &str) -> bool {
    code.starts_with(|c: char| c.is_ascii_lowercase())
        && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Texts of a list: none empty, none longer than `most` characters, none twice.
#[must_use]
pub fn check_texts(pointer: &str, texts: &[String], most: usize) -> Vec<Violation> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let broken = if text.is_empty() {
            Some(("empty", Bi::fixed("Значение не может быть пустым", "The value must not be empty")))
        } else if text.chars().count() > most {
            let detail = Bi::of(format!("Не длиннее {most} символов"), format!("At most {most} characters"));
            Some(("too-long", detail))
        } else if !seen.insert(text) {
            Some(("duplicate", Bi::fixed("Каждое значение указывают один раз", "Each value is named once")))
        } else {
            None
        };
        found.extend(broken.map(|(code, detail)| Violation::new(format!("{pointer}/{n}"), code, detail)));
    }
    found
}

/// The rules of an array as a whole: how many, and no code twice.
#[must_use]
pub fn check_array(texts: &[MeasureText]) -> Vec<Violation> {
    let mut found = Vec::new();
    if texts.is_empty() || texts.len() > MOST_AT_ONCE {
        let detail = Bi::of(
            format!("От 1 до {MOST_AT_ONCE} мероприятий в одном запросе"),
            format!("1 to {MOST_AT_ONCE} measures in one request"),
        );
        found.push(Violation::new("", "count", detail));
    }
    let mut seen = BTreeSet::new();
    for (n, text) in texts.iter().enumerate() {
        if !seen.insert(&text.code) {
            let detail = Bi::fixed("Код повторяется в этом запросе", "The code stands twice in this request");
            found.push(Violation::new(format!("/{n}/code"), "duplicate", detail));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> MeasureText {
        MeasureText {
            code: "S1.1".into(),
            section: "Школьный уровень".into(),
            position: None,
            level: MeasureLevel::School,
            title: "Входной контроль".into(),
            deadline: serde_json::from_str(r#"{"kind":"date","text":"до 30.09","due_date":"2023-09-30"}"#)
                .unwrap(),
            responsible: vec!["директор".into()],
            expected_result: None,
            evidence_required: true,
            applies_to: AppliesTo::all(),
            criteria: vec!["entry_test".into()],
            indicators: vec!["I-15".into()],
            recommendations: vec!["R4".into()],
            counts_in_compliance: true,
            needs_review: false,
            recommendation_id: None,
        }
    }

    fn broken(text: &MeasureText, own_map: bool) -> Vec<String> {
        text.check("/0", own_map).into_iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
    }

    #[test]
    fn a_right_measure_passes_in_both_kinds_of_map() {
        assert_eq!(broken(&text(), false), [""; 0]);
        assert_eq!(broken(&text(), true), [""; 0]);
    }

    #[test]
    fn every_broken_rule_is_named_where_it_is_broken() {
        let mut bad = text();
        bad.deadline.due_date = None;
        bad.responsible = vec!["директор".into(), "директор".into(), String::new()];
        bad.recommendations = vec!["R".repeat(21)];
        bad.criteria = vec!["Entry".into(), "1st".into()];
        bad.indicators = vec!["I-15".into(), "I-15".into()];
        assert_eq!(
            broken(&bad, false),
            [
                "/0/deadline/due_date required",
                "/0/responsible/1 duplicate",
                "/0/responsible/2 empty",
                "/0/recommendations/0 too-long",
                "/0/indicators/1 duplicate",
                "/0/criteria/0 pattern",
                "/0/criteria/1 pattern"
            ]
        );
    }

    #[test]
    fn an_array_has_some_measures_and_no_code_twice() {
        assert_eq!(check_array(&[text()]), []);
        assert_eq!(check_array(&[])[0].code, "count");
        assert_eq!(check_array(&[text(), text()])[0].pointer, "/1/code");
        let numbered = |n: usize| MeasureText { code: n.to_string(), ..text() };
        let many: Vec<MeasureText> = (0..=500).map(numbered).collect();
        assert_eq!(check_array(&many[..500]), []);
        assert_eq!(check_array(&many)[0].code, "count");
    }

    #[test]
    fn a_schools_own_map_holds_its_own_measures_only() {
        let mut foreign = text();
        foreign.level = MeasureLevel::Municipal;
        foreign.applies_to = serde_json::from_str(r#"{"kind":"schools","school_ids":["a"]}"#).unwrap();
        assert_eq!(broken(&foreign, false), [""; 0]);
        assert_eq!(broken(&foreign, true), ["/0/level not-allowed", "/0/applies_to/kind not-allowed"]);
    }
}
