//! Rules of notes.

use chrono::NaiveDate;

use crate::kit::code::codes;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// State of a note.
    NoteStatus {
        /// Can be changed.
        Draft = "draft", "проект", "draft";
        /// Waits for the head's signature.
        OnApproval = "on_approval", "на подписании", "on approval";
        /// Signed: text and data are frozen.
        Signed = "signed", "подписана", "signed";
        /// Has its number and date of registration.
        Registered = "registered", "зарегистрирована", "registered";
        /// Open to everybody.
        Published = "published", "опубликована", "published";
        /// Another note took its place.
        Replaced = "replaced", "заменена", "replaced";
    }
}

impl NoteStatus {
    /// The states from the signature on.
    pub const SIGNED: [Self; 4] = [Self::Signed, Self::Registered, Self::Published, Self::Replaced];

    /// Whether the note is signed, whatever came of it later.
    #[must_use]
    pub fn is_signed(self) -> bool {
        Self::SIGNED.contains(&self)
    }
}

/// What can be done with a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change a draft.
    Update,
    /// Give a draft to the head.
    Submit,
    /// Give it back to the author.
    Return,
    /// Sign it.
    Sign,
    /// Enter its number and date.
    Register,
    /// Open it to everybody.
    Publish,
    /// Begin another note in its place.
    Replace,
}

impl Step {
    /// Codes of what stands in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, status: NoteStatus) -> Vec<&'static str> {
        use NoteStatus::{Draft, OnApproval, Published, Registered, Replaced, Signed};
        let from: &[NoteStatus] = match self {
            Self::Update | Self::Submit => &[Draft],
            Self::Return | Self::Sign => &[OnApproval],
            Self::Register => &[Signed],
            Self::Publish => &[Registered],
            Self::Replace => &[Signed, Registered, Published],
        };
        if from.contains(&status) {
            return vec![];
        }
        vec![match status {
            Draft => "note-draft",
            OnApproval => "note-on-approval",
            Signed => "note-signed",
            Registered => "note-registered",
            Published => "note-published",
            Replaced => "note-replaced",
        }]
    }
}

/// What a note must say to be signed on the day `today`; `ordered_on` is the date of the
/// monitoring's order.
#[must_use]
pub fn check_signable(
    date: Option<NaiveDate>,
    signer: (Option<&str>, Option<&str>),
    ordered_on: NaiveDate,
    today: NaiveDate,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broken = |pointer: &str, code, detail| violations.push(Violation::new(pointer, code, detail));
    match date {
        None => {
            let detail = Bi::fixed("Укажите дату справки", "Give the date of the note");
            broken("/date", "required", detail);
        }
        Some(date) if date < ordered_on => {
            let detail = Bi::fixed(
                "Дата справки не может быть раньше приказа о мониторинге",
                "The date cannot be before the order of the monitoring",
            );
            broken("/date", "range", detail);
        }
        Some(date) if date > today => {
            let detail = Bi::fixed(
                "Дата справки не может быть позже сегодняшнего дня",
                "The date cannot be after today",
            );
            broken("/date", "range", detail);
        }
        Some(_) => {}
    }
    let (position, name) = signer;
    if position.is_none() {
        let detail = Bi::fixed("Укажите должность подписывающего", "Give the position of the signatory");
        broken("/signer_position", "required", detail);
    }
    if name.is_none() {
        let detail = Bi::fixed(
            "Укажите инициалы и фамилию подписывающего",
            "Give initials and surname of the signatory",
        );
        broken("/signer_name", "required", detail);
    }
    violations
}

/// What is wrong with the day of registration of a note dated `date`.
#[must_use]
pub fn check_registered_on(day: NaiveDate, date: Option<NaiveDate>, today: NaiveDate) -> Vec<Violation> {
    if day > today {
        let detail = Bi::fixed(
            "Дата регистрации не может быть позже сегодняшнего дня",
            "The date of registration cannot be after today",
        );
        return vec![Violation::new("/date", "range", detail)];
    }
    if date.is_some_and(|date| day < date) {
        let detail = Bi::fixed(
            "Дата регистрации не может быть раньше даты справки",
            "The date of registration cannot be before the date of the note",
        );
        return vec![Violation::new("/date", "range", detail)];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_pair_outside_the_diagram_is_blocked() {
        use NoteStatus::{Draft, OnApproval, Published, Registered, Signed};
        let diagram: [(Step, &[NoteStatus]); 7] = [
            (Step::Update, &[Draft]),
            (Step::Submit, &[Draft]),
            (Step::Return, &[OnApproval]),
            (Step::Sign, &[OnApproval]),
            (Step::Register, &[Signed]),
            (Step::Publish, &[Registered]),
            (Step::Replace, &[Signed, Registered, Published]),
        ];
        for (step, from) in diagram {
            for status in NoteStatus::ALL {
                assert_eq!(step.blockers(*status).is_empty(), from.contains(status), "{step:?} {status:?}");
            }
        }
    }

    #[test]
    fn a_note_is_signed_between_the_order_and_today() {
        let signer = (Some("Начальник"), Some("И. И. Иванова"));
        let broken = |date: Option<&str>, signer| -> Vec<String> {
            let found = check_signable(date.map(day), signer, day("2023-12-08"), day("2023-12-29"));
            found.into_iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
        };
        assert!(broken(Some("2023-12-08"), signer).is_empty());
        assert!(broken(Some("2023-12-29"), signer).is_empty());
        assert_eq!(broken(Some("2023-12-07"), signer), ["/date range"]);
        assert_eq!(broken(Some("2023-12-30"), signer), ["/date range"]);
        assert_eq!(
            broken(None, (None, None)),
            ["/date required", "/signer_position required", "/signer_name required"]
        );
    }

    #[test]
    fn registration_lies_between_the_note_and_today() {
        let wrong =
            |on: &str| !check_registered_on(day(on), Some(day("2023-12-29")), day("2024-01-10")).is_empty();
        assert!(!wrong("2023-12-29") && !wrong("2024-01-10"));
        assert!(wrong("2023-12-28") && wrong("2024-01-11"));
    }
}
