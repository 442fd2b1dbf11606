//! The report as ordered texts and data, made once for all its forms, so that they cannot differ.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::content::{Content, EvidenceContent, ItemContent};
use super::super::domain::{EvidenceKind, ItemStatus, is_late};
use super::super::view::ReportView;
use super::DRAFT_MARK;
use super::number::DocumentNumber;
use crate::features::indicators::IndicatorRow;
use crate::features::road_maps::{Measure, MeasureRow};
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, ReportId};
use crate::kit::lang::Lang;
use crate::print::text::{line, paragraphs, period, quoted, short_date};

/// A report as it is printed: what it says, of whom, and how far it has got.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportDocument {
    /// The report.
    pub report_id: ReportId,
    /// Which submission it shows; null: work in progress.
    pub number: Option<i32>,
    /// It is what was accepted; anything else carries «ПРОЕКТ».
    pub is_accepted: bool,
    /// The day on which it was submitted.
    pub submitted_on: Option<NaiveDate>,
    /// The day on which it was accepted.
    pub accepted_on: Option<NaiveDate>,
    /// Whose report it is, by its full name.
    pub subject: String,
    /// Title of the road map.
    pub road_map_title: String,
    /// First day of the period.
    pub period_start: NaiveDate,
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// The measures by the sections of the road map.
    pub sections: Vec<DocumentSection>,
    /// What was done, in a word.
    pub summary: Option<String>,
    /// What stood in the way.
    pub problems: Option<String>,
    /// Position of the person who signs.
    pub position: String,
}

/// A section of the road map.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DocumentSection {
    /// Its title.
    pub title: String,
    /// Its measures.
    pub rows: Vec<DocumentRow>,
}

/// A measure with what is told of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DocumentRow {
    /// The measure.
    pub measure_id: MeasureId,
    /// Its code.
    pub code: String,
    /// What is to be done.
    pub title: String,
    /// By when, in words.
    pub deadline: String,
    /// The due day; null: recurring or all year.
    pub due_date: Option<NaiveDate>,
    /// How far it is.
    pub status: ItemStatus,
    /// In Russian, as the document is.
    pub status_label: &'static str,
    /// The day it was done.
    pub actual_date: Option<NaiveDate>,
    /// It was done after its due day.
    pub late: bool,
    /// It repeats an earlier report and nobody has looked at it since.
    pub carried_over: bool,
    /// What came of it.
    pub result: Option<String>,
    /// Why not, or not wholly.
    pub reason: Option<String>,
    /// What was counted, in the order of the catalogue.
    pub numbers: Vec<DocumentNumber>,
    /// What proves it.
    pub evidence: Vec<DocumentEvidence>,
}

/// A document that proves a measure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DocumentEvidence {
    /// What kind of document.
    pub kind: EvidenceKind,
    /// In Russian, as the document is.
    pub kind_label: &'static str,
    /// Its title.
    pub title: String,
    /// Its number and date.
    pub requisites: Option<String>,
    /// Where it is; null: it is a file.
    pub url: Option<String>,
    /// Name of the file; null: it is a link.
    pub file: Option<String>,
}

/// What a document is made of.
#[derive(Debug)]
pub struct Documented<'a> {
    /// The report.
    pub view: &'a ReportView,
    /// What its reader is shown of it.
    pub content: Content,
    /// Which submission that is; `None`: work in progress.
    pub number: Option<i32>,
    /// It is what was accepted.
    pub is_accepted: bool,
    /// When it was submitted, a Moscow day.
    pub submitted_on: Option<NaiveDate>,
    /// When it was accepted, a Moscow day.
    pub accepted_on: Option<NaiveDate>,
    /// The measures of the road map, in order.
    pub measures: Vec<MeasureRow>,
    /// The indicators that they declare.
    pub indicators: Vec<IndicatorRow>,
    /// Whose report it is.
    pub subject: String,
    /// Title of the road map.
    pub road_map_title: String,
    /// Position of the person who signs.
    pub position: String,
}

impl ReportDocument {
    /// Lays out what `given` holds.
    #[must_use]
    pub fn of(given: Documented<'_>) -> Self {
        let monitoring = &given.view.monitoring;
        let mut sections: Vec<DocumentSection> = Vec::new();
        for row in given.measures {
            let Some(item) = given.content.items.iter().find(|item| item.measure_id == row.id) else {
                continue;
            };
            let title = row.section.clone();
            let told = DocumentRow::of(row, item, &given.indicators);
            match sections.last_mut() {
                Some(last) if last.title == title => last.rows.push(told),
                _ => sections.push(DocumentSection { title, rows: vec![told] }),
            }
        }
        Self {
            report_id: given.view.row.id.clone(),
            number: given.number,
            is_accepted: given.is_accepted,
            submitted_on: given.submitted_on,
            accepted_on: given.accepted_on,
            subject: given.subject,
            road_map_title: given.road_map_title,
            period_start: monitoring.period_start,
            period_end: monitoring.period_end,
            sections,
            summary: given.content.summary,
            problems: given.content.problems,
            position: given.position,
        }
    }

