//! The places of a report that remarks point at and that differences name.

use crate::features::road_maps::Measure;
use crate::kit::code::{Code, codes};

codes! {
    /// A field of a report or of one of its items.
    ReportField {
        /// What was done, in a word.
        Summary = "summary", "краткий итог", "summary";
        /// What stood in the way.
        Problems = "problems", "проблемы", "problems";
        /// How far a measure is.
        Status = "status", "отметка об исполнении", "status";
        /// The day it was done.
        ActualDate = "actual_date", "дата исполнения", "actual date";
        /// What came of it.
        Result = "result", "результат", "result";
        /// Why not, or not wholly.
        Reason = "reason", "причина", "reason";
        /// What was counted.
        Numbers = "numbers", "показатели", "numbers";
        /// Whether it only repeats an earlier report.
        CarriedOver = "carried_over", "перенесено из прошлого отчёта", "carried over";
        /// What proves it.
        Evidence = "evidence", "подтверждающий документ", "evidence";
    }
}

impl ReportField {
    /// The fields of the report as a whole.
    pub const OF_REPORT: [Self; 2] = [Self::Summary, Self::Problems];
    /// The fields of each item.
    pub const OF_ITEM: [Self; 6] =
        [Self::Status, Self::ActualDate, Self::Result, Self::Reason, Self::Numbers, Self::Evidence];
}

/// JSON pointer (RFC 6901) of a measure's item: `/items/{code}`.
#[must_use]
pub fn item_pointer(measure: &Measure) -> String {
    format!("/items/{}", measure.code.replace('~', "~0").replace('/', "~1"))
}

/// JSON pointer of an indicator's number within its item: `/numbers/{code}`.
#[must_use]
pub fn number_pointer(code: &str) -> String {
    format!("/numbers/{}", code.replace('~', "~0").replace('/', "~1"))
}

/// The measure that `pointer` names, `None` when it names a field of the whole report or the
/// whole report itself (the empty pointer). The outer `None`: there is no such place.
///
/// Places are `/summary`, `/problems`, `/items/{code}`, `/items/{code}/{field}` and
/// `/items/{code}/numbers/{indicator}`.
#[must_use]
pub fn find_place<'a>(pointer: &str, measures: &'a [Measure]) -> Option<Option<&'a Measure>> {
    let field_of = |fields: &[ReportField], name: &str| fields.iter().any(|field| field.as_str() == name);
    if pointer.is_empty() {
        return Some(None);
    }
    if pointer.strip_prefix('/').is_some_and(|name| field_of(&ReportField::OF_REPORT, name)) {
        return Some(None);
    }
    let found = measures.iter().find(|measure| {
        let item = item_pointer(measure);
        let rest = pointer.strip_prefix(&item);
        rest.is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix('/').is_some_and(|name| field_of(&ReportField::OF_ITEM, name))
                || measure.indicators.iter().any(|code| rest == number_pointer(code))
        })
    });
    found.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::reports::domain::tests::by;

    #[test]
    fn a_pointer_names_a_place_that_every_report_of_the_monitoring_has() {
        let mut slashed = by("2023-04-14");
        slashed.code = "S1/2".into();
        let measures = [by("2023-04-14"), slashed];
        let code = |pointer: &str| {
            find_place(pointer, &measures).map(|found| found.map(|measure| measure.code.as_str()))
        };
        for whole in ["", "/summary", "/problems"] {
            assert_eq!(code(whole), Some(None), "{whole}");
        }
        assert_eq!(code("/items/S1.1"), Some(Some("S1.1")));
        assert_eq!(code("/items/S1.1/result"), Some(Some("S1.1")));
        assert_eq!(code("/items/S1.1/numbers/I-15"), Some(Some("S1.1")));
        assert_eq!(code("/items/S1.1/numbers/I-99"), None);
        assert_eq!(code("/items/S1~12/evidence"), Some(Some("S1/2")));
        for nowhere in
            ["/", "summary", "/status", "/items", "/items/S9", "/items/S1.1/", "/items/S1.1/summary"]
        {
            assert_eq!(code(nowhere), None, "{nowhere}");
        }
    }
}
