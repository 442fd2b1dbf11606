//! One broken rule of a request, with the place where it is broken.

use super::lang::Bi;

/// One entry of `errors` in a problem: where, which rule, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the body (RFC 6901), or `?name` for a query parameter.
    pub pointer: String,
    /// Stable machine code in kebab-case, e.g. `check-digit`.
    pub code: &'static str,
    /// What is wrong, for a person.
    pub detail: Bi,
}

impl Violation {
    /// A violation at `pointer`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: Bi) -> Self {
        Self { pointer: pointer.into(), code, detail }
    }
}
