//! The reference case of 29.12.2023, for tests.

use chrono::NaiveDate;

use super::super::snapshot::{
    NoteAttachment, NoteConclusion, NoteFigure, NoteLevel, NoteList, NoteMonitoring, NoteOrder,
    NoteRecommendation, NoteRoadMap, NoteSchool, NoteSignatory, NoteSnapshot, SCHEMA_VERSION,
};
use crate::kit::id::{MonitoringId, OrderId, ReportId, RoadMapId, SchoolId, SupportListId};

pub(crate) const SCHOOLS: [&str; 4] = [
    "МБОУ-Богородицкая СОШ",
    "МБОУ-Красноярбинская СОШ им. П. И. Бровичева",
    "МБОУ-Хотынецкая СОШ им. С. Г. Поматилова",
    "МБОУ-Юрьевская СОШ",
];

const CONCLUSIONS: [(&str, &str); 10] = [
    (
        "1.1",
        "Результаты всероссийских проверочных работ и государственной итоговой аттестации проанализированы, рассмотрены на совещаниях руководителей школ; по итогам приняты управленческие решения.",
    ),
    (
        "1.2",
        "Методическая работа с педагогическими кадрами организована и проводится, в том числе в школах, включенных в перечень.",
    ),
    ("1.3", "Повышение квалификации педагогов организовано по утвержденному плану-графику."),
    (
        "2.1",
        "В каждой школе разработана и исполняется собственная дорожная карта по выравниванию образовательных результатов.",
    ),
    (
        "2.2",
        "Все школы включили вопросы качества подготовки обучающихся в план внутришкольного контроля с учетом анализа независимой оценки.",
    ),
    ("2.3", "За молодыми педагогами и педагогами с недостаточным уровнем подготовки закреплены наставники."),
    (
        "2.4",
        "Входной и промежуточный мониторинг по русскому языку и математике проведен; рабочие программы скорректированы; индивидуальная работа с обучающимися организована.",
    ),
    (
        "2.5",
        "Педагогам, обучающиеся которых показывают низкие результаты, оказана методическая помощь; они прошли курсы повышения квалификации.",
    ),
    (
        "2.6",
        "Родителям разъяснена необходимость совместных усилий семьи и школы по повышению учебной мотивации детей.",
    ),
    ("2.7", "Дополнительные занятия по подготовке к государственной итоговой аттестации проводятся."),
];

