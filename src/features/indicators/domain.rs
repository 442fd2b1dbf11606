//! Indicators: how they are counted, and what a number must keep.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::code::codes;
use crate::kit::decimal::Decimal;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// What an indicator is measured in.
    Unit {
        /// Numerator of denominator, in percent.
        Percent = "percent", "процент", "percent";
        /// A number alone.
        Count = "count", "единица", "count";
        /// A weighted sum by denominator, 0 to 100.
        Score = "score", "балл (0–100)", "score (0 to 100)";
        /// A change of a share, in percentage points; it may be negative.
        Points = "points", "процентный пункт", "percentage point";
        /// Numerator by denominator.
        Ratio = "ratio", "отношение", "ratio";
        /// 1: yes, 0: no.
        YesNo = "yes_no", "да или нет", "yes or no";
    }
}

codes! {
    /// Which change is an improvement.
    Direction {
        /// More is better.
        Up = "up", "чем больше, тем лучше", "more is better";
        /// Less is better.
        Down = "down", "чем меньше, тем лучше", "less is better";
    }
}

codes! {
    /// Whose numbers an indicator has.
    IndicatorLevel {
        /// One number of the municipality.
        Municipal = "municipal", "муниципальный уровень", "municipal level";
        /// A number of each school; the municipality's is made of them.
        School = "school", "школьный уровень", "school level";
    }
}

codes! {
    /// Which periods the values of an indicator have when they are entered.
    PeriodType {
        /// From January, April, July, October.
        CalendarQuarter = "calendar_quarter", "календарный квартал", "calendar quarter";
        /// From January, July.
        CalendarHalf = "calendar_half", "календарное полугодие", "calendar half-year";
        /// From January.
        CalendarYear = "calendar_year", "календарный год", "calendar year";
        /// A quarter of the school calendar.
        AcademicQuarter = "academic_quarter", "учебная четверть", "academic quarter";
        /// A half of the academic year.
        AcademicHalf = "academic_half", "учебное полугодие", "academic half-year";
        /// From 1 September to 31 August.
        AcademicYear = "academic_year", "учебный год", "academic year";
    }
}

/// What was counted for an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"numerator": 7, "denominator": 21}))]
pub struct Number {
    /// The upper number; with `points` it may be negative, with `yes_no` it is 1 or 0.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub numerator: i32,
    /// The lower number; 0: there was nobody to count, so there is no value. Null with `count`
    /// and `yes_no`.
    #[schema(minimum = 0, maximum = 1_000_000)]
    #[serde(default)]
    pub denominator: Option<i32>,
}

/// Numbers by the codes of their indicators.
pub type Numbers = BTreeMap<String, Number>;

impl Unit {
    /// Whether its numbers have a denominator.
    #[must_use]
    pub fn is_divided(self) -> bool {
        !matches!(self, Self::Count | Self::YesNo)
    }

    /// The value of one subject; `None` when the denominator is 0 or missing.
    #[must_use]
    pub fn value(self, numerator: i64, denominator: Option<i64>) -> Option<Decimal> {
        let divided = |times: i64, places| {
            Decimal::quotient(numerator.saturating_mul(times), denominator.unwrap_or(0), places)
        };
        match self {
            Self::Count | Self::YesNo => Some(Decimal::whole(numerator)),
            Self::Percent | Self::Points => divided(100, 1),
            Self::Score => divided(1, 1),
            Self::Ratio => divided(1, 2),
        }
    }

    /// The value in Russian words: «33,3 % (7 из 21)», «нет данных».
    #[must_use]
    pub fn in_russian(self, numerator: i64, denominator: Option<i64>) -> String {
        let lower = denominator.unwrap_or(0);
        let value = self.value(numerator, denominator).map(Decimal::in_russian);
        match (self, value) {
            (Self::YesNo, _) => if numerator > 0 { "да" } else { "нет" }.to_owned(),
            (Self::Count, _) => numerator.to_string(),
            (Self::Percent, Some(value)) => format!("{value}\u{A0}% ({numerator} из {lower})"),
            (Self::Points, Some(value)) => {
                format!("{value}\u{A0}п.\u{A0}п. ({} из {lower})", Decimal::whole(numerator).in_russian())
            }
            (Self::Score | Self::Ratio, Some(value)) => format!("{value} ({numerator} : {lower})"),
            (_, None) => "нет данных".to_owned(),
        }
    }

