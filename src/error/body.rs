//! The body of refusals, as clients get it.

use serde::Serialize;
use utoipa::ToSchema;

use super::Refusal;
use crate::kit::lang::Lang;

/// Body of every refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/invalid", "title": "Данные не прошли проверку", "status": 422, "code": "invalid",
    "request_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab",
    "errors": [{"pointer": "/inn", "code": "check-digit", "detail": "Контрольная цифра ИНН не сходится"}],
    "resolution": {"actor": "client", "action": "Исправьте места, названные в errors."}
}))]
pub struct Problem {
    /// Address of the page about this kind of problem.
    r#type: String,
    /// The kind, for a person, in the language of `Accept-Language`.
    title: String,
    /// HTTP status.
    status: u16,
    /// This case, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Stable machine code: the last part of `type`.
    code: &'static str,
    /// Key of the log line; also in `X-Request-Id`.
    request_id: String,
    /// Every broken rule at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemError>,
    /// Codes of what stands in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocked_by: Vec<String>,
    /// The version in force, with 412.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<i32>,
    /// What both sides have changed, with 409 `merge-conflict`: each a `MergeConflict`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    conflicts: Vec<serde_json::Value>,
    /// Code of RFC 6749, section 5.2; only at `/oauth/token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// The newest number of the change feed, with 410: an export states this one or a newer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    resync_from: Option<i64>,
    /// The epoch of that number, with 410.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    /// Who can act, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<ProblemResolution>,
}

/// One broken rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemError {
    /// JSON pointer into the body, or `?name` for a query parameter.
    pointer: String,
    /// Stable machine code.
    code: &'static str,
    /// For a person.
    detail: String,
}

/// Who can act, and what to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemResolution {
    /// A role, `client` or `operator`.
    actor: &'static str,
    /// What to do, for a person.
    action: String,
}

impl Problem {
    pub(super) fn of(refusal: &Refusal, lang: Lang, request_id: &str) -> Self {
        let problem = refusal.problem;
        Self {
            r#type: format!("/problems/{}", problem.slug),
            title: problem.title.get(lang).to_owned(),
            status: problem.status,
            detail: refusal.detail.as_ref().map(|detail| detail.get(lang).to_owned()),
            code: problem.slug,
            request_id: request_id.to_owned(),
            errors: refusal
                .violations
                .iter()
                .map(|violation| ProblemError {
                    pointer: violation.pointer.clone(),
                    code: violation.code,
                    detail: violation.detail.get(lang).to_owned(),
                })
                .collect(),
            blocked_by: refusal.blocked_by.clone(),
            current_version: refusal.current_version,
            conflicts: refusal.conflicts.clone(),
            error: refusal.oauth_error,
            resync_from: refusal.resync_from,
            epoch: refusal.epoch.clone(),
            resolution: problem.resolution.as_ref().map(|resolution| ProblemResolution {
                actor: resolution.actor,
                action: resolution.action.get(lang).to_owned(),
            }),
        }
    }
}
