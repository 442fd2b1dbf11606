//! A report for the tests of its forms.

use super::document::{DocumentEvidence, DocumentRow, DocumentSection, ReportDocument};
use crate::features::reports::domain::tests::day;
use crate::features::reports::domain::{EvidenceKind, ItemStatus};
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, ReportId};
use crate::kit::lang::Lang;

fn row(code: &str, status: ItemStatus, result: Option<&str>) -> DocumentRow {
    DocumentRow {
        measure_id: MeasureId("m".into()),
        code: code.into(),
        title: format!("Мероприятие {code} & <контроль>"),
        deadline: "до 14 апреля".into(),
        due_date: Some(day("2023-04-14")),
        status,
        status_label: status.label(Lang::Ru),
        actual_date: None,
        late: false,
        carried_over: false,
        result: result.map(str::to_owned),
        reason: None,
        numbers: Vec::new(),
        evidence: Vec::new(),
    }
}

fn link(title: &str, url: &str) -> DocumentEvidence {
    DocumentEvidence {
        kind: EvidenceKind::Order,
        kind_label: EvidenceKind::Order.label(Lang::Ru),
        title: title.into(),
        requisites: Some("от 10.04.2023 № 31".into()),
        url: Some(url.into()),
        file: None,
    }
}

/// An accepted report with two sections, a late measure, one carried over, and hostile texts.
pub fn accepted() -> ReportDocument {
    let mut done = row("S1.1", ItemStatus::Done, Some("=HYPERLINK(\"http://x\";\"<b>\")\nВторая строка"));
    done.actual_date = Some(day("2023-04-20"));
    done.late = true;
    done.evidence = vec![link("О наставниках", "https://school.example.org/31?a=1&b=2")];
    let mut partly = row("S1.2", ItemStatus::Partly, None);
    partly.reason = Some("+7 педагогов прошли обучение позже".into());
    let mut old = row("S2.1", ItemStatus::InProgress, Some("@Сопровождение"));
    old.carried_over = true;
    let section = |title: &str, rows| DocumentSection { title: title.into(), rows };
    ReportDocument {
        report_id: ReportId("r".into()),
        number: Some(2),
        is_accepted: true,
        submitted_on: Some(day("2023-12-20")),
        accepted_on: Some(day("2023-12-22")),
        subject: "МБОУ «Школа № 1»".into(),
        road_map_title: "Дорожная карта поддержки".into(),
        period_start: day("2023-01-01"),
        period_end: day("2023-12-31"),
        sections: vec![section("I. Анализ", vec![done, partly]), section("II. Наставничество", vec![old])],
        summary: Some("Мероприятия исполнены.".into()),
        problems: None,
        position: "Директор".into(),
    }
}
