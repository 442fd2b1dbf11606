//! The number of an indicator as a report prints it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::features::indicators::{IndicatorRow, Number, Numbers};
use crate::kit::decimal::Decimal;
use crate::print::text::line;

/// What a report tells of an indicator.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DocumentNumber {
    /// Code of the indicator.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The upper number.
    pub numerator: i32,
    /// The lower number; null: nothing to divide by.
    pub denominator: Option<i32>,
    /// In the unit; null: there was nobody to count.
    pub value: Option<Decimal>,
    /// The value in Russian words, as the document is.
    pub text: String,
}

impl DocumentNumber {
    /// The numbers of an item, in the order of the catalogue.
    pub(super) fn all(numbers: &Numbers, indicators: &[IndicatorRow]) -> Vec<Self> {
        let of = |row: &IndicatorRow| numbers.get(&row.code).map(|number| Self::of(row, *number));
        indicators.iter().filter_map(of).collect()
    }

    fn of(row: &IndicatorRow, number: Number) -> Self {
        Self {
            code: row.code.clone(),
            name: row.name.clone(),
            numerator: number.numerator,
            denominator: number.denominator,
            value: row.unit.value(i64::from(number.numerator), number.denominator.map(i64::from)),
            text: row.unit.in_russian(i64::from(number.numerator), number.denominator.map(i64::from)),
        }
    }

    /// Name and value in one line.
    pub(super) fn line(&self) -> String {
        format!("{}: {}", line(&self.name), self.text)
    }
}
