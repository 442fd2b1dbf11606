//! Texts as people type them: one normal form, folding for search, plural forms.

use unicode_normalization::UnicodeNormalization;

/// NFC without white space at both ends: the form in which every text is kept.
#[must_use]
pub fn normal(text: &str) -> String {
    text.trim().nfc().collect()
}

/// The form in which texts are searched, sorted and compared: lower case, NFC, `ё` as `е`,
/// without what nobody sees.
///
/// Computed here because SQLite folds ASCII only.
#[must_use]
pub fn folded(text: &str) -> String {
    let seen: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    normal(&seen.to_lowercase()).replace('ё', "е")
}

/// Whether `c` takes no room in a line: two names that differ by it alone are one name.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}')
}

/// A LIKE pattern that finds `needle` anywhere in folded text, literally; the escape is `\`.
#[must_use]
pub fn like_anywhere(needle: &str) -> String {
    like_verbatim(&folded(needle))
}

/// A LIKE pattern that finds `needle` anywhere as it is, literally; the escape is `\`.
#[must_use]
pub fn like_verbatim(needle: &str) -> String {
    let mut pattern = String::from("%");
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Whether `c` may not stand in any text: a control other than line feed and tab,
/// or a mark that changes the direction of the line (CVE-2021-42574).
#[must_use]
pub fn is_forbidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_makes_cyrillic_comparable() {
        assert_eq!(folded("ШКОЛА № 1"), "школа № 1");
        assert_eq!(folded("Ёлка"), folded("елка"));
        assert_eq!(folded("Йод"), folded("И\u{306}од"));
        assert_eq!(folded("Ор\u{200B}ёл\u{AD}"), "орел");
    }

    #[test]
    fn a_pattern_is_literal() {
        assert_eq!(like_anywhere("50%_\\"), "%50\\%\\_\\\\%");
    }

    #[test]
    fn controls_and_direction_marks_are_forbidden() {
        assert!(is_forbidden('\0') && is_forbidden('\u{202E}') && is_forbidden('\r'));
        assert!(!is_forbidden('\n') && !is_forbidden('№') && !is_forbidden('😀'));
    }
}
