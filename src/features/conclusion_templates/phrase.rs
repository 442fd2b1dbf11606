//! Phrases with placeholders, as a template's author writes them.
//!
//! - `{ok}`: a number or a list of names;
//! - `{ok|школе|школах|школах}`: the number with the form that follows it: after 1, 2-4, 5 and 0;
//! - `[ (не подтверждено: {missing})]`: left out when a list in it is empty.
//!
//! Braces and square brackets have no other use in a phrase.

use std::fmt::Write as _;

use crate::kit::lang::Bi;
use crate::kit::plural;

/// What the placeholders stand for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    /// Numbers by name.
    pub numbers: &'a [(&'a str, usize)],
    /// Lists of names, already joined, by name; empty text is an empty list.
    pub lists: &'a [(&'a str, &'a str)],
}

/// One part of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Value(&'a str),
    Plural(&'a str, plural::Forms<'a>),
    Optional(Vec<Part<'a>>),
}

/// Fills the phrase in; a placeholder without a value stays as it is written.
#[must_use]
pub fn render(phrase: &str, values: Values<'_>) -> String {
    let mut out = String::with_capacity(phrase.len());
    match parse(phrase) {
        Ok(parts) => write_parts(&parts, values, &mut out),
        Err(_) => out.push_str(phrase),
    }
    out
}

/// What is wrong with the phrase, if it may use these numbers and lists.
#[must_use]
pub fn check(phrase: &str, numbers: &[&str], lists: &[&str]) -> Option<(&'static str, Bi)> {
    match parse(phrase) {
        Ok(parts) => unknown(&parts, numbers, lists).map(|name| ("unknown-placeholder", no_such(name))),
        Err(detail) => Some(("placeholder-syntax", detail)),
    }
}

fn no_such(name: &str) -> Bi {
    Bi::of(
        format!("Подстановка {{{name}}} здесь не предусмотрена."),
        format!("The placeholder {{{name}}} has no value here."),
    )
}

fn parse(phrase: &str) -> Result<Vec<Part<'_>>, Bi> {
    let mut parts = Vec::new();
    let mut rest = phrase;
    while let Some((text, mark, after)) = split_at_mark(rest) {
        parts.push(Part::Text(text));
        rest = match mark {
            '{' => {
                let (inner, after) = after.split_once('}').ok_or_else(unbalanced)?;
                parts.push(placeholder(inner)?);
                after
            }
            '[' => {
                let (inner, after) = after.split_once(']').ok_or_else(unbalanced)?;
                if inner.contains('[') {
                    return Err(unbalanced());
                }
                parts.push(Part::Optional(parse(inner)?));
                after
            }
            _ => return Err(unbalanced()),
        };
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// The text before the first brace or bracket, that mark, and what follows it.
fn split_at_mark(text: &str) -> Option<(&str, char, &str)> {
    let at = text.find(['{', '}', '[', ']'])?;
    let (before, from) = text.split_at_checked(at)?;
    let mut chars = from.chars();
    let mark = chars.next()?;
    Some((before, mark, chars.as_str()))
}

fn placeholder(inner: &str) -> Result<Part<'_>, Bi> {
    let pieces: Vec<&str> = inner.split('|').collect();
    let empty = pieces.iter().any(|piece| piece.trim().is_empty());
    let nested = inner.contains(['{', '[', ']']);
    match pieces.as_slice() {
        _ if empty || nested => Err(unbalanced()),
        [name] => Ok(Part::Value(name)),
        [name, one, few, many] => Ok(Part::Plural(name, [one, few, many])),
        _ => Err(Bi::fixed(
            "После числа указывают три формы слова: {ok|школе|школах|школах}.",
            "A number takes three forms of the word: {ok|form 1|form 2|form 5}.",
        )),
    }
}

fn unbalanced() -> Bi {
    Bi::fixed(
        "Скобки подстановок { } и [ ] расставлены неверно.",
        "The braces or square brackets do not match.",
    )
}

fn unknown<'a>(parts: &[Part<'a>], numbers: &[&str], lists: &[&str]) -> Option<&'a str> {
    parts.iter().find_map(|part| match part {
        Part::Text(_) => None,
        Part::Value(name) => {
            let known = numbers.contains(name) || lists.contains(name);
            (!known).then_some(*name)
        }
        Part::Plural(name, _) => (!numbers.contains(name)).then_some(*name),
        Part::Optional(inner) => unknown(inner, numbers, lists),
    })
}

fn write_parts(parts: &[Part<'_>], values: Values<'_>, out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Value(name) => match (values.number(name), values.list(name)) {
                (Some(n), _) => put(out, format_args!("{n}")),
                (None, Some(names)) => out.push_str(names),
                (None, None) => put(out, format_args!("{{{name}}}")),
            },
            Part::Plural(name, forms) => match values.number(name) {
                Some(n) => out.push_str(&plural::counted(n, *forms)),
                None => put(out, format_args!("{{{name}}}")),
            },
            Part::Optional(inner) => {
                if !has_empty_list(inner, values) {
                    write_parts(inner, values, out);
                }
            }
        }
    }
}

/// Writing to a string cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _infallible = out.write_fmt(text);
}

fn has_empty_list(parts: &[Part<'_>], values: Values<'_>) -> bool {
    parts.iter().any(|part| match part {
        Part::Value(name) => values.list(name).is_some_and(str::is_empty),
        _ => false,
    })
}

impl<'a> Values<'a> {
    fn number(&self, name: &str) -> Option<usize> {
        let mut all = self.numbers.iter();
        all.find(|(key, _)| *key == name).map(|(_, n)| *n)
    }

    fn list(&self, name: &str) -> Option<&'a str> {
        let mut all = self.lists.iter();
        all.find(|(key, _)| *key == name).map(|(_, names)| *names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &str = "назначены в {ok|школе|школах|школах} из {total}[ (нет: {missing})]";

    fn some(ok: usize, missing: &str) -> String {
        let values = Values { numbers: &[("ok", ok), ("total", 25)], lists: &[("missing", missing)] };
        render(SOME, values)
    }

    #[test]
    fn numbers_take_the_form_that_follows_them() {
        assert_eq!(some(1, "А"), "назначены в 1 школе из 25 (нет: А)");
        assert_eq!(some(3, "А"), "назначены в 3 школах из 25 (нет: А)");
        assert_eq!(some(21, "А, Б"), "назначены в 21 школе из 25 (нет: А, Б)");
    }

    #[test]
    fn an_optional_part_goes_with_its_list() {
        assert_eq!(some(3, ""), "назначены в 3 школах из 25");
    }

    #[test]
    fn a_name_with_marks_is_put_in_as_it_is() {
        assert_eq!(some(3, "Школа [№ 1] {ok}"), "назначены в 3 школах из 25 (нет: Школа [№ 1] {ok})");
    }

    #[test]
    fn mistakes_are_told() {
        let code = |phrase: &str| check(phrase, &["ok", "total"], &["missing"]).map(|(code, _)| code);
        assert_eq!(code(SOME), None);
        assert_eq!(code("в {count} школах"), Some("unknown-placeholder"));
        assert_eq!(code("[{missed}]"), Some("unknown-placeholder"));
        assert_eq!(code("{missing|а|б|в}"), Some("unknown-placeholder"));
        for broken in ["{ok", "ok}", "{}", "{ok|а|б}", "[{ok]", "[[{ok}]]", "]", "{ok|а||в}"] {
            assert_eq!(code(broken), Some("placeholder-syntax"), "{broken}");
        }
    }
}
