//! How a cell of the table looks: a sign and a shape besides its colour, so that a black and
//! white print tells as much, and so does an eye that does not tell colours apart.

use super::super::domain::ItemStatus;
use crate::kit::code::Code;
use crate::kit::lang::Lang;

/// What a cell of the table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// What the report says of the measure.
    Status(ItemStatus),
    /// The school has not yet submitted its report: what it says is its own matter.
    Hidden,
    /// The measure does not concern the school.
    Outside,
}

impl Mark {
    /// Every mark, in the order of the legend.
    pub const ALL: [Self; 8] = [
        Self::Status(ItemStatus::Done),
        Self::Status(ItemStatus::InProgress),
        Self::Status(ItemStatus::Partly),
        Self::Status(ItemStatus::NotDone),
        Self::Status(ItemStatus::NotStarted),
        Self::Status(ItemStatus::NotApplicable),
        Self::Hidden,
        Self::Outside,
    ];

    /// Its name in the styles.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Status(ItemStatus::Done) => "d",
            Self::Status(ItemStatus::InProgress) => "p",
            Self::Status(ItemStatus::Partly) => "h",
            Self::Status(ItemStatus::NotDone) => "n",
            Self::Status(ItemStatus::NotStarted) => "s",
            Self::Status(ItemStatus::NotApplicable) => "a",
            Self::Hidden => "u",
            Self::Outside => "o",
        }
    }

    /// The sign in a text.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Status(ItemStatus::Done) => "✓",
            Self::Status(ItemStatus::InProgress) => "▷",
            Self::Status(ItemStatus::Partly) => "½",
            Self::Status(ItemStatus::NotDone) => "✕",
            Self::Status(ItemStatus::NotStarted) => "○",
            Self::Status(ItemStatus::NotApplicable) => "—",
            Self::Hidden => "…",
            Self::Outside => "",
        }
    }

    /// The same sign as strokes within a cell of 18 by 18, after a move to its upper left corner.
    #[must_use]
    pub fn strokes(self) -> &'static str {
        match self {
            Self::Status(ItemStatus::Done) => "m4 9l4 4 6-8",
            Self::Status(ItemStatus::InProgress) => "m6 4l7 5-7 5z",
            Self::Status(ItemStatus::Partly) => "m4 9a5 5 0 1 0 10 0a5 5 0 1 0-10 0zm5-5a5 5 0 0 1 0 10z",
            Self::Status(ItemStatus::NotDone) => "m5 5l8 8m0-8l-8 8",
            Self::Status(ItemStatus::NotStarted) => "m5 9a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
            Self::Status(ItemStatus::NotApplicable) => "m4 9h10",
            Self::Hidden => "m5 9h.1m3.9 0h.1m3.9 0h.1",
            Self::Outside => "",
        }
    }

    /// What it means; documents are in Russian.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Status(status) => status.label(Lang::Ru),
            Self::Hidden => "отчет не представлен",
            Self::Outside => "не относится к школе",
        }
    }
}
