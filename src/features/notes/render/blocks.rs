//! The body of a note, in the order of printing.

use super::super::snapshot::{NoteConclusion, NoteFigure, NoteLevel, NoteRecommendation, NoteSnapshot};
use crate::print::text::{
    enumerated, line, long_date, paragraphs, period, ranges, requisites, sentence, short_date,
};

/// A part of the body.
#[derive(Debug)]
pub(super) enum Block {
    /// Heading of a section.
    Section(String),
    /// Heading of the attachments, at the left as the standard puts their mark.
    Mark(String),
    /// Heading inside a section.
    Subsection(String),
    /// A paragraph.
    Paragraph(String),
    /// A line that leads to the list after it.
    Lead(String),
    /// A list without numbers.
    Bullets(Vec<String>),
    /// A list with numbers of its own.
    Numbered(Vec<Item>),
}

/// An item with a number.
#[derive(Debug)]
pub(super) struct Item {
    /// The number as printed, with its full stop.
    pub mark: String,
    /// Its paragraphs; never empty.
    pub paragraphs: Vec<String>,
    /// Where what it says comes from, in small print.
    pub source: Option<String>,
}

/// The body of a note.
pub(super) fn of(note: &NoteSnapshot) -> Vec<Block> {
    let mut blocks = Vec::new();
    general(note, &mut blocks);
    conclusions(note, &mut blocks);
    figures(note, &mut blocks);
    recommendations(&note.recommendations, &mut blocks);
    attachments(note, &mut blocks);
    blocks
}

fn general(note: &NoteSnapshot, blocks: &mut Vec<Block>) {
    blocks.push(Block::Section("Общие сведения".to_owned()));
    blocks.extend(paragraphs(&note.preamble).into_iter().map(Block::Paragraph));
    let orders = note.basis_orders.iter().map(|order| {
        let requisites = requisites(order.date, Some(&order.number));
        let (issuer, title) = (line(&order.issuer), line(&order.title));
        format!("{issuer}, приказ {requisites} «{title}»")
    });
    listed("Основание:".to_owned(), orders.collect(), blocks);

    let map = &note.road_map;
    blocks.push(Block::Paragraph(format!(
        "Дорожная карта: {}. Период реализации: {}.",
        line(&map.title).trim_end_matches('.'),
        period(map.period_start, map.period_end),
    )));
    let monitoring = &note.monitoring;
    blocks.push(Block::Paragraph(format!(
        "Период мониторинга: {}. Срок представления отчетов: {}.",
        period(monitoring.period_start, monitoring.period_end),
        long_date(monitoring.report_deadline),
    )));

    let lists = note.lists.iter().map(|list| {
        let (level, category) = (line(&list.level_label), line(&list.category_label));
        let year = list.results_year;
        format!("{level} перечень ({category}) по результатам {year}\u{A0}года")
    });
    let schools = note.schools.iter().map(|school| {
        let name = line(&school.short_name);
        match school.left_list_on {
            Some(day) => format!("{name} (исключена из перечня {})", long_date(day)),
            None => name,
        }
    });
    let lead = match note.lists.len() {
        1 => "Школы включены в перечень:",
        _ => "Школы включены в перечни:",
    };
    listed(lead.to_owned(), lists.collect(), blocks);
    listed(format!("Школы, участвующие в мониторинге ({}):", note.school_count), schools.collect(), blocks);

    let mut missing: Vec<String> = Vec::new();
    for name in note.missing_reports.iter().chain(&note.schools_without_report) {
        let name = line(name);
        if !missing.contains(&name) {
            missing.push(name);
        }
    }
    listed(format!("Отчеты не приняты ({}):", missing.len()), missing, blocks);
}

fn conclusions(note: &NoteSnapshot, blocks: &mut Vec<Block>) {
    if note.conclusions.is_empty() {
        return;
    }
    blocks.push(Block::Section("Выводы".to_owned()));
    for (level, heading) in [
        (NoteLevel::Municipal, "1. Муниципальный уровень"),
        (NoteLevel::School, "2. Уровень общеобразовательных организаций"),
    ] {
        let of_level = |conclusion: &&NoteConclusion| conclusion.level == level;
        let items: Vec<Item> = note.conclusions.iter().filter(of_level).map(concluded).collect();
        if !items.is_empty() {
            blocks.push(Block::Subsection(heading.to_owned()));
            blocks.push(Block::Numbered(items));
        }
    }
}

