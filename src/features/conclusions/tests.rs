//! The reference case and its variants, then the edges of every rule.

use std::collections::HashMap;

use super::reference::{BOGORODITSKAYA, Case, KRASNOYARBINSKAYA, YURYEVSKAYA};
use super::*;
use crate::features::reports::{Item, ItemStatus, OutReason};
use crate::features::road_maps::{AppliesTo, AppliesToKind, Measure, MeasureLevel};
use crate::kit::code::Code;
use crate::kit::education::EducationLevel;
use crate::kit::id::{MeasureId, SchoolId};

fn names(ids: &[SchoolId]) -> Vec<&str> {
    ids.iter().map(SchoolId::as_str).collect()
}

#[test]
fn the_reference_case_is_all_throughout() {
    let case = Case::reference();
    for conclusion in case.derive() {
        let template = &case.content.conclusions;
        let template = template.iter().find(|t| t.code == conclusion.code).unwrap();
        assert_eq!(conclusion.verdict, Verdict::All, "{}", conclusion.code);
        assert_eq!(conclusion.generated_text, template.sentences.all);
        let inputs = conclusion.explanation.inputs.len();
        let municipal = conclusion.code.starts_with('1');
        assert_eq!(inputs, if municipal { 1 } else { 4 });
        let stored = serde_json::to_string(&conclusion).unwrap();
        assert_eq!(serde_json::from_str::<Conclusion>(&stored).unwrap(), conclusion);
    }
}

#[test]
fn every_item_of_the_reference_case_may_be_submitted() {
    let case = Case::reference();
    for subject in &case.subjects {
        let concerned = |m: &&Measure| m.concerns_school(&subject.school_id, &subject.education_levels);
        let items: Vec<Item> = subject.report.clone().unwrap().items.into_values().collect();
        let concerned: Vec<Measure> = case.measures.iter().filter(concerned).cloned().collect();
        let deadline = "2023-12-22".parse().unwrap();
        let broken = crate::features::reports::submit_violations(&concerned, &items, deadline);
        assert_eq!(broken, []);
    }
    for measure in &case.measures {
        assert_eq!(measure.deadline.check("/deadline"), []);
        assert_eq!(measure.applies_to.check("/applies_to"), []);
    }
}

#[test]
fn variant_one_school_without_mentors() {
    let mut case = Case::reference();
    case.says(YURYEVSKAYA, "S2.1", ItemStatus::NotDone);
    let conclusion = case.conclusion("2.3");
    assert_eq!(conclusion.verdict, Verdict::Some);
    assert_eq!(
        conclusion.generated_text,
        "За начинающими педагогами наставники закреплены в 3 школах из 4 \
         (не подтверждено: МБОУ-Юрьевская СОШ); за педагогами с недостаточным профессиональным \
         уровнем наставники закреплены во всех школах, где такие педагоги есть."
    );
    let explanation = conclusion.explanation;
    assert_eq!(names(&explanation.schools_missing), [YURYEVSKAYA]);
    assert_eq!((explanation.ok_count, explanation.total), (3, 4));
    assert_eq!(explanation.criteria[0].measures, ["S2.1"]);
}

#[test]
fn variant_no_school_held_the_interim_test() {
    let mut case = Case::reference();
    case.all_say("S3.2", ItemStatus::NotDone);
    let conclusion = case.conclusion("2.4");
    assert_eq!(conclusion.verdict, Verdict::None);
    let verdicts: Vec<&str> = conclusion.explanation.criteria.iter().map(|c| c.verdict.as_str()).collect();
    assert_eq!(verdicts, ["all", "none", "all", "all"]);
    assert_eq!(
        conclusion.generated_text,
        "Входной контроль по русскому языку и математике проведен во всех школах; \
         проведение промежуточного мониторинга по русскому языку и математике не подтверждено \
         ни в одной школе; рабочие программы скорректированы во всех школах; \
         индивидуальная работа с обучающимися организована во всех школах."
    );
}

