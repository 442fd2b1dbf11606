//! The note in Markdown (CommonMark).

use std::borrow::Cow;

use super::RenderInput;
use super::blocks::{Block, Item};
use super::view::View;

/// The note in Markdown; typed texts are escaped and print as they were typed.
#[must_use]
pub fn markdown(input: &RenderInput<'_>) -> String {
    let view = View::of(input);
    let mut parts: Vec<String> = Vec::new();
    parts.extend(view.draft_mark.map(|mark| format!("**{mark}**")));
    parts.extend(view.notice.iter().map(|text| format!("**{}**", escaped(text))));
    parts.extend(view.authority.iter().map(|name| block(name)));
    parts.push(format!("# {}", escaped(&view.full_title())));
    parts.push(format!("{}, {}", escaped(&view.date), escaped(&view.number)));
    parts.push(block(&view.place));
    parts.extend(view.blocks.iter().map(part));
    parts.push(block(&view.position));
    parts.push(block(&view.name));
    if !view.service.is_empty() {
        parts.push("---".to_owned());
    }
    parts.extend(view.service.iter().map(|line| {
        let value = escaped(&line.value);
        match line.is_link {
            true => format!("{}: <{}>", line.label, address(&line.value)),
            false => format!("{}: {value}", line.label),
        }
    }));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn part(part: &Block) -> String {
    match part {
        Block::Section(text) | Block::Mark(text) => format!("## {}", escaped(text)),
        Block::Subsection(text) => format!("### {}", escaped(text)),
        Block::Paragraph(text) | Block::Lead(text) => block(text),
        Block::Bullets(items) => {
            let items: Vec<String> = items.iter().map(|text| format!("- {}", block(text))).collect();
            items.join("\n")
        }
        Block::Numbered(items) => {
            let items: Vec<String> = items.iter().map(numbered).collect();
            items.join("\n\n")
        }
    }
}

/// «1.» opens a list item, whose further paragraphs are indented; «1.1.» is plain text.
fn numbered(item: &Item) -> String {
    let is_list =
        item.mark.strip_suffix('.').is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit()));
    let (mark, indent) = match is_list {
        true => (item.mark.clone(), " ".repeat(item.mark.chars().count() + 1)),
        false => (escaped(&item.mark), String::new()),
    };
    let paragraphs: Vec<String> = item
        .paragraphs
        .iter()
        .enumerate()
        .map(|(i, text)| match (i, is_list) {
            (0, false) => format!("{mark} {}", escaped(text)),
            (0, true) => format!("{mark} {}", block(text)),
            _ => format!("{indent}{}", block(text)),
        })
        .collect();
    let source = item.source.iter().map(|text| format!("{indent}*{}*", escaped(text)));
    paragraphs.into_iter().chain(source).collect::<Vec<_>>().join("\n\n")
}

/// Text that stands at the beginning of a line, where more characters have a meaning.
fn block(text: &str) -> String {
    let escaped = escaped(text);
    let digits = escaped.chars().take_while(char::is_ascii_digit).count();
    let (number, rest) = escaped.split_at(digits);
    match rest.chars().next() {
        Some('.' | ')') if digits > 0 => format!("{number}\\{rest}"),
        Some('#' | '+' | '-' | '=' | ':') if digits == 0 => format!("\\{rest}"),
        _ => escaped,
    }
}

/// Text inside a line.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => Cow::Borrowed("&amp;"),
            '<' => Cow::Borrowed("&lt;"),
            '>' => Cow::Borrowed("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => Cow::Owned(format!("\\{c}")),
            c => Cow::Owned(c.to_string()),
        })
        .collect()
}

/// An address that cannot leave its angle brackets.
fn address(url: &str) -> String {
    url.replace('<', "%3C").replace('>', "%3E").replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_has_a_meaning() {
        assert_eq!(
            escaped("*а* _б_ [в](г) `д` <е> & |"),
            "\\*а\\* \\_б\\_ \\[в\\](г) \\`д\\` &lt;е&gt; &amp; \\|"
        );
        assert_eq!(block("# Заголовок"), "\\# Заголовок");
        assert_eq!(block("- пункт"), "\\- пункт");
        assert_eq!(block("12. пункт"), "12\\. пункт");
        assert_eq!(block("1) пункт"), "1\\) пункт");
        assert_eq!(block("2023 год"), "2023 год");
        assert_eq!(block("МБОУ-Юрьевская СОШ"), "МБОУ-Юрьевская СОШ");
    }

    #[test]
    fn further_paragraphs_stay_in_their_item() {
        let item = |mark: &str| Item {
            mark: mark.to_owned(),
            paragraphs: vec!["Да.".to_owned(), "- Нет.".to_owned()],
            source: None,
        };
        assert_eq!(numbered(&item("4.")), "4. Да.\n\n   \\- Нет.");
        assert_eq!(numbered(&item("2.1.")), "2.1. Да.\n\n\\- Нет.");
    }
}
