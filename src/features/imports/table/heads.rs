//! The heading of a table: by which of its titles a column is known.

use super::super::kinds::Column;
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;

/// Titles of the column that the copy with errors has; it is passed over.
const ERRORS: [&str; 2] = ["errors", "ошибки"];

/// Titles that are told of; a file that has more such is another file.
const MOST_TOLD: usize = 20;
/// Characters of a title that are looked at; no known one has as many.
const MOST_TITLE: usize = 200;

/// A column of a file.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its title, as it stands there.
    pub title: String,
    /// Which of the kind's columns it is; `None`: it has no title, or holds the errors of the last time.
    pub column: Option<usize>,
    /// Whether cells of it are passed over.
    pub is_passed: bool,
}

/// The columns of a heading.
///
/// # Errors
///
/// Every title that is unknown, with the nearest known one, or stands twice; every column that the kind
/// cannot do without.
pub(super) fn heads(titles: Vec<String>, columns: &[Column]) -> Result<Vec<Head>, Vec<Violation>> {
    let mut found = Vec::new();
    let mut heads: Vec<Head> = Vec::with_capacity(titles.len());
    for title in titles {
        let title: String = title.chars().take(MOST_TITLE).collect();
        let wanted = folded(&title);
        let is_passed = ERRORS.contains(&wanted.as_str());
        let column = columns.iter().position(|column| column.names().any(|name| folded(name) == wanted));
        if column.is_none() && !wanted.is_empty() && !is_passed && found.len() < MOST_TOLD {
            found.push(unknown(&title, columns));
        }
        if column.is_some() && heads.iter().any(|head| head.column == column) {
            let detail = Bi::of(
                format!("Столбец «{title}» указан дважды"),
                format!("The column {title} stands twice"),
            );
            found.push(Violation::new("/file", "duplicate-column", detail));
        }
        heads.push(Head { title, column, is_passed });
    }
    for (at, column) in columns.iter().enumerate().filter(|(_, column)| column.is_key) {
        if heads.iter().all(|head| head.column != Some(at)) {
            let title = column.titles.first().unwrap_or(&column.name);
            let detail = Bi::of(
                format!("Нет столбца «{title}» ({})", column.name),
                format!("The column {} is missing", column.name),
            );
            found.push(Violation::new("/file", "missing-column", detail));
        }
    }
    if found.is_empty() { Ok(heads) } else { Err(found) }
}

/// Whether a title is one of a column, or of the errors of the last time.
pub(super) fn is_known(title: &str, columns: &[Column]) -> bool {
    let wanted = folded(title);
    ERRORS.contains(&wanted.as_str())
        || columns.iter().any(|column| column.names().any(|name| folded(name) == wanted))
}

/// Letters, digits and single spaces count; case, «ё», dots and asterisks do not.
fn folded(title: &str) -> String {
    let plain = text::folded(title).replace(['.', '*', ':'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unknown(title: &str, columns: &[Column]) -> Violation {
    let wanted = folded(title);
    let likeness = |name: &str| strsim::jaro_winkler(&folded(name), &wanted);
    let names = columns.iter().flat_map(Column::names);
    let near = names.max_by(|one, other| likeness(one).total_cmp(&likeness(other))).unwrap_or_default();
    let shown = super::super::domain::shown(title);
    let detail = Bi::of(
        format!("Столбец «{shown}» не распознан; ближайший по написанию: «{near}»"),
        format!("The column {shown} is unknown; the nearest is: {near}"),
    );
    Violation::new("/file", "unknown-column", detail)
}
