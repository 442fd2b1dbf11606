//! Each computed indicator at its edges.

use super::*;
use crate::features::road_maps::{AppliesTo, Deadline, MeasureLevel};
use crate::kit::id::LineageId;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn school(id: &str) -> SchoolId {
    SchoolId(id.into())
}

fn measure(id: &str, due: &str) -> Measure {
    let deadline: Deadline =
        serde_json::from_str(&format!(r#"{{"kind":"date","text":"x","due_date":"{due}"}}"#)).unwrap();
    Measure {
        id: MeasureId(id.into()),
        lineage_id: LineageId(id.into()),
        code: id.into(),
        level: MeasureLevel::School,
        title: id.into(),
        position: 1,
        deadline,
        applies_to: AppliesTo::all(),
        criteria: Vec::new(),
        indicators: Vec::new(),
        evidence_required: false,
        counts_in_compliance: true,
    }
}

fn done(id: &str, on: &str, evidence_count: i64) -> Item {
    Item {
        measure_id: MeasureId(id.into()),
        status: ItemStatus::Done,
        actual_date: Some(day(on)),
        result: None,
        reason: None,
        evidence_count,
        carried_over: false,
    }
}

fn reporting<'a>(id: &str, items: Option<&'a [Item]>) -> Reporting<'a> {
    Reporting { school_id: school(id), levels: vec![EducationLevel::Basic], items }
}

fn span() -> Span {
    Span { start: day("2023-01-01"), end: day("2023-12-31"), report_deadline: day("2023-12-22") }
}

fn pair(number: Number) -> (i32, Option<i32>) {
    (number.numerator, number.denominator)
}

#[test]
fn a_school_without_a_report_has_done_nothing_of_what_was_due() {
    let measures = [measure("a", "2023-04-14"), measure("b", "2023-12-23")];
    let (after, before) = ([done("a", "2023-04-15", 0)], [done("a", "2023-04-14", 0)]);
    let (late, timely) = (reporting("late", Some(&after)), reporting("timely", Some(&before)));
    let found = done_in_time(&[late, timely, reporting("silent", None)], &measures, span());
    let counts: Vec<_> = found.iter().map(|(school, number)| (school.as_str(), pair(*number))).collect();
    assert_eq!(counts, [("late", (0, Some(1))), ("timely", (1, Some(1))), ("silent", (0, Some(1)))]);
}

#[test]
fn evidence_counts_for_what_was_done_and_counts() {
    let mut free = measure("free", "2023-04-14");
    free.counts_in_compliance = false;
    let measures = [measure("a", "2023-04-14"), measure("b", "2023-04-14"), free];
    let mut carried = done("b", "2023-04-14", 1);
    carried.carried_over = true;
    let items = vec![done("a", "2023-04-14", 2), carried, done("free", "2023-04-14", 1)];
    let found = done_with_evidence(&[reporting("one", Some(&items)), reporting("silent", None)], &measures);
    assert_eq!(found.len(), 1, "who did not report has nothing to prove");
    assert_eq!(pair(found[0].1), (1, Some(1)));
}

#[test]
fn pages_age_after_six_months() {
    let schools = [reporting("one", None), reporting("two", None), reporting("three", None)];
    let pages = HashMap::from([(school("one"), day("2023-06-22")), (school("two"), day("2023-06-21"))]);
    assert_eq!(pair(pages_up_to_date(&schools, &pages, day("2023-12-22"))), (1, Some(3)));
    let august = HashMap::from([(school("one"), day("2023-02-28"))]);
    assert_eq!(
        pair(pages_up_to_date(&schools[..1], &august, day("2023-08-31"))),
        (1, Some(1)),
        "no 31 February"
    );
    assert_eq!(pair(pages_up_to_date(&[], &pages, day("2023-12-22"))), (0, Some(0)));
}

#[test]
fn a_school_has_left_when_no_list_holds_it_and_its_results_improved() {
    let entry = |id: &str, on: Option<&str>, reason| Departure {
        school_id: school(id),
        included_on: None,
        excluded_on: on.map(day),
        exclusion_reason: reason,
    };
    let improved = Some(ExclusionReason::Improved);
    let departures = [
        entry("out of both", Some("2023-05-01"), improved),
        entry("out of both", Some("2023-05-01"), Some(ExclusionReason::Reorganised)),
        entry("out of one", Some("2023-05-01"), improved),
        entry("out of one", None, None),
        entry("merged", Some("2023-05-01"), Some(ExclusionReason::Reorganised)),
        entry("mistaken", Some("2023-05-01"), Some(ExclusionReason::Error)),
        entry("on the last day", Some("2023-12-31"), improved),
        entry("next year", Some("2024-01-01"), improved),
        Departure { included_on: Some(day("2024-01-01")), ..entry("joined later", None, None) },
    ];
    assert_eq!(pair(left_lists(&departures, day("2023-12-31"))), (2, Some(5)));
}

#[test]
fn reports_and_recommendations_are_counted_by_school() {
    let schools = [reporting("one", None), reporting("two", None)];
    let in_time = BTreeSet::from([school("two"), school("released")]);
    assert_eq!(pair(reported_in_time(&schools, &in_time)), (1, Some(2)), "of the schools that take part");
    let issued = [
        (school("one"), AddresseeStatus::Verified),
        (school("one"), AddresseeStatus::Done),
        (school("two"), AddresseeStatus::Issued),
        (school("released"), AddresseeStatus::Issued),
    ];
    let found = recommendations_done(&schools, &issued);
    let counts: Vec<_> = found.iter().map(|(_, number)| pair(*number)).collect();
    assert_eq!(counts, [(1, Some(2)), (0, Some(1))], "done by its own word is not yet verified");
    assert!(recommendations_done(&schools, &[]).is_empty());
}
