use super::HintRule::{SameProcedure, YearOrEachYear};
use super::*;

const RULE: Criterion =
    Criterion { results_year: 2025, rule: SameProcedure, threshold: 30, procedures: 2, years: 2 };
const SPREAD: Criterion = Criterion { rule: YearOrEachYear, ..RULE };

fn result(year: i32, below_minimum: i32, participants: i32) -> Outcome {
    Outcome { subject: String::new(), year, participants, below_minimum }
}

/// A result that reaches the threshold: `(subject, grade, year)`.
fn bad(of: (&str, i32, i32)) -> (Procedure, Outcome) {
    let (subject, grade, year) = of;
    let procedure = Procedure { assessment: AssessmentKind::Vpr, grade, subject: subject.to_owned() };
    (procedure, result(year, 5, 10))
}

/// The procedures by which the school is hinted at, `subject grade: years`.
fn hinted<const N: usize>(rule: Criterion, results: [(&str, i32, i32); N]) -> Option<Vec<String>> {
    let show = |(procedure, results): (Procedure, Vec<Outcome>)| {
        let years: Vec<String> = results.iter().map(|result| result.year.to_string()).collect();
        format!("{} {}: {}", procedure.subject, procedure.grade, years.join(" "))
    };
    Some(rule.met_by(results.map(bad))?.into_iter().map(show).collect())
}

#[test]
fn exactly_the_threshold_reaches_it_and_a_hair_less_does_not() {
    let reached = |below, all| RULE.is_reached_by(&result(2025, below, all));
    assert!(reached(3, 10), "exactly 30 %");
    assert!(!reached(29_999, 100_000), "29.999 %");
    assert!(reached(30_000, 100_000));
    assert!(!reached(299, 1000) && reached(300, 1000));
    assert!(!reached(1, 4) && reached(1, 3), "25 and 33.3 %");
    assert!(reached(1, 1) && !reached(0, 1));
}

#[test]
fn where_nobody_took_part_nothing_is_reached() {
    assert!(!RULE.is_reached_by(&result(2025, 0, 0)));
    assert!(!Criterion { threshold: 1, ..RULE }.is_reached_by(&result(2025, 0, 0)));
}

#[test]
fn the_threshold_is_the_callers() {
    let with = |threshold| Criterion { threshold, ..RULE };
    assert!(with(100).is_reached_by(&result(2025, 7, 7)) && !with(100).is_reached_by(&result(2025, 6, 7)));
    assert!(with(1).is_reached_by(&result(2025, 1, 100)) && !with(1).is_reached_by(&result(2025, 1, 101)));
}

#[test]
fn enough_procedures_reach_it_in_the_year_and_one_of_them_in_both() {
    let lasting = [("мат", 5, 2024), ("мат", 5, 2025), ("рус", 5, 2025)];
    assert_eq!(hinted(RULE, lasting).unwrap(), ["мат 5: 2024 2025", "рус 5: 2025"]);
    let ended = [("мат", 5, 2024), ("рус", 5, 2024), ("рус", 5, 2025)];
    assert_eq!(hinted(RULE, ended), None, "one procedure in the year");
    let both = [("мат", 5, 2024), ("рус", 5, 2024), ("мат", 5, 2025), ("рус", 5, 2025)];
    assert_eq!(hinted(RULE, both).unwrap(), ["мат 5: 2024 2025", "рус 5: 2024 2025"]);
    let one_year = [("мат", 5, 2025), ("рус", 5, 2025), ("био", 6, 2025)];
    assert_eq!(hinted(RULE, one_year), None, "one year alone");
    let one_procedure = [("мат", 5, 2024), ("мат", 5, 2025)];
    assert_eq!(hinted(RULE, one_procedure), None, "one procedure in two years");
    let crossed = [("мат", 5, 2024), ("рус", 5, 2024), ("био", 6, 2025), ("физ", 7, 2025)];
    assert_eq!(hinted(RULE, crossed), None, "others in the other year");
    let grown = [("мат", 5, 2024), ("мат", 6, 2025), ("рус", 5, 2024), ("рус", 6, 2025)];
    assert_eq!(hinted(RULE, grown), None, "another grade is another procedure");
    let more = [("мат", 5, 2024), ("мат", 5, 2025), ("рус", 6, 2025), ("био", 6, 2024)];
    assert_eq!(hinted(RULE, more).unwrap().len(), 2, "what was bad in the year before alone does not count");
}

#[test]
fn two_grades_of_one_subject_are_two_procedures() {
    let grades = [("мат", 5, 2024), ("мат", 5, 2025), ("мат", 6, 2024), ("мат", 6, 2025)];
    assert_eq!(hinted(RULE, grades).unwrap(), ["мат 5: 2024 2025", "мат 6: 2024 2025"]);
}

#[test]
fn two_procedures_in_the_year_or_one_in_each() {
    assert_eq!(hinted(SPREAD, [("мат", 5, 2025), ("рус", 5, 2025)]).unwrap(), ["мат 5: 2025", "рус 5: 2025"]);
    assert_eq!(hinted(SPREAD, [("мат", 5, 2024), ("рус", 5, 2025)]).unwrap(), ["мат 5: 2024", "рус 5: 2025"]);
    assert_eq!(hinted(SPREAD, [("мат", 5, 2024), ("мат", 5, 2025)]).unwrap(), ["мат 5: 2024 2025"]);
    assert_eq!(hinted(SPREAD, [("мат", 5, 2025)]), None, "one procedure in one year");
    assert_eq!(hinted(SPREAD, [("мат", 5, 2024), ("рус", 5, 2024)]), None, "the year before alone");
}

#[test]
fn years_and_procedures_are_the_callers() {
    let year = Criterion { years: 1, ..RULE };
    assert_eq!(year.first_year(), 2025);
    assert!(hinted(year, [("мат", 5, 2025), ("рус", 5, 2025)]).is_some());
    assert_eq!(hinted(year, [("мат", 5, 2025), ("рус", 5, 2024)]), None, "the year before is not looked at");
    let spread = Criterion { years: 1, ..SPREAD };
    assert_eq!(hinted(spread, [("мат", 5, 2025)]), None, "one year has no second half of the rule");
    let three = Criterion { years: 3, procedures: 1, ..RULE };
    assert_eq!(hinted(three, [("мат", 5, 2024), ("мат", 5, 2025)]), None);
    let all = [("мат", 5, 2025), ("мат", 5, 2023), ("мат", 5, 2024)];
    assert_eq!(hinted(three, all).unwrap(), ["мат 5: 2023 2024 2025"]);
}

#[test]
fn years_outside_are_not_looked_at() {
    let later = [("мат", 5, 2026), ("рус", 5, 2026), ("мат", 5, 2025), ("рус", 5, 2023)];
    assert_eq!(hinted(RULE, later), None);
    assert_eq!(hinted(RULE, []), None);
}