const RECOMMENDATIONS: [&str; 6] = [
    "Проанализировать трудности педагогов и определить, какие из них школа может снять сама: мастер-классы, стажировки, взаимное посещение уроков и внеурочных занятий.",
    "Восполнить профессиональные дефициты педагогов: направить на курсы и переподготовку, составить индивидуальные образовательные маршруты.",
    "Обеспечить педагогам постоянную методическую поддержку со стороны более опытных коллег.",
    "Разместить на официальном сайте школы раздел о методической работе по преодолению низких результатов.",
    "Усилить контроль успеваемости во всех классах и подготовки выпускников к итоговой аттестации.",
    "Систематически контролировать выполнение учебных программ, включая внеурочную деятельность.",
];

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The whole note of the reference case.
pub(crate) fn snapshot() -> NoteSnapshot {
    let id = |n: usize| format!("0192f0c1-0000-7000-8000-{n:012}");
    let order = |n, kind: &str, issuer: &str, number: &str, date, title: &str| NoteOrder {
        id: OrderId(id(n)),
        kind: kind.into(),
        issuer: issuer.into(),
        number: number.into(),
        date: day(date),
        title: title.into(),
    };
    let list = |n, level: &str, label: &str| NoteList {
        id: SupportListId(id(n)),
        level: level.into(),
        level_label: label.into(),
        category: "low_results".into(),
        category_label: "школы с низкими образовательными результатами".into(),
        results_year: 2022,
    };
    let report = |n, title: String, school_id, accepted_on| NoteAttachment {
        title,
        report_id: ReportId(id(n)),
        school_id,
        version: 1,
        accepted_on: day(accepted_on),
    };
    let municipal = report(50, "Отчет отдела образования".into(), None, "2023-12-25");
    let of_schools = (1..)
        .zip(SCHOOLS)
        .map(|(n, name)| report(50 + n, format!("Отчет {name}"), Some(SchoolId(id(n))), "2023-12-26"));
    NoteSnapshot {
        schema_version: SCHEMA_VERSION,
        authority_name: "Отдел образования".into(),
        municipality_name: "Хотынецкий район".into(),
        kind: "Информация".into(),
        title: "об исполнении плана мероприятий («дорожной карты») по сопровождению школ с низкими образовательными результатами на 2023 год".into(),
        date: day("2023-12-29"),
        place: "пгт Хотынец".into(),
        monitoring: NoteMonitoring {
            id: MonitoringId(id(10)),
            period_start: day("2023-01-01"),
            period_end: day("2023-12-31"),
            report_deadline: day("2023-12-22"),
        },
        road_map: NoteRoadMap {
            id: RoadMapId(id(11)),
            title: "План мероприятий («дорожная карта») по сопровождению школ с низкими образовательными результатами на 2023 год".into(),
            period_start: day("2023-01-01"),
            period_end: day("2023-12-31"),
        },
        basis_orders: vec![
            order(20, "list", "Департамент образования Орловской области", "513", "2023-03-30", "О результатах мониторинга работы школ области по предупреждению учебной неуспешности за 2022 год"),
            order(21, "road_map", "Отдел образования", "124", "2023-03-17", "О дорожной карте поддержки школ на 2023 год"),
            order(22, "monitoring", "Отдел образования", "515", "2023-12-08", "О проведении мониторинга исполнения дорожной карты"),
        ],
        school_count: 4,
        schools: (1..)
            .zip(SCHOOLS)
            .map(|(n, name)| NoteSchool {
                id: SchoolId(id(n)),
                short_name: name.into(),
                left_list_on: None,
            })
            .collect(),
        lists: vec![list(30, "federal", "федеральный"), list(31, "regional", "региональный")],
        preamble: "Проведен мониторинг исполнения дорожной карты. Выводы сделаны по отчетам школ и отдела образования; отчеты прилагаются.".into(),
        conclusions: CONCLUSIONS
            .iter()
            .map(|(code, text)| NoteConclusion {
                code: (*code).into(),
                level: if code.starts_with('1') { NoteLevel::Municipal } else { NoteLevel::School },
                verdict: "all".into(),
                text: (*text).into(),
                generated_text: None,
                figures: match *code {
                    "2.5" => vec![figure(
                        "I-10",
                        "Доля педагогов школы, прошедших повышение квалификации за год",
                        "33,3\u{A0}% (28 из 84)",
                        vec![2, 3, 4, 5],
                    )],
                    _ => Vec::new(),
                },
                sources: if code.starts_with('1') { vec![1] } else { vec![2, 3, 4, 5] },
            })
            .collect(),
        figures: vec![figure("I-20", "Доля школ, представивших отчёт в срок", "75\u{A0}% (3 из 4)", vec![2, 3, 4])],
        schools_without_report: vec![],
        missing_reports: vec![],
        recommendations: (1..)
            .zip(RECOMMENDATIONS)
            .map(|(number, text)| NoteRecommendation {
                number,
                text: text.into(),
                addressee_label: if number == 4 { "Руководителям школ, включенных в перечень" } else { "Руководителям школ" }.into(),
                schools: vec![],
                deadline: None,
            })
            .collect(),
        attachments: std::iter::once(municipal).chain(of_schools).collect(),
        signatory: NoteSignatory {
            position: "Начальник отдела образования".into(),
            name: "И. И. Иванова".into(),
        },
    }
}

/// An indicator with a target of 40 %.
pub fn figure(code: &str, name: &str, text: &str, sources: Vec<u32>) -> NoteFigure {
    NoteFigure {
        code: code.into(),
        name: name.into(),
        unit: "percent".into(),
        text: text.into(),
        numerator: Some(1),
        denominator: Some(3),
        value: Some("33.3".into()),
        target: Some("40".into()),
        target_text: Some("40\u{A0}%".into()),
        purpose_note: None,
        entered: false,
        sources,
    }
}
