//! Decimal numbers with two places: shares, points, targets.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// A number with at most two decimal places; in JSON a number, in the database hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i64);

impl Decimal {
    /// So many hundredths.
    #[must_use]
    pub const fn hundredths(count: i64) -> Self {
        Self(count)
    }

    /// A whole number.
    #[must_use]
    pub fn whole(count: i64) -> Self {
        Self(count.saturating_mul(100))
    }

    /// `numerator / denominator`, rounded to `places` (0, 1 or 2); a half goes away from zero.
    /// `None` when there is nothing to divide by.
    #[must_use]
    pub fn quotient(numerator: i64, denominator: i64, places: u32) -> Option<Self> {
        let (scale, step) = match places {
            0 => (1, 100),
            1 => (10, 10),
            _ => (100, 1),
        };
        if denominator <= 0 {
            return None;
        }
        let (top, bottom) = (i128::from(numerator) * scale * 2, i128::from(denominator));
        let half = if top < 0 { -bottom } else { bottom };
        let rounded = (top + half) / (bottom * 2);
        i64::try_from(rounded * step).ok().map(Self)
    }

    /// The number that a client wrote; `None` with more than two places, or beyond ±1 000 000.
    #[must_use]
    pub fn exact(number: f64) -> Option<Self> {
        let text = number.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let padded = match part.len() {
            0 => "00".to_owned(),
            1 => format!("{part}0"),
            2 => part.to_owned(),
            _ => return None,
        };
        let hundredths: i64 = format!("{whole}{padded}").parse().ok()?;
        (hundredths.abs() <= 100_000_000).then_some(Self(hundredths))
    }

    /// How many hundredths it is.
    #[must_use]
    pub fn as_hundredths(self) -> i64 {
        self.0
    }

    /// As Russian documents write it: «33,3», with a true minus.
    #[must_use]
    pub fn in_russian(self) -> String {
        self.to_string().replace('.', ",").replace('-', "\u{2212}")
    }
}

impl fmt::Display for Decimal {
    /// Without zeros at its end: `33.3`, `-0.5`, `100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        match (part, part % 10) {
            (0, _) => write!(f, "{sign}{whole}"),
            (_, 0) => write!(f, "{sign}{whole}.{}", part / 10),
            _ => write!(f, "{sign}{whole}.{part:02}"),
        }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 {
            return serializer.serialize_i64(self.0 / 100);
        }
        let number: f64 = self.to_string().parse().map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(number)
    }
}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("A number with at most two decimal places."))
            .into()
    }
}

impl ToSchema for Decimal {
    fn name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenths(numerator: i64, denominator: i64) -> String {
        Decimal::quotient(numerator, denominator, 1).map_or("none".to_owned(), |share| share.to_string())
    }

    #[test]
    fn a_half_goes_up_and_nothing_is_not_zero() {
        assert_eq!(tenths(100, 3), "33.3");
        assert_eq!(tenths(1, 20), "0.1", "0.05");
        assert_eq!(tenths(-1, 20), "-0.1", "away from zero");
        assert_eq!(tenths(1, 21), "0");
        assert_eq!(tenths(0, 4), "0");
        assert_eq!(tenths(0, 0), "none");
        assert_eq!(Decimal::quotient(2, 3, 2).unwrap().to_string(), "0.67");
        assert_eq!(Decimal::quotient(5, 2, 0).unwrap().to_string(), "3");
    }

    #[test]
    fn what_a_client_wrote_is_kept_exactly_or_refused() {
        for (given, kept) in [(33.3, "33.3"), (0.05, "0.05"), (-12.5, "-12.5"), (90.0, "90"), (-0.0, "0")] {
            assert_eq!(Decimal::exact(given).unwrap().to_string(), kept);
        }
        for refused in [0.001, 1e20, f64::NAN, 1_000_000.01] {
            assert_eq!(Decimal::exact(refused), None, "{refused}");
        }
        assert_eq!(Decimal::exact(1_000_000.0), Some(Decimal::whole(1_000_000)));
    }

    #[test]
    fn json_has_a_number_and_documents_a_comma() {
        assert_eq!(serde_json::to_string(&Decimal::hundredths(3330)).unwrap(), "33.3");
        assert_eq!(serde_json::to_string(&Decimal::hundredths(-5)).unwrap(), "-0.05");
        assert_eq!(serde_json::to_string(&Decimal::whole(7)).unwrap(), "7");
        assert_eq!(Decimal::hundredths(-1250).in_russian(), "\u{2212}12,5");
    }
}
