//! The two languages of the API and texts that exist in both.

use std::borrow::Cow;

/// Language of `title`, `detail` and every `*_label`; codes never change with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Russian, the default.
    #[default]
    Ru,
    /// English, when `Accept-Language` prefers it.
    En,
}

impl Lang {
    /// The tag for `Content-Language`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// Chooses by an `Accept-Language` header (RFC 9110, section 12.5.4): the first
    /// of `ru` and `en` by weight, Russian when neither is named.
    #[must_use]
    pub fn negotiate(header: &str) -> Self {
        let mut best = (Self::Ru, 0.0_f32);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            let lang = match tag.split('-').next() {
                Some("ru") => Self::Ru,
                Some("en") => Self::En,
                _ => continue,
            };
            if weight > best.1 {
                best = (lang, weight);
            }
        }
        best.0
    }
}

/// A text in Russian and in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bi {
    /// The Russian text: official, calm, complete.
    pub ru: Cow<'static, str>,
    /// The English text.
    pub en: Cow<'static, str>,
}

impl Bi {
    /// A pair of fixed texts.
    #[must_use]
    pub const fn fixed(ru: &'static str, en: &'static str) -> Self {
        Self { ru: Cow::Borrowed(ru), en: Cow::Borrowed(en) }
    }

    /// A pair of composed texts.
    #[must_use]
    pub fn of(ru: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { ru: ru.into(), en: en.into() }
    }

    /// The text in `lang`.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.ru,
            Lang::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn russian_unless_english_is_preferred() {
        assert_eq!(Lang::negotiate(""), Lang::Ru);
        assert_eq!(Lang::negotiate("de, fr;q=0.5"), Lang::Ru);
        assert_eq!(Lang::negotiate("en-GB, ru;q=0.8"), Lang::En);
        assert_eq!(Lang::negotiate("en;q=0.3, ru;q=0.8"), Lang::Ru);
        assert_eq!(Lang::negotiate("en;q=0"), Lang::Ru);
    }
}
