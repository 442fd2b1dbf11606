//! The numbers that items tell of indicators.

use std::collections::HashMap;

use super::content::ItemContent;
use super::place::{item_pointer, number_pointer};
use crate::features::indicators::{Number, Numbers, Unit, check_number};
use crate::features::road_maps::Measure;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Units of indicators by their codes.
pub type Units = HashMap<String, Unit>;

/// Every broken rule of telling `numbers` in the item of `measure`: each is of an indicator that
/// the measure declares, and keeps what its unit asks.
#[must_use]
pub fn number_rules(numbers: &Numbers, measure: &Measure, units: &Units) -> Vec<Violation> {
    let mut found = Vec::new();
    for (code, number) in numbers {
        let pointer = number_pointer(code);
        match units.get(code).filter(|_| measure.indicators.contains(code)) {
            Some(unit) => found.extend(check_number(*unit, *number, &pointer)),
            None => {
                let detail = Bi::of(
                    format!("Мероприятие {} не предусматривает этого показателя", measure.code),
                    format!("Measure {} does not declare this indicator", measure.code),
                );
                found.push(Violation::new(pointer, "not-declared", detail));
            }
        }
    }
    found
}

/// Indicators of which a report tells two different numbers, where it tells the second.
#[must_use]
pub fn contradictions(measures: &[Measure], items: &[ItemContent]) -> Vec<Violation> {
    let mut first: HashMap<&str, (Number, &Measure)> = HashMap::new();
    let mut found = Vec::new();
    for (measure, item) in told(measures, items) {
        for (code, number) in &item.numbers {
            let (told, elsewhere) = *first.entry(code).or_insert((*number, measure));
            if told != *number {
                let other = &elsewhere.code;
                let detail = Bi::of(
                    format!("По мероприятию {other} указано другое значение этого показателя"),
                    format!("Measure {other} tells another number of this indicator"),
                );
                let pointer = format!("{}{}", item_pointer(measure), number_pointer(code));
                found.push(Violation::new(pointer, "contradiction", detail));
            }
        }
    }
    found
}

/// What a report tells of each indicator.
#[must_use]
pub fn totals(measures: &[Measure], items: &[ItemContent]) -> Numbers {
    let told = told(measures, items);
    told.flat_map(|(_, item)| item.numbers.iter().map(|(code, number)| (code.clone(), *number))).collect()
}

/// The items that tell of their measures, in the order of the road map: one that is not applicable
/// tells nothing.
fn told<'a>(
    measures: &'a [Measure],
    items: &'a [ItemContent],
) -> impl Iterator<Item = (&'a Measure, &'a ItemContent)> {
    use super::domain::ItemStatus::NotApplicable;
    let of = |measure: &'a Measure| {
        let item = items.iter().find(|item| item.measure_id == measure.id);
        item.filter(|item| item.as_item().said() != NotApplicable).map(|item| (measure, item))
    };
    measures.iter().filter_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::reports::domain::ItemStatus;
    use crate::features::reports::domain::tests::{by, day};
    use crate::kit::id::MeasureId;

    fn numbers(code: &str, numerator: i32) -> Numbers {
        Numbers::from([(code.to_owned(), Number { numerator, denominator: Some(21) })])
    }

    fn units() -> Units {
        Units::from([("I-10".into(), Unit::Percent), ("I-15".into(), Unit::Points)])
    }

    fn of(id: &str, code: &str) -> Measure {
        Measure { id: MeasureId(id.into()), code: code.into(), ..by("2023-04-14") }
    }

    fn item(id: &str, status: ItemStatus, numbers: Numbers) -> ItemContent {
        ItemContent {
            measure_id: MeasureId(id.into()),
            status,
            actual_date: None,
            result: None,
            reason: None,
            numbers,
            version: 1,
            updated_at: day("2023-04-14").into(),
            carried_over: false,
            evidence: Vec::new(),
        }
    }

    fn broken(given: &Numbers) -> Vec<String> {
        let found = number_rules(given, &by("2023-04-14"), &units());
        found.into_iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
    }

    #[test]
    fn a_number_is_of_a_declared_indicator_and_keeps_its_unit() {
        assert!(broken(&numbers("I-15", -3)).is_empty());
        assert_eq!(broken(&numbers("I-15", 22)), ["/numbers/I-15/numerator more-than-denominator"]);
        assert_eq!(broken(&numbers("I-10", 3)), ["/numbers/I-10 not-declared"]);
        assert_eq!(broken(&numbers("a/b", 3)), ["/numbers/a~1b not-declared"]);
    }

    #[test]
    fn a_report_tells_one_number_of_an_indicator() {
        let measures = [of("a", "S1.1"), of("b", "S1.2")];
        let done = ItemStatus::Done;
        let same = [item("a", done, numbers("I-15", 3)), item("b", done, numbers("I-15", 3))];
        assert!(contradictions(&measures, &same).is_empty());
        let other = [item("a", done, numbers("I-15", 3)), item("b", done, numbers("I-15", 4))];
        let found = contradictions(&measures, &other);
        assert_eq!((found[0].pointer.as_str(), found[0].code), ("/items/S1.2/numbers/I-15", "contradiction"));
        let removed =
            [item("a", done, numbers("I-15", 3)), item("b", ItemStatus::NotApplicable, numbers("I-15", 4))];
        assert!(contradictions(&measures, &removed).is_empty());
        assert_eq!(totals(&measures, &removed), numbers("I-15", 3));
    }
}
