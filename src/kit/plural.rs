//! Russian plural forms: 1 школа, 2 школы, 5 школ, 11 школ, 21 школа.

/// The three forms of a word after a number: after 1, after 2-4, after 5-20 and 0.
pub type Forms<'a> = [&'a str; 3];

/// The form of the word that stands after `n`.
#[must_use]
pub fn form<'a>(n: usize, [one, few, many]: Forms<'a>) -> &'a str {
    match (n % 100, n % 10) {
        (11..=14, _) => many,
        (_, 1) => one,
        (_, 2..=4) => few,
        _ => many,
    }
}

/// The number with the right form after it: `3 школы`.
#[must_use]
pub fn counted(n: usize, forms: Forms<'_>) -> String {
    format!("{n} {}", form(n, forms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_takes_its_form() {
        let forms = ["школа", "школы", "школ"];
        let expected = [
            (0, "школ"),
            (1, "школа"),
            (2, "школы"),
            (4, "школы"),
            (5, "школ"),
            (11, "школ"),
            (12, "школ"),
            (14, "школ"),
            (20, "школ"),
            (21, "школа"),
            (22, "школы"),
            (25, "школ"),
            (101, "школа"),
            (111, "школ"),
            (112, "школ"),
            (1002, "школы"),
        ];
        for (n, word) in expected {
            assert_eq!(form(n, forms), word, "{n}");
        }
        assert_eq!(counted(3, forms), "3 школы");
    }
}
