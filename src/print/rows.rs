//! How high the rows of a sheet are: office suites show a wrapped text only as far as its row goes.

/// Height of a line, and of a row at most, in pixels.
const LINE: u32 = 20;
const MOST: u32 = 545;

/// The height of a row that holds these texts, each with the width of its column in characters;
/// `None`: one line, the usual height.
pub(super) fn height<'a>(texts: impl Iterator<Item = (&'a str, usize)>) -> Option<u32> {
    let most = texts.map(|(text, width)| lines(text, width)).max().unwrap_or_default();
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    (most > 1).then(|| most.saturating_mul(LINE).min(MOST))
}

/// The lines that a text takes, broken between words. A column is as wide as so many digits, and
/// a letter is a little wider: rather a line too many than a text that is cut.
fn lines(text: &str, width: usize) -> usize {
    let room = (width * 9 / 10).max(1);
    text.split('\n').map(|paragraph| wrapped(paragraph, room)).sum()
}

fn wrapped(paragraph: &str, room: usize) -> usize {
    let (mut lines, mut filled) = (1, 0_usize);
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if filled > 0 && filled + 1 + length > room {
            lines += 1;
            filled = 0;
        }
        // A word longer than a line goes on in the next ones.
        lines += length.saturating_sub(1) / room;
        filled = match (filled, length % room) {
            (0, 0) => length.min(room),
            (0, rest) => rest,
            (before, _) => before + 1 + length,
        };
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_words_and_a_long_word_within() {
        assert_eq!(lines("", 10), 1);
        assert_eq!(lines("девять зн", 10), 1);
        assert_eq!(lines("девять зна", 10), 2);
        assert_eq!(lines("один\n\nдва", 10), 3);
        assert_eq!(lines(&"я".repeat(9), 10), 1);
        assert_eq!(lines(&"я".repeat(10), 10), 2);
        assert_eq!(lines(&format!("да {}", "я".repeat(20)), 10), 4);
        assert_eq!(lines("слово", 0), 5);
    }

    #[test]
    fn a_row_is_as_high_as_its_longest_text_within_bounds() {
        assert_eq!(height(std::iter::empty()), None);
        assert_eq!(height([("да", 10), ("нет", 10)].into_iter()), None);
        assert_eq!(height([("да", 10), ("нет\nне было", 10)].into_iter()), Some(40));
        assert_eq!(height([("\n".repeat(500).as_str(), 10)].into_iter()), Some(MOST));
    }
}
