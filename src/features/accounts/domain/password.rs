//! Which new passwords are refused. Length is in the schema: 12 to 128 characters, any of
//! them, spaces included, kept as typed (NIST SP 800-63B, 5.1.1.2: length and a list of
//! known passwords instead of rules about kinds of characters).

use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;

/// The most common passwords of at least 12 characters, folded, one a line.
const COMMON: &str = include_str!("common-passwords.txt");
/// Words of the service, as letters and digits: the first that a guesser tries.
const OWN_WORDS: [&str; 3] = ["roadmap", "дорожнаякарта", "дорожнойкарт"];
/// Characters, at least and at most.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

/// Every reason why `password` cannot be the new password of the account with this login.
#[must_use]
pub fn violations(pointer: &str, password: &str, login: &str) -> Vec<Violation> {
    let folded = text::folded(password);
    let bare: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut found = Vec::new();
    if !LENGTH.contains(&password.chars().count()) {
        found.push(Violation::new(
            pointer,
            "password-length",
            Bi::fixed("От 12 до 128 символов", "12 to 128 characters"),
        ));
    }
    if folded == text::folded(login) {
        found.push(Violation::new(
            pointer,
            "password-is-login",
            Bi::fixed("Пароль не должен совпадать с логином", "The password must differ from the login"),
        ));
    }
    if is_common(&folded) {
        found.push(Violation::new(
            pointer,
            "password-common",
            Bi::fixed("Этот пароль слишком распространён", "The password is too common"),
        ));
    }
    if OWN_WORDS.iter().any(|word| bare.contains(word)) {
        found.push(Violation::new(
            pointer,
            "password-names-service",
            Bi::fixed(
                "Пароль не должен содержать название службы",
                "The password must not contain the name of the service",
            ),
        ));
    }
    found
}

/// Whether the password is listed, or one character repeated.
fn is_common(folded: &str) -> bool {
    let mut characters = folded.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first) || COMMON.lines().any(|known| known == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(password: &str) -> Vec<&'static str> {
        let found = violations("/new_password", password, "Иванова.Анна.57");
        found.into_iter().map(|violation| violation.code).collect()
    }

    #[test]
    fn long_phrases_of_any_letters_pass() {
        for good in
            ["пять синих тракторов", "correct horse battery staple", " двенадцать!", &"длинный ".repeat(16)]
        {
            assert_eq!(codes(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn what_a_guesser_tries_first_is_refused() {
        assert_eq!(codes("иванова.АННА.57"), ["password-is-login"]);
        assert_eq!(codes("Qwerty123456"), ["password-common"]);
        assert_eq!(codes("ЙЦУКЕНГШЩЗХЪ"), ["password-common"]);
        assert_eq!(codes("яяяяяяяяяяяя"), ["password-common"]);
        assert_eq!(codes("School-Road_Map 2023"), ["password-names-service"]);
        assert_eq!(codes("Дорожная карта 57"), ["password-names-service"]);
        assert_eq!(codes("одиннадцать"), ["password-length"]);
        assert_eq!(codes(&"ё1".repeat(65)), ["password-length"]);
    }

    #[test]
    fn the_list_is_folded_and_long_enough_to_matter() {
        assert!(COMMON.lines().count() >= 50);
        for line in COMMON.lines() {
            assert_eq!(line, text::folded(line));
            assert!(line.chars().count() >= 12, "{line}");
        }
    }
}