#[test]
fn variant_no_novice_teachers() {
    let mut case = Case::reference();
    case.says(BOGORODITSKAYA, "S2.1", ItemStatus::NotApplicable);
    let conclusion = case.conclusion("2.3");
    assert_eq!(conclusion.verdict, Verdict::All);
    let novice = &conclusion.explanation.criteria[0];
    assert_eq!((novice.ok_count, novice.total), (3, 3));
    assert_eq!(novice.schools_left_out[0].why, OutReason::NotApplicable);
    assert_eq!(conclusion.explanation.total, 4);
}

#[test]
fn variant_one_report_missing() {
    let mut case = Case::reference();
    case.school(KRASNOYARBINSKAYA).report = None;
    let conclusion = case.conclusion("2.1");
    assert_eq!(conclusion.verdict, Verdict::Some);
    assert_eq!(
        conclusion.generated_text,
        "Собственная дорожная карта утверждена в 3 школах из 4. По 1 школе сведений нет, отчет \
         не представлен или не принят: МБОУ-Красноярбинская СОШ им. П. И. Бровичева."
    );
    let explanation = conclusion.explanation;
    assert_eq!(names(&explanation.schools_missing), [KRASNOYARBINSKAYA]);
    assert_eq!(explanation.schools_without_report, explanation.schools_missing);
    assert_eq!(explanation.inputs.len(), 3);
}

#[test]
fn variants_of_training_by_the_department() {
    let mut case = Case::reference();
    case.municipality_says("M2.7", ItemStatus::NotDone);
    let some = case.conclusion("1.3");
    assert_eq!(some.verdict, Verdict::Some);
    assert_eq!(
        some.generated_text,
        "План-график повышения квалификации педагогов утвержден; обучение педагогов на курсах \
         повышения квалификации не подтверждено."
    );
    case.municipality_says("M2.6", ItemStatus::NotDone);
    let none = case.conclusion("1.3");
    assert_eq!(none.verdict, Verdict::None);
    assert_eq!(none.generated_text, case.content.conclusions[2].sentences.none);
    assert_eq!(case.conclusion("2.5").verdict, Verdict::All);
}

#[test]
fn variant_nobody_reported() {
    let mut case = Case::reference();
    case.subjects.iter_mut().for_each(|school| school.report = None);
    case.municipality = None;
    for conclusion in case.derive() {
        assert_eq!(conclusion.verdict, Verdict::NoData, "{}", conclusion.code);
        assert!(conclusion.explanation.inputs.is_empty());
    }
    let conclusion = case.conclusion("2.1");
    assert_eq!(conclusion.generated_text, case.content.conclusions[3].sentences.no_data);
    assert_eq!(conclusion.explanation.schools_without_report.len(), 4);
}

#[test]
fn a_released_school_is_left_out() {
    let mut case = Case::reference();
    case.says(YURYEVSKAYA, "S1.1", ItemStatus::NotDone);
    case.school(YURYEVSKAYA).released = true;
    let conclusion = case.conclusion("2.1");
    assert_eq!(conclusion.verdict, Verdict::All);
    let explanation = conclusion.explanation;
    assert_eq!(explanation.schools_left_out[0].why, OutReason::Released);
    assert_eq!((explanation.total, explanation.inputs.len()), (3, 3));
    case.subjects.iter_mut().for_each(|school| school.released = true);
    assert_eq!(case.conclusion("2.1").verdict, Verdict::NotApplicable);
}

#[test]
fn a_school_outside_the_measure_is_out_of_the_conclusion() {
    let mut case = Case::reference();
    case.school(YURYEVSKAYA).education_levels = vec![EducationLevel::Primary];
    case.school(YURYEVSKAYA).report = None;
    let conclusion = case.conclusion("2.7");
    assert_eq!(conclusion.verdict, Verdict::All);
    let left_out = &conclusion.explanation.schools_left_out;
    assert_eq!(left_out[0].why, OutReason::OutsideScope);
    assert!(conclusion.explanation.schools_without_report.is_empty());
    let measure = case.measure("S3.5");
    measure.applies_to = AppliesTo {
        kind: AppliesToKind::Schools,
        school_ids: Some(vec![SchoolId(BOGORODITSKAYA.into())]),
        education_levels: None,
    };
    assert_eq!(case.conclusion("2.7").explanation.total, 1);
}

