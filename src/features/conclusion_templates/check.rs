//! The rules of writing a conclusion template.

use std::collections::HashSet;

use super::content::{
    Clauses, ConclusionLevel, ConclusionTemplate, CriterionTemplate, Sentences, TemplateContent,
};
use super::phrase;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Longest text of a sentence, a clause or a recommendation, in characters.
const TEXT_MAX: usize = 2000;

impl TemplateContent {
    /// Every broken rule, with pointers from the content's root.
    #[must_use]
    pub fn check(&self) -> Vec<Violation> {
        let mut check = Check::default();
        if self.conclusions.is_empty() {
            check.add("/conclusions", "required", needed());
        }
        for (n, conclusion) in self.conclusions.iter().enumerate() {
            check.conclusion(&format!("/conclusions/{n}"), conclusion);
        }
        check.text("/without_report", &self.without_report, &["count"], &["schools"]);
        for (n, recommendation) in self.recommendations.iter().enumerate() {
            let at = format!("/recommendations/{n}");
            check.code(&at, "recommendation", &recommendation.code, is_short);
            check.text(&format!("{at}/text"), &recommendation.text, &[], &[]);
        }
        check.found
    }
}

/// Violations and codes met so far.
#[derive(Default)]
struct Check<'a> {
    found: Vec<Violation>,
    codes: HashSet<(&'static str, &'a str)>,
}

impl<'a> Check<'a> {
    fn add(&mut self, pointer: &str, code: &'static str, detail: Bi) {
        self.found.push(Violation::new(pointer, code, detail));
    }

    fn conclusion(&mut self, at: &str, conclusion: &'a ConclusionTemplate) {
        self.code(at, "conclusion", &conclusion.code, is_number);
        self.text(&format!("{at}/title"), &conclusion.title, &[], &[]);
        let Sentences { all, none, no_data, not_applicable } = &conclusion.sentences;
        for (name, text) in
            [("all", all), ("none", none), ("no_data", no_data), ("not_applicable", not_applicable)]
        {
            self.counting_text(&format!("{at}/sentences/{name}"), text);
        }
        if conclusion.criteria.is_empty() {
            self.add(&format!("{at}/criteria"), "required", needed());
        }
        for (n, criterion) in conclusion.criteria.iter().enumerate() {
            self.criterion(&format!("{at}/criteria/{n}"), conclusion.level, criterion);
        }
    }

    fn criterion(&mut self, at: &str, level: ConclusionLevel, criterion: &'a CriterionTemplate) {
        self.code(at, "criterion", &criterion.code, is_name);
        self.text(&format!("{at}/title"), &criterion.title, &[], &[]);
        let Clauses { all, some, none } = &criterion.clauses;
        self.counting_text(&format!("{at}/clauses/all"), all);
        self.counting_text(&format!("{at}/clauses/none"), none);
        let pointer = format!("{at}/clauses/some");
        match some {
            Some(text) => self.counting_text(&pointer, text),
            None if level == ConclusionLevel::School => self.add(&pointer, "required", needed()),
            None => {}
        }
    }

    fn code(&mut self, at: &str, kind: &'static str, code: &'a str, is_right: fn(&str) -> bool) {
        let pointer = format!("{at}/code");
        if !is_right(code) {
            let detail = Bi::fixed("Код записан неверно.", "The code has a wrong form.");
            self.add(&pointer, "format", detail);
        }
        if !self.codes.insert((kind, code)) {
            let detail = Bi::fixed("Такой код уже есть в шаблоне.", "The code is used twice.");
            self.add(&pointer, "duplicate", detail);
        }
    }

    fn counting_text(&mut self, pointer: &str, text: &str) {
        self.text(pointer, text, &["ok", "total"], &["missing"]);
    }

    fn text(&mut self, pointer: &str, text: &str, numbers: &[&str], lists: &[&str]) {
        if text.trim().is_empty() {
            self.add(pointer, "required", needed());
        }
        if text.chars().count() > TEXT_MAX {
            let detail = Bi::fixed(
                "Текст не должен быть длиннее 2000 знаков.",
                "The text may have 2000 characters at most.",
            );
            self.add(pointer, "length", detail);
        }
        if let Some((code, detail)) = phrase::check(text, numbers, lists) {
            self.add(pointer, code, detail);
        }
    }
}

fn needed() -> Bi {
    Bi::fixed("Заполните это поле.", "This member must be filled.")
}

/// `2.3`: a digit, a period, one or two digits.
fn is_number(code: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let parts = code.split_once('.');
    parts.is_some_and(|(a, b)| a.len() == 1 && (1..=2).contains(&b.len()) && digits(a) && digits(b))
}

/// `mentors_novice`: snake_case, 64 characters at most.
fn is_name(code: &str) -> bool {
    let starts = code.starts_with(|c: char| c.is_ascii_lowercase());
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    starts && code.len() <= 64 && code.bytes().all(allowed)
}

/// `4` or `4.1`: short, without white space.
fn is_short(code: &str) -> bool {
    (1..=20).contains(&code.chars().count()) && !code.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> TemplateContent {
        TemplateContent::shipped().unwrap()
    }

    fn broken(content: &TemplateContent) -> Vec<String> {
        let show = |v: Violation| format!("{} {}", v.pointer, v.code);
        content.check().into_iter().map(show).collect()
    }

    #[test]
    fn codes_are_formed_and_used_once() {
        let mut content = shipped();
        content.conclusions[1].code = "1.1".into();
        content.conclusions[2].code = "1.234".into();
        content.conclusions[3].criteria[0].code = "gia_lessons".into();
        content.conclusions[4].criteria[0].code = "Контроль".into();
        content.recommendations[1].code = "1".into();
        assert_eq!(
            broken(&content),
            [
                "/conclusions/1/code duplicate",
                "/conclusions/2/code format",
                "/conclusions/4/criteria/0/code format",
                "/conclusions/9/criteria/0/code duplicate",
                "/recommendations/1/code duplicate",
            ]
        );
        for (code, right) in [("2.10", true), ("2.", false), ("22.1", false), ("а.1", false), ("21", false)]
        {
            assert_eq!(is_number(code), right, "{code}");
        }
    }

    #[test]
    fn texts_use_known_placeholders_and_are_there() {
        let mut content = shipped();
        content.conclusions[0].sentences.all = "В {count} школах.".into();
        content.conclusions[3].criteria[0].clauses.some = None;
        content.conclusions[4].criteria.clear();
        content.conclusions[5].title = " ".into();
        content.without_report = "{missing".into();
        assert_eq!(
            broken(&content),
            [
                "/conclusions/0/sentences/all unknown-placeholder",
                "/conclusions/3/criteria/0/clauses/some required",
                "/conclusions/4/criteria required",
                "/conclusions/5/title required",
                "/without_report placeholder-syntax",
            ]
        );
        content.conclusions.clear();
        assert_eq!(broken(&content)[0], "/conclusions required");
    }
}