fn concluded(conclusion: &NoteConclusion) -> Item {
    let mut texts = paragraphs(&conclusion.text);
    texts.extend(conclusion.figures.iter().map(|figure| {
        let elsewhere = source_of(figure).filter(|_| figure.entered || figure.sources != conclusion.sources);
        let said = sentence(figured(figure));
        elsewhere.map_or(said.clone(), |source| format!("{said} {source}"))
    }));
    Item { source: source(&conclusion.sources), ..item(line(&conclusion.code), texts) }
}

/// Which attachments a text rests on.
fn source(attachments: &[u32]) -> Option<String> {
    match attachments {
        [] => None,
        [one] => Some(format!("Источник: приложение\u{A0}{one}.")),
        some => Some(format!("Источник: приложения {}.", ranges(some))),
    }
}

/// Where an indicator comes from.
fn source_of(figure: &NoteFigure) -> Option<String> {
    match figure.entered {
        true => Some("Источник: данные органа управления образованием.".to_owned()),
        false => source(&figure.sources),
    }
}

/// An indicator with its value, and what the municipality aims at.
fn figured(figure: &NoteFigure) -> String {
    let (name, value) = (line(&figure.name), line(&figure.text));
    match &figure.target_text {
        Some(target) => format!("{name}: {value}, целевое значение\u{A0}– {}", line(target)),
        None => format!("{name}: {value}"),
    }
}

/// Indicators of the whole, and what some of them are not for.
fn figures(note: &NoteSnapshot, blocks: &mut Vec<Block>) {
    let of_conclusions = note.conclusions.iter().flat_map(|conclusion| &conclusion.figures);
    let mut purposes: Vec<String> = Vec::new();
    for text in note.figures.iter().chain(of_conclusions).filter_map(|figure| figure.purpose_note.as_ref()) {
        let text = line(text);
        if !purposes.contains(&text) {
            purposes.push(text);
        }
    }
    if note.figures.is_empty() && purposes.is_empty() {
        return;
    }
    blocks.push(Block::Section("Показатели".to_owned()));
    if !note.figures.is_empty() {
        let numbered = note.figures.iter().zip(1_u32..);
        let items = numbered.map(|(figure, number)| Item {
            source: source_of(figure),
            ..item(number.to_string(), vec![sentence(figured(figure))])
        });
        blocks.push(Block::Numbered(items.collect()));
    }
    blocks.extend(purposes.into_iter().map(|text| Block::Paragraph(sentence(text))));
}

/// Recommendations, with one lead for neighbours of the same addressees.
fn recommendations(recommendations: &[NoteRecommendation], blocks: &mut Vec<Block>) {
    if recommendations.is_empty() {
        return;
    }
    blocks.push(Block::Section("Рекомендации".to_owned()));
    let same_addressees = |a: &NoteRecommendation, b: &NoteRecommendation| {
        (&a.addressee_label, &a.schools) == (&b.addressee_label, &b.schools)
    };
    for group in recommendations.chunk_by(same_addressees) {
        if let Some(first) = group.first() {
            let names: Vec<String> = first.schools.iter().map(|name| line(name)).collect();
            let label = line(&first.addressee_label);
            blocks.push(Block::Lead(if names.is_empty() {
                format!("{label}:")
            } else {
                format!("{label} ({}):", names.join(", "))
            }));
        }
        blocks.push(Block::Numbered(group.iter().map(recommendation).collect()));
    }
}

fn recommendation(recommendation: &NoteRecommendation) -> Item {
    let mut texts = paragraphs(&recommendation.text);
    if let (Some(last), Some(day)) = (texts.last_mut(), recommendation.deadline) {
        *last = format!("{} Срок исполнения: {}.", sentence(last.clone()), long_date(day));
    }
    item(recommendation.number.to_string(), texts)
}

fn attachments(note: &NoteSnapshot, blocks: &mut Vec<Block>) {
    let texts: Vec<String> = note
        .attachments
        .iter()
        .map(|report| {
            let (title, day) = (line(&report.title), short_date(report.accepted_on));
            format!("{title}, версия\u{A0}{}, принят\u{A0}{day}", report.version)
        })
        .collect();
    if texts.is_empty() {
        return;
    }
    let items = enumerated(texts).into_iter().zip(1_u32..);
    blocks.push(Block::Mark("Приложение:".to_owned()));
    blocks.push(Block::Numbered(items.map(|(text, i)| item(i.to_string(), vec![text])).collect()));
}

fn item(number: String, mut paragraphs: Vec<String>) -> Item {
    if paragraphs.is_empty() {
        paragraphs.push(String::new());
    }
    Item { mark: format!("{number}."), paragraphs, source: None }
}

fn listed(lead: String, items: Vec<String>, blocks: &mut Vec<Block>) {
    if !items.is_empty() {
        blocks.push(Block::Lead(lead));
        blocks.push(Block::Bullets(enumerated(items)));
    }
}
