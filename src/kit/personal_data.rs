//! Signs of personal data in a free text (Federal Law 152-FZ): what a person may have typed in
//! without need. Only signs: whoever knows better confirms.

use std::sync::LazyLock;

use regex::{Match, Regex};

use super::code::codes;

codes! {
    /// What a text seems to hold.
    PersonalData {
        /// A mobile or long-distance phone number of Russia.
        Phone = "phone", "номер телефона", "a phone number";
        /// Number of a person's insurance account.
        Snils = "snils", "СНИЛС", "a SNILS number";
        /// An e-mail address.
        Email = "email", "адрес электронной почты", "an e-mail address";
        /// A name with patronymic, or a surname with initials.
        FullName = "full_name", "фамилия, имя, отчество", "a full name";
    }
}

/// How many capitalised words, such as a title, may stand between «им.» and the name it belongs to.
const TITLE_WORDS: usize = 4;

static PHONE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:\+7|\b8)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]?\d{2}[\s-]?\d{2}\b"));
static SNILS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d{3}-\d{3}-\d{3}[\s-]\d{2}\b|\b\d{11}\b"));
static EMAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"));
static FULL_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        // Ирина Петровна, Ивану Ильичу
        r"\b[А-ЯЁ][а-яё]+\s+[А-ЯЁ][а-яё]*",
        r"(?:(?:ович|евич|ьич|мич|кич)(?:а|у|ем|е)?|(?:овн|евн|ичн)(?:а|ы|е|у|ой|ою))\b",
        r"|\b[А-ЯЁ]{2,}\s+[А-ЯЁ]+(?:ОВИЧ|ЕВИЧ|ЬИЧ|ОВНА|ЕВНА|ИЧНА)\b",
        // Петрова И. И., И. И. Петрова
        r"|\b[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?\s+[А-ЯЁ]\.\s?[А-ЯЁ]\.",
        r"|\b[А-ЯЁ]\.\s?[А-ЯЁ]\.\s?[А-ЯЁ][а-яё]+",
    ))
});

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests use every one")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this file")
}

/// What the text seems to hold, each kind once. A name after «им.» or «имени» belongs to an
/// institution and is none.
#[must_use]
pub fn signs(text: &str) -> Vec<PersonalData> {
    // What each pattern cannot do without; the patterns themselves take long over Cyrillic texts.
    let has_digits = text.chars().filter(|c| c.is_numeric()).nth(10).is_some();
    let has_capitals = text.chars().filter(|c| matches!(c, 'А'..='Я' | 'Ё')).nth(1).is_some();
    let phone = has_digits && PHONE.is_match(text);
    let snils = has_digits && SNILS.find_iter(text).any(|found| is_snils(found.as_str()));
    let email = text.contains('@') && EMAIL.is_match(text);
    let name = has_capitals && FULL_NAME.find_iter(text).any(|found| !is_in_honour(text, found));
    [
        (phone, PersonalData::Phone),
        (snils, PersonalData::Snils),
        (email, PersonalData::Email),
        (name, PersonalData::FullName),
    ]
    .into_iter()
    .filter_map(|(found, kind)| found.then_some(kind))
    .collect()
}

/// Whether the name stands after «им.» or «имени», with nothing between but a title.
fn is_in_honour(text: &str, name: Match<'_>) -> bool {
    let before = text.get(..name.start()).unwrap_or_default();
    let mut words = before.split_whitespace().rev();
    let mut title = words.by_ref().take(TITLE_WORDS + 1);
    title
        .find(|word| !word.chars().next().is_some_and(char::is_uppercase) || word.ends_with([',', '.', ';']))
        .is_some_and(|word| matches!(word.to_lowercase().as_str(), "им." | "имени" | "имени:"))
}

/// The control number of SNILS (Pension Fund resolution 192p of 31.07.2006): the sum of the
/// first nine digits by weights 9 to 1, modulo 101, 100 counting as 0. A number written with
/// dashes is taken for one in any case.
fn is_snils(text: &str) -> bool {
    if text.contains('-') {
        return true;
    }
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().zip((1..=9).rev()).map(|(digit, weight)| digit * weight).sum();
    let control = digits.iter().skip(9).fold(0, |number, digit| number * 10 + digit);
    sum % 101 % 100 == control
}

#[cfg(test)]
mod tests {
    use super::*;
    use PersonalData::{Email, FullName, Phone, Snils};

    #[test]
    fn personal_data_is_noticed_however_it_is_written() {
        for (text, kind) in [
            ("звонить +7 920 123-45-67", Phone),
            ("тел. 8(4862)12-34-56 или 8 (920) 123 45 67", Phone),
            ("89201234567", Phone),
            ("СНИЛС 112-233-445 95", Snils),
            ("номер 11223344595", Snils),
            ("писать на ivanova.i@school-1.obr57.ru", Email),
            ("Мероприятие провела Ирина Петровна", FullName),
            ("Назначена Сидорова Анна Ильинична.", FullName),
            ("поручено Ивану Ильичу", FullName),
            ("НАСТАВНИК ИВАНОВ ИВАН ИВАНОВИЧ", FullName),
            ("наставник Петрова И. И., предмет", FullName),
            ("И.И. Петрова", FullName),
            ("Римская-Корсакова А.Б.", FullName),
        ] {
            assert!(signs(text).contains(&kind), "{text}: {:?}", signs(text));
        }
    }

    #[test]
    fn what_a_report_needs_is_no_sign() {
        for text in [
            "Приказ от 10.04.2023 № 31, протокол № 4",
            "МБОУ-Красноярбинская СОШ им. П. И. Бровичева",
            "в школе имени Петра Ивановича Бровичева",
            "СОШ имени Героя Советского Союза Ивана Петровича Сидорова",
            "ОГРН 1025799000017, ИНН 5799000019, ОКТМО 54659416",
            "Проведено 4 проверки, 40 работ, 12-15 мая 2023 года",
            "Отдел образования администрации Хотынецкого района",
            "План внутришкольного контроля на 2023/2024 учебный год",
            "Первичная диагностика и Вторичная проверка",
            "номер 11223344594",
        ] {
            assert_eq!(signs(text), [], "{text}");
        }
    }

    #[test]
    fn the_name_of_a_school_hides_nobody_beside_it() {
        let text = "СОШ им. П. И. Бровичева, ответственная Ирина Петровна";
        assert_eq!(signs(text), [FullName]);
        let text = "в школе имени Петра Ивановича Сидорова и учитель Петр Ильич";
        assert_eq!(signs(text), [FullName]);
    }
}
