use super::*;
use EducationLevel::{Basic, Primary, Secondary};

const ALL: [EducationLevel; 3] = [Primary, Basic, Secondary];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn year(text: &str) -> AcademicYear {
    AcademicYear::try_from(text.to_owned()).unwrap()
}

fn broken(violations: Vec<Violation>) -> Vec<String> {
    violations.into_iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
}

fn totals(pupils: i32, graduates_9: Option<i32>, graduates_11: Option<i32>) -> Totals {
    Totals { pupils, graduates_9, graduates_11, teachers: 0 }
}

fn outcome() -> Outcome {
    Outcome {
        assessment: AssessmentKind::Vpr,
        subject: "математика".into(),
        grade: 5,
        year: 2023,
        participants: 12,
        below_minimum: 5,
    }
}

fn checked(outcomes: &[Outcome]) -> Vec<String> {
    broken(check_outcomes(outcomes, year("2022"), &ALL, &HashSet::new(), day("2024-01-01")))
}

#[test]
fn ten_participants_are_no_small_sample() {
    assert!(is_small_sample(0) && is_small_sample(9) && !is_small_sample(10));
}

#[test]
fn graduates_are_pupils_and_need_their_level() {
    assert!(check_totals(totals(30, Some(20), Some(10)), &ALL).is_empty());
    assert!(check_totals(totals(0, None, None), &[Primary]).is_empty());
    assert_eq!(
        broken(check_totals(totals(30, Some(20), Some(11)), &ALL)),
        ["/pupils_total fewer-than-graduates"]
    );
    assert_eq!(broken(check_totals(totals(30, Some(31), None), &ALL)), ["/graduates_9 more-than-pupils"]);
    let primary = check_totals(totals(30, Some(0), Some(40)), &[Primary]);
    assert_eq!(broken(primary), ["/graduates_9 not-applicable", "/graduates_11 not-applicable"]);
    assert!(check_totals(totals(30, Some(5), None), &[Basic]).is_empty());
}

#[test]
fn all_participants_may_be_below_the_minimum_and_no_more() {
    assert!(checked(&[Outcome { below_minimum: 12, ..outcome() }]).is_empty());
    assert!(checked(&[Outcome { participants: 0, below_minimum: 0, ..outcome() }]).is_empty());
    let more = checked(&[Outcome { below_minimum: 13, ..outcome() }]);
    assert_eq!(more, ["/assessments/0/below_minimum more-than-participants"]);
}

#[test]
fn an_assessment_has_its_grades_and_a_school_its_levels() {
    let grade = |assessment, grade| checked(&[Outcome { assessment, grade, ..outcome() }]);
    let refused = ["/assessments/0/grade not-applicable"];
    assert!(grade(AssessmentKind::Oge, 9).is_empty());
    assert_eq!(grade(AssessmentKind::Oge, 11), refused);
    assert!(grade(AssessmentKind::Ege, 11).is_empty());
    assert_eq!(grade(AssessmentKind::Ege, 10), refused);
    assert!(grade(AssessmentKind::Gve, 9).is_empty() && grade(AssessmentKind::Gve, 11).is_empty());
    assert_eq!(grade(AssessmentKind::Gve, 10), refused);
    let fits = |grade, levels: &[EducationLevel]| {
        let outcomes = [Outcome { grade, ..outcome() }];
        check_outcomes(&outcomes, year("2022"), levels, &HashSet::new(), day("2024-01-01")).is_empty()
    };
    assert!(fits(4, &[Primary]) && !fits(5, &[Primary]));
    assert!(fits(5, &[Basic]) && fits(9, &[Basic]) && !fits(4, &[Basic]) && !fits(10, &[Basic]));
    assert!(fits(10, &[Secondary]));
}

#[test]
fn results_belong_to_a_calendar_year_of_the_academic_one() {
    let of = |year| checked(&[Outcome { year, ..outcome() }]);
    assert!(of(2022).is_empty() && of(2023).is_empty());
    assert_eq!(of(2021), ["/assessments/0/year outside-academic-year"]);
    assert_eq!(of(2024), ["/assessments/0/year outside-academic-year"]);
    let early = check_outcomes(&[outcome()], year("2022"), &ALL, &HashSet::new(), day("2022-12-31"));
    assert_eq!(broken(early), ["/assessments/0/year in-future"]);
}

#[test]
fn a_result_stands_once_in_the_body_and_in_one_academic_year() {
    assert_eq!(checked(&[outcome(), outcome()]), ["/assessments/1 duplicate"]);
    let others = [
        Outcome { grade: 6, ..outcome() },
        Outcome { subject: "русский язык".into(), ..outcome() },
        Outcome { year: 2022, ..outcome() },
    ];
    assert!(checked(&[&[outcome()], &others[..]].concat()).is_empty());
    let taken = HashSet::from([outcome().key()]);
    let found = check_outcomes(&[outcome()], year("2022"), &ALL, &taken, day("2024-01-01"));
    assert_eq!(broken(found), ["/assessments/0 stands-elsewhere"]);
}
