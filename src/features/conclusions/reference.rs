//! The reference case, ready to be changed, for tests.

use serde_json::Value;

use super::*;
use crate::features::conclusion_templates::TemplateContent;
use crate::features::reports::{Item, ItemStatus};
use crate::features::road_maps::Measure;
use crate::kit::id::{LineageId, MeasureId, ReportId, SchoolId};

pub const BOGORODITSKAYA: &str = "МБОУ-Богородицкая СОШ";
pub const KRASNOYARBINSKAYA: &str = "МБОУ-Красноярбинская СОШ им. П. И. Бровичева";
pub const YURYEVSKAYA: &str = "МБОУ-Юрьевская СОШ";

/// The reference case, with codes of measures and names of schools for ids.
pub struct Case {
    pub content: TemplateContent,
    pub measures: Vec<Measure>,
    pub subjects: Vec<Subject>,
    pub municipality: Option<SubjectReport>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn measure(value: &Value) -> Measure {
    let code = text(&value["code"]);
    Measure {
        id: MeasureId(code.clone()),
        lineage_id: LineageId(code.clone()),
        code,
        level: read(&value["level"]),
        title: text(&value["title"]),
        position: read(&value["position"]),
        deadline: read(&value["deadline"]),
        applies_to: read(&value["applies_to"]),
        criteria: read(&value["criteria"]),
        indicators: Vec::new(),
        evidence_required: read(&value["evidence_required"]),
        counts_in_compliance: read(&value["counts_in_compliance"]),
    }
}

fn item(value: &Value) -> Item {
    let evidence = value.get("evidence").and_then(Value::as_array);
    Item {
        measure_id: MeasureId(text(&value["measure"])),
        status: read(&value["status"]),
        actual_date: read(&value["actual_date"]),
        result: read(&value["result"]),
        reason: None,
        evidence_count: i64::try_from(evidence.map_or(0, Vec::len)).unwrap(),
        carried_over: false,
    }
}

fn report(value: &Value) -> SubjectReport {
    let items = value["items"].as_array().unwrap().iter().map(item);
    SubjectReport {
        report_id: ReportId(format!("report of {}", text(&value["subject"]))),
        version: 3,
        items: items.map(|item| (item.measure_id.clone(), item)).collect(),
    }
}

impl Case {
    pub fn reference() -> Self {
        let file: Value = serde_json::from_str(include_str!("../../demo/hotynets-2023.json")).unwrap();
        let reports = file["reports"].as_array().unwrap();
        let report_of = |subject: &Value| reports.iter().find(|r| r["subject"] == *subject);
        let subject = |school: &Value| Subject {
            school_id: SchoolId(text(&school["short_name"])),
            short_name: text(&school["short_name"]),
            education_levels: read(&school["education_levels"]),
            released: false,
            report: report_of(&school["short_name"]).map(report),
        };
        let measures = file["road_map"]["measures"].as_array().unwrap();
        Self {
            content: TemplateContent::shipped().unwrap(),
            measures: measures.iter().map(measure).collect(),
            subjects: file["schools"].as_array().unwrap().iter().map(subject).collect(),
            municipality: report_of(&"municipality".into()).map(report),
        }
    }

    pub fn school(&mut self, name: &str) -> &mut Subject {
        self.subjects.iter_mut().find(|s| s.short_name == name).unwrap()
    }

    pub fn measure(&mut self, code: &str) -> &mut Measure {
        self.measures.iter_mut().find(|m| m.code == code).unwrap()
    }

    pub fn says(&mut self, name: &str, measure: &str, status: ItemStatus) {
        let report = self.school(name).report.as_mut().unwrap();
        report.items.get_mut(&MeasureId(measure.into())).unwrap().status = status;
    }

    pub fn all_say(&mut self, measure: &str, status: ItemStatus) {
        let names: Vec<String> = self.subjects.iter().map(|s| s.short_name.clone()).collect();
        names.iter().for_each(|name| self.says(name, measure, status));
    }

    pub fn municipality_says(&mut self, measure: &str, status: ItemStatus) {
        let items = &mut self.municipality.as_mut().unwrap().items;
        items.get_mut(&MeasureId(measure.into())).unwrap().status = status;
    }

    pub fn derive(&self) -> Vec<Conclusion> {
        derive(&Input {
            content: &self.content,
            measures: &self.measures,
            report_deadline: "2023-12-22".parse().unwrap(),
            subjects: &self.subjects,
            municipality: self.municipality.as_ref(),
        })
    }

    pub fn conclusion(&self, code: &str) -> Conclusion {
        let found = self.derive().into_iter().find(|c| c.code == code);
        found.unwrap()
    }
}