    /// Every measure with its section, in the order of the road map.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &DocumentRow)> {
        self.sections.iter().flat_map(|section| {
            let title = section.title.as_str();
            section.rows.iter().map(move |row| (title, row))
        })
    }

    /// «ПРОЕКТ» on everything that is not accepted.
    pub(super) fn draft_mark(&self) -> Option<&'static str> {
        (!self.is_accepted).then_some(DRAFT_MARK)
    }

    /// The title, without the kind of the document.
    pub(super) fn title(&self) -> String {
        let (map, period) = (quoted(&self.road_map_title), period(self.period_start, self.period_end));
        format!("об исполнении дорожной карты {map} за период {period}")
    }

    /// The texts about the whole, each with its heading and a paragraph per line; empty ones are
    /// left out.
    pub(super) fn texts(&self) -> Vec<(&'static str, Vec<String>)> {
        let lines = |text: &Option<String>| paragraphs(text.as_deref().unwrap_or_default());
        let texts = [("Итоги", lines(&self.summary)), ("Проблемы", lines(&self.problems))];
        texts.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
    }

    /// How far the report has got, for the foot of the page.
    pub(super) fn state(&self) -> String {
        let Some(number) = self.number else {
            return "Рабочая редакция: в этом виде отчет на проверку не представлен".to_owned();
        };
        let day = |word: &str, day: Option<NaiveDate>| {
            day.map(|day| format!(", {word} {}", short_date(day))).unwrap_or_default()
        };
        let accepted = if self.is_accepted {
            day("принят", self.accepted_on)
        } else {
            ", не принят".to_owned()
        };
        format!("Версия отчета {number}{}{accepted}", day("представлен", self.submitted_on))
    }
}

impl DocumentRow {
    fn of(row: MeasureRow, item: &ItemContent, indicators: &[IndicatorRow]) -> Self {
        let due_date = row.due_date;
        let measure = Measure::from(row);
        Self {
            measure_id: measure.id.clone(),
            late: is_late(&measure, &item.as_item()),
            code: measure.code,
            title: measure.title,
            deadline: measure.deadline.text,
            due_date,
            status: item.status,
            status_label: item.status.label(Lang::Ru),
            actual_date: item.actual_date,
            carried_over: item.carried_over,
            result: item.result.clone(),
            reason: item.reason.clone(),
            numbers: DocumentNumber::all(&item.numbers, indicators),
            evidence: item.evidence.iter().map(DocumentEvidence::of).collect(),
        }
    }

    /// How far it is, with the day, a line each.
    pub(super) fn state(&self) -> Vec<String> {
        let day = self.actual_date.map(short_date);
        let late = self.late.then(|| "с нарушением срока".to_owned());
        let carried = self.carried_over.then(|| "перенесено из прошлого отчета, не подтверждено".to_owned());
        std::iter::once(self.status_label.to_owned()).chain(day).chain(late).chain(carried).collect()
    }

    /// What came of it, why not and what was counted, a paragraph each.
    pub(super) fn told(&self) -> Vec<String> {
        let lines = |text: &Option<String>| paragraphs(text.as_deref().unwrap_or_default());
        let mut told = lines(&self.result);
        let mut reason = lines(&self.reason);
        if let Some(first) = reason.first_mut() {
            *first = format!("Причина: {first}");
        }
        told.append(&mut reason);
        told.extend(self.numbers.iter().map(DocumentNumber::line));
        told
    }
}

impl DocumentEvidence {
    fn of(given: &EvidenceContent) -> Self {
        Self {
            kind: given.kind,
            kind_label: given.kind.label(Lang::Ru),
            title: given.title.clone(),
            requisites: given.requisites.clone(),
            url: given.url.clone(),
            file: given.file.as_ref().map(|file| file.name.clone()),
        }
    }

    /// Kind, title and requisites in one line.
    pub(super) fn name(&self) -> String {
        let title = quoted(&self.title);
        let kind = match self.kind {
            EvidenceKind::Other => String::new(),
            _ => format!("{} ", self.kind_label),
        };
        match &self.requisites {
            Some(requisites) => format!("{kind}{title} {}", line(requisites)),
            None => format!("{kind}{title}"),
        }
    }

    /// Its address, when a browser can open it.
    pub(super) fn link(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    }

    /// As [`name`](Self::name), with where it is.
    pub(super) fn reference(&self) -> String {
        match (&self.url, &self.file) {
            (Some(url), _) => format!("{}: {}", self.name(), line(url)),
            (None, Some(file)) => format!("{} (файл {})", self.name(), line(file)),
            (None, None) => self.name(),
        }
    }
}