    /// Between what a target or a baseline lies, in a unit of [`Unit::of_all`].
    #[must_use]
    pub fn bounds(self) -> (Decimal, Decimal) {
        match self {
            Self::Percent | Self::Score => (Decimal::whole(0), Decimal::whole(100)),
            Self::YesNo => (Decimal::whole(0), Decimal::whole(1)),
            Self::Points => (Decimal::whole(-100), Decimal::whole(100)),
            Self::Count | Self::Ratio => (Decimal::whole(0), Decimal::whole(1_000_000)),
        }
    }

    /// A target or a baseline with the sign of the unit: «40 %», «да».
    #[must_use]
    pub fn with_sign(self, number: Decimal) -> String {
        if self == Self::YesNo {
            return if number > Decimal::whole(0) { "да" } else { "нет" }.to_owned();
        }
        let number = number.in_russian();
        match self {
            Self::Percent => format!("{number}\u{A0}%"),
            Self::Points => format!("{number}\u{A0}п.\u{A0}п."),
            Self::Count | Self::Score | Self::Ratio | Self::YesNo => number,
        }
    }

    /// The unit of the value of all: of yes and no of schools it is the share of yes, the
    /// municipality's own yes stays one.
    #[must_use]
    pub fn of_all(self, level: IndicatorLevel) -> Self {
        match (self, level) {
            (Self::YesNo, IndicatorLevel::School) => Self::Percent,
            (unit, _) => unit,
        }
    }

    /// Whether its numbers can be of people: a yes counts none.
    #[must_use]
    pub fn counts(self) -> bool {
        self != Self::YesNo
    }
}

/// The sum of some numbers: never a mean of shares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Of the numerators.
    pub numerator: i64,
    /// Of the denominators; with yes and no how many answered.
    pub denominator: i64,
    /// How many numbers.
    pub count: usize,
}

impl Sum {
    /// The sum of what `unit` counted.
    #[must_use]
    pub fn of(unit: Unit, numbers: impl IntoIterator<Item = Number>) -> Self {
        numbers.into_iter().fold(Self::default(), |sum, number| sum.and(unit, number))
    }

    fn and(self, unit: Unit, number: Number) -> Self {
        let own = if unit == Unit::YesNo { Some(1) } else { number.denominator };
        Self {
            numerator: self.numerator + i64::from(number.numerator),
            denominator: self.denominator + i64::from(own.unwrap_or(0)),
            count: self.count + 1,
        }
    }

    /// The denominator as it is shown in a unit of [`Unit::of_all`]: none of a mere count.
    #[must_use]
    pub fn shown_denominator(&self, unit: Unit) -> Option<i64> {
        unit.is_divided().then_some(self.denominator)
    }

    /// Its value in a unit of [`Unit::of_all`].
    #[must_use]
    pub fn value(&self, unit: Unit) -> Option<Decimal> {
        unit.value(self.numerator, Some(self.denominator)).filter(|_| self.count > 0)
    }
}

