//! The guard of free texts: signs of personal data are refused until the author confirms them,
//! and a confirmation stands in the audit (Federal Law 152-FZ, article 5: no more data than
//! the purpose needs).

use super::store::ReportRow;
use crate::db::{Event, Tx};
use crate::error::{Error, Refusal};
use crate::kit::code::Code;
use crate::kit::lang::{Bi, Lang};
use crate::kit::personal_data::signs;
use crate::kit::violation::Violation;
use crate::problems;

/// Code of a violation, and slug of the problem when nothing else is wrong.
const SUSPECTED: &str = "personal-data-suspected";

/// Texts that somebody writes, each with the pointer to its member of the body, and whether he
/// says that their personal data belong there.
#[derive(Debug)]
pub struct Guarded<'a> {
    /// Pointer and text of each; unchanged texts are left out.
    pub texts: Vec<(&'a str, &'a str)>,
    /// `personal_data_confirmed` of the body.
    pub confirmed: bool,
}

impl<'a> Guarded<'a> {
    /// New texts, as far as they differ from the kept ones.
    #[must_use]
    pub fn changed(confirmed: bool, texts: &[(&'a str, Option<&'a str>, Option<&str>)]) -> Self {
        let new = texts.iter().filter(|(_, new, kept)| new != kept);
        Self { texts: new.filter_map(|(pointer, new, _)| Some((*pointer, (*new)?))).collect(), confirmed }
    }
}

/// Lets the texts pass, unless they seem to hold personal data that nobody confirmed; `others`
/// are the rules that the same body breaks.
///
/// # Errors
///
/// 422 `personal-data-suspected`, or `invalid` when other rules are broken too.
pub fn admit(
    tx: &mut Tx,
    report: &ReportRow,
    guarded: &Guarded<'_>,
    others: Vec<Violation>,
) -> Result<(), Error> {
    let found = suspicions(guarded);
    let mut violations = others;
    if !guarded.confirmed {
        let problem =
            if violations.is_empty() { &problems::PERSONAL_DATA_SUSPECTED } else { &problems::INVALID };
        violations.extend(found.iter().map(|(pointer, kinds)| suspected(pointer, kinds)));
        if !violations.is_empty() {
            return Err(Refusal { violations, ..Refusal::of(problem) }.into());
        }
        return Ok(());
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    if !found.is_empty() {
        let places = found.iter().map(|(pointer, kinds)| format!("{pointer} ({})", kinds.codes));
        tx.note_event(Event {
            action: "confirm-personal-data",
            resource: "reports",
            id: report.id.to_string(),
            municipality_id: Some(report.municipality_id.clone()),
            reason: Some(places.collect::<Vec<_>>().join(", ")),
        });
    }
    Ok(())
}

/// What a text seems to hold, in the words of each language.
struct Kinds {
    codes: String,
    ru: String,
    en: String,
}

fn suspicions<'a>(guarded: &Guarded<'a>) -> Vec<(&'a str, Kinds)> {
    let look = |(pointer, text): &(&'a str, &'a str)| {
        let found = signs(text);
        let join = |words: Vec<&'static str>| words.join(", ");
        (!found.is_empty()).then(|| {
            let kinds = Kinds {
                codes: join(found.iter().map(|kind| kind.as_str()).collect()),
                ru: join(found.iter().map(|kind| kind.label(Lang::Ru)).collect()),
                en: join(found.iter().map(|kind| kind.label(Lang::En)).collect()),
            };
            (*pointer, kinds)
        })
    };
    guarded.texts.iter().filter_map(look).collect()
}

fn suspected(pointer: &str, kinds: &Kinds) -> Violation {
    let detail = Bi::of(
        format!(
            "Похоже на персональные данные ({}): удалите их либо подтвердите, что они нужны, полем personal_data_confirmed",
            kinds.ru
        ),
        format!(
            "This looks like personal data ({}): take it out, or confirm by personal_data_confirmed that it is needed",
            kinds.en
        ),
    );
    Violation::new(pointer, SUSPECTED, detail)
}
