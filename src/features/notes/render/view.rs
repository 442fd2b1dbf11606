//! The note as ordered texts, made once for all printed forms, so that they cannot differ.

use super::RenderInput;
use super::blocks::{self, Block};
use crate::print::text::{line, long_date, number, requisites, short_date};

/// What every unsigned note carries.
pub(super) const DRAFT_MARK: &str = "ПРОЕКТ";

/// A note ready to be laid out; every text is plain, a form escapes it in its own way.
#[derive(Debug)]
pub(super) struct View {
    /// [`DRAFT_MARK`] on anything unsigned.
    pub draft_mark: Option<&'static str>,
    /// That the note is replaced, and by which one.
    pub notice: Option<String>,
    /// The authority, a line each.
    pub authority: Vec<String>,
    /// Kind of the document.
    pub kind: String,
    /// Title, without the kind.
    pub title: String,
    /// Date in words.
    pub date: String,
    /// Number, or the place for it.
    pub number: String,
    /// Place.
    pub place: String,
    /// The body, attachments included.
    pub blocks: Vec<Block>,
    /// Position of the signatory.
    pub position: String,
    /// Initials and surname of the signatory.
    pub name: String,
    /// Small print at the foot.
    pub service: Vec<Service>,
}

/// A line of the small print.
#[derive(Debug)]
pub(super) struct Service {
    /// What it is.
    pub label: &'static str,
    /// The value.
    pub value: String,
    /// Whether the value is a web address.
    pub is_link: bool,
}

impl View {
    /// Lays out the texts of a note.
    pub(super) fn of(input: &RenderInput<'_>) -> Self {
        let note = input.snapshot;
        let kind = line(&note.kind);
        Self {
            draft_mark: (!input.is_signed).then_some(DRAFT_MARK),
            notice: input.replaced_by.map(|by| {
                let requisites = requisites(by.date, by.number);
                format!("Документ заменен: {} {requisites}.", kind.to_lowercase())
            }),
            authority: [&note.authority_name, &note.municipality_name]
                .into_iter()
                .map(|name| line(name))
                .filter(|name| !name.is_empty())
                .collect(),
            title: without_kind(&line(&note.title), &kind),
            kind,
            date: long_date(note.date),
            number: printed_number(input),
            place: line(&note.place),
            blocks: blocks::of(note),
            position: line(&note.signatory.position),
            name: line(&note.signatory.name),
            service: service(input),
        }
    }

    /// Kind and title in one line.
    pub(super) fn full_title(&self) -> String {
        format!("{} {}", self.kind, self.title)
    }
}

/// The title without the kind, should the author have typed it there too.
fn without_kind(title: &str, kind: &str) -> String {
    match title.split_once(' ') {
        Some((first, rest)) if first.to_lowercase() == kind.to_lowercase() => rest.to_owned(),
        _ => title.to_owned(),
    }
}

fn printed_number(input: &RenderInput<'_>) -> String {
    let registered = input.is_signed && input.registered_on.is_some();
    match input.number {
        Some(no) if registered => number(no),
        None if registered => "без\u{A0}номера".to_owned(),
        _ => number("________"),
    }
}

fn service(input: &RenderInput<'_>) -> Vec<Service> {
    if !input.is_signed {
        return Vec::new();
    }
    let plain = |label, value| Service { label, value, is_link: false };
    let registered = input.registered_on.map(|on| match input.number {
        Some(no) => format!("{} за {}", short_date(on), number(no)),
        None => format!("{} без номера", short_date(on)),
    });
    let url = input.verify_url.map(line);
    let address = url.map(|value| Service {
        label: "Проверка подлинности",
        is_link: value.starts_with("https://") || value.starts_with("http://"),
        value,
    });
    registered
        .map(|value| plain("Зарегистрировано", value))
        .into_iter()
        .chain(input.hash.map(|hash| plain("Контрольная сумма (SHA-256)", line(hash))))
        .chain(address)
        .collect()
}