/// Every rule that a number of this unit breaks, with pointers under `prefix`.
#[must_use]
pub fn check_number(unit: Unit, number: Number, prefix: &str) -> Vec<Violation> {
    let Number { numerator, denominator } = number;
    let mut found = Vec::new();
    let mut broken = |member: &str, code, ru: &'static str, en: &'static str| {
        found.push(Violation::new(format!("{prefix}{member}"), code, Bi::fixed(ru, en)));
    };
    let lower = denominator.unwrap_or(0);
    match (unit.is_divided(), denominator) {
        (true, None) => broken("/denominator", "required", "Укажите знаменатель", "Give the denominator"),
        (false, Some(_)) => broken(
            "/denominator",
            "not-allowed",
            "У этого показателя нет знаменателя",
            "This indicator has no denominator",
        ),
        _ => {}
    }
    let most = match unit {
        Unit::Percent | Unit::Points => Some(i64::from(lower)),
        Unit::Score => Some(i64::from(lower) * 100),
        Unit::YesNo => Some(1),
        Unit::Count | Unit::Ratio => None,
    };
    let upper = i64::from(numerator);
    if upper < 0 && unit != Unit::Points {
        broken("/numerator", "too-small", "Не меньше 0", "At least 0");
    }
    let missing = unit.is_divided() && denominator.is_none();
    let beyond = if unit == Unit::Points { upper.abs() } else { upper };
    match most {
        Some(most) if beyond > most && !missing => match unit {
            Unit::YesNo => broken("/numerator", "too-big", "1 – да, 0 – нет", "1 is yes, 0 is no"),
            Unit::Score => broken(
                "/numerator",
                "more-than-denominator",
                "Не может быть больше ста знаменателей: балл не выше 100",
                "Cannot be more than a hundred denominators: the score is 100 at most",
            ),
            _ => broken(
                "/numerator",
                "more-than-denominator",
                "Не может быть больше знаменателя",
                "Cannot be more than the denominator",
            ),
        },
        None if unit == Unit::Ratio && lower == 0 && upper != 0 && !missing => broken(
            "/numerator",
            "more-than-denominator",
            "Знаменатель равен 0: числитель тоже должен быть 0",
            "The denominator is 0: so must be the numerator",
        ),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(numerator: i32, denominator: impl Into<Option<i32>>) -> Number {
        Number { numerator, denominator: denominator.into() }
    }

    fn broken(unit: Unit, given: Number) -> Vec<String> {
        let list = check_number(unit, given, "/n");
        list.into_iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
    }

    #[test]
    fn a_share_is_no_more_than_the_whole() {
        assert!(broken(Unit::Percent, number(12, 12)).is_empty());
        assert_eq!(broken(Unit::Percent, number(13, 12)), ["/n/numerator more-than-denominator"]);
        assert_eq!(broken(Unit::Percent, number(-1, 12)), ["/n/numerator too-small"]);
        assert!(broken(Unit::Percent, number(0, 0)).is_empty(), "nobody took part");
        assert_eq!(broken(Unit::Percent, number(1, 0)), ["/n/numerator more-than-denominator"]);
        assert_eq!(broken(Unit::Percent, number(5, None)), ["/n/denominator required"]);
    }

    #[test]
    fn each_unit_has_its_own_bounds() {
        assert!(broken(Unit::Count, number(5, None)).is_empty());
        assert_eq!(broken(Unit::Count, number(5, 1)), ["/n/denominator not-allowed"]);
        assert!(broken(Unit::Score, number(6400, 64)).is_empty());
        assert_eq!(broken(Unit::Score, number(6401, 64)), ["/n/numerator more-than-denominator"]);
        assert!(broken(Unit::Points, number(-12, 12)).is_empty());
        assert_eq!(broken(Unit::Points, number(-13, 12)), ["/n/numerator more-than-denominator"]);
        assert!(broken(Unit::Ratio, number(30, 12)).is_empty());
        assert_eq!(broken(Unit::Ratio, number(1, 0)), ["/n/numerator more-than-denominator"]);
        assert!(broken(Unit::YesNo, number(1, None)).is_empty());
        assert_eq!(broken(Unit::YesNo, number(2, None)), ["/n/numerator too-big"]);
    }

    #[test]
    fn a_value_is_computed_and_nothing_to_divide_by_is_no_value() {
        let text = |unit: Unit, upper, lower| unit.value(upper, lower).map(|value| value.to_string());
        assert_eq!(text(Unit::Percent, 1, Some(3)), Some("33.3".into()));
        assert_eq!(text(Unit::Percent, 0, Some(0)), None);
        assert_eq!(text(Unit::Points, -1, Some(8)), Some("-12.5".into()));
        assert_eq!(text(Unit::Score, 640, Some(10)), Some("64".into()));
        assert_eq!(text(Unit::Ratio, 2, Some(3)), Some("0.67".into()));
        assert_eq!(text(Unit::Count, 7, None), Some("7".into()));
    }

    #[test]
    fn documents_say_a_value_with_what_it_is_made_of() {
        assert_eq!(Unit::Percent.in_russian(7, Some(21)), "33,3\u{A0}% (7 из 21)");
        assert_eq!(Unit::Percent.in_russian(0, Some(0)), "нет данных");
        assert_eq!(Unit::Points.in_russian(-1, Some(8)), "\u{2212}12,5\u{A0}п.\u{A0}п. (\u{2212}1 из 8)");
        assert_eq!(Unit::Score.in_russian(640, Some(10)), "64 (640 : 10)");
        assert_eq!(Unit::Count.in_russian(7, None), "7");
        assert_eq!(Unit::YesNo.in_russian(1, None), "да");
    }

    #[test]
    fn a_municipality_is_the_sum_of_its_schools_not_their_mean() {
        let sum = Sum::of(Unit::Percent, [number(1, 10), number(45, 50), number(0, 0)]);
        assert_eq!((sum.numerator, sum.denominator, sum.count), (46, 60, 3));
        assert_eq!(sum.value(Unit::Percent).unwrap().to_string(), "76.7", "the mean of shares would be 50");
        let answers = Sum::of(Unit::YesNo, [number(1, None), number(0, None), number(1, None)]);
        let of_schools = Unit::YesNo.of_all(IndicatorLevel::School);
        assert_eq!(answers.value(of_schools).unwrap().to_string(), "66.7");
        assert_eq!(Unit::YesNo.of_all(IndicatorLevel::Municipal), Unit::YesNo, "the municipality's own yes");
        assert_eq!(Sum::default().value(Unit::Count), None, "nothing was counted");
    }
}
