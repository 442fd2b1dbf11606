//! Remarks on a report: their states and what they wait for.

use crate::kit::code::codes;

codes! {
    /// State of a remark.
    RemarkStatus {
        /// It waits for an answer: the report is not submitted again before.
        Open = "open", "открыто", "open";
        /// The school has answered; the reviewer has not looked yet.
        Answered = "answered", "есть ответ", "answered";
        /// Nothing more is expected.
        Resolved = "resolved", "снято", "resolved";
    }
}

/// What can be done with a remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemarkStep {
    /// Say what was done about it; an answer may be corrected until the remark is resolved.
    Answer,
    /// Say that nothing more is expected.
    Resolve,
}

impl RemarkStatus {
    /// What stands in the way of `step`; `None` when nothing does.
    #[must_use]
    pub fn blocker(self, step: RemarkStep) -> Option<&'static str> {
        match (self, step) {
            (Self::Open | Self::Answered, RemarkStep::Answer | RemarkStep::Resolve) => None,
            (Self::Resolved, _) => Some("remark-resolved"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_resolved_remark_is_closed() {
        for step in [RemarkStep::Answer, RemarkStep::Resolve] {
            assert_eq!(RemarkStatus::Open.blocker(step), None);
            assert_eq!(RemarkStatus::Answered.blocker(step), None);
            assert_eq!(RemarkStatus::Resolved.blocker(step), Some("remark-resolved"));
        }
    }
}
