//! Indicators: the catalogue with the shipped list I-1 … I-25, and their values.
//!
//! A value is two numbers of a school (or of the municipality) in a period; the share is computed
//! from them and never stored. A denominator of 0 is no value: there was nobody to count. The
//! municipality's value is the sum of the numerators by the sum of the denominators (rules of the
//! field: a mean of shares would weigh a school of ten like one of a thousand). States: entered
//! -confirm-> confirmed; what a school tells in its report is confirmed when the report is
//! accepted. Indicators that can be computed from the service's own data are never typed.
//! Counts only: no single teacher or pupil, no rankings.

mod catalogue;
mod domain;
mod policy;
mod values;

pub use self::catalogue::{
    Declared, IndicatorRow, by_codes, ensure_shipped, export_indicators, find_many, unusable,
};
pub use self::domain::{Direction, IndicatorLevel, Number, Numbers, Sum, Unit, check_number};
pub use self::policy::{CATALOGUE, ReadIndicatorValues, ReadIndicators};
pub use self::values::{
    Counted, Telling, ValueRow, ValueState, confirm, confirmed_within, export_values, of_period, reopen,
};

use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    catalogue::configure(operations);
    values::configure(operations);
}