#[test]
fn any_needs_one_measure_and_all_needs_every_one() {
    let mut case = Case::reference();
    case.all_say("S2.7", ItemStatus::NotDone);
    assert_eq!(case.conclusion("2.5").verdict, Verdict::All);
    case.all_say("S2.3", ItemStatus::NotDone);
    assert_eq!(case.conclusion("2.5").verdict, Verdict::None);
    case.municipality_says("M1.3", ItemStatus::Partly);
    let conclusion = case.conclusion("1.1");
    assert_eq!(conclusion.verdict, Verdict::Some);
    assert_eq!(conclusion.explanation.criteria[0].verdict, Verdict::None);
}

#[test]
fn a_criterion_that_concerns_nobody_is_not_spoken_of() {
    let mut case = Case::reference();
    case.all_say("S2.1", ItemStatus::NotApplicable);
    let conclusion = case.conclusion("2.3");
    assert_eq!(conclusion.verdict, Verdict::All);
    assert_eq!(
        conclusion.generated_text,
        "За педагогами с недостаточным профессиональным уровнем наставники закреплены во всех \
         школах, где такие педагоги есть."
    );
    case.all_say("S2.2", ItemStatus::NotApplicable);
    let nobody = case.conclusion("2.3");
    assert_eq!(nobody.verdict, Verdict::NotApplicable);
    assert_eq!(nobody.generated_text, case.content.conclusions[5].sentences.not_applicable);
}

#[test]
fn a_criterion_without_measures_or_not_yet_due_is_left_out() {
    let mut case = Case::reference();
    case.measure("S1.1").criteria.clear();
    let conclusion = case.conclusion("2.1");
    assert_eq!(conclusion.verdict, Verdict::NotApplicable);
    assert_eq!(conclusion.explanation.schools_left_out[3].why, OutReason::NoMeasures);
    let deadline = &mut case.measure("S3.5").deadline;
    deadline.start_date = "2024-01-09".parse().ok();
    let later = case.conclusion("2.7");
    assert_eq!(later.explanation.schools_left_out[0].why, OutReason::NotYetDue);
}

#[test]
fn the_sentence_none_needs_all_criteria_none() {
    let mut case = Case::reference();
    case.all_say("S2.1", ItemStatus::NotDone);
    case.all_say("S2.2", ItemStatus::NotDone);
    let conclusion = case.conclusion("2.3");
    assert_eq!(conclusion.verdict, Verdict::None);
    assert_eq!(conclusion.generated_text, case.content.conclusions[5].sentences.none);
}

/// 1 000 schools, every measure naming each of them: no scan may be quadratic.
#[test]
fn a_thousand_schools_are_counted_and_twenty_named() {
    let mut case = Case::reference();
    let pattern = case.school(YURYEVSKAYA).clone();
    let school = |n: usize| Subject {
        school_id: SchoolId(format!("0192f0c1-2a3b-7c4d-8e5f-{n:012}")),
        short_name: format!("Школа № {n}"),
        ..pattern.clone()
    };
    case.subjects = (1..=1000).map(school).collect();
    let ids: Vec<SchoolId> = case.subjects.iter().map(|s| s.school_id.clone()).collect();
    for measure in case.measures.iter_mut().filter(|m| m.level == MeasureLevel::School) {
        measure.applies_to =
            AppliesTo { kind: AppliesToKind::Schools, school_ids: Some(ids.clone()), education_levels: None };
    }
    for school in case.subjects.iter_mut().take(122) {
        school.report = None;
    }
    for school in case.subjects.iter_mut().skip(900) {
        let items: &mut HashMap<_, Item> = &mut school.report.as_mut().unwrap().items;
        items.get_mut(&MeasureId("S1.1".into())).unwrap().status = ItemStatus::NotDone;
    }
    let conclusion = case.conclusion("2.1");
    assert_eq!(conclusion.explanation.schools_missing.len(), 222);
    let text = conclusion.generated_text;
    assert!(text.starts_with(
        "Собственная дорожная карта утверждена в 778 школах из 1000 (не подтверждено: Школа № 901,"
    ));
    assert!(text.contains("Школа № 920 и ещё 80 школ). По 122 школам сведений нет"));
    assert!(text.ends_with("Школа № 20 и ещё 102 школы."));
}
