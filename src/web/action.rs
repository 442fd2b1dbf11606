//! `actions` of a resource: what the caller may do with it now, and what stands in the way.

use serde::Serialize;
use utoipa::ToSchema;

/// One transition or change of a resource, for the caller.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"name": "approve", "allowed": false, "blocked_by": ["order-not-registered"]}))]
pub struct ActionOut {
    /// Last part of the path of the transition, or `update`, `delete`.
    pub name: &'static str,
    /// Whether it would be done now.
    pub allowed: bool,
    /// Codes of what stands in the way; `role` when the caller's role may not.
    pub blocked_by: Vec<&'static str>,
}

impl ActionOut {
    /// An action that the caller's role `may` do, blocked by these causes.
    #[must_use]
    pub fn new(name: &'static str, may: bool, causes: &[&'static str]) -> Self {
        let role = (!may).then_some("role");
        let blocked_by: Vec<&str> = role.into_iter().chain(causes.iter().copied()).collect();
        Self { name, allowed: blocked_by.is_empty(), blocked_by }
    }
}
