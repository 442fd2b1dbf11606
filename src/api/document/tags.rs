//! The groups of the document, by name.

use utoipa::openapi::Tag;
use utoipa::openapi::tag::TagBuilder;

/// Each group and what it holds, in the order of the alphabet.
const TAGS: [(&str, &str); 25] = [
    ("accounts", "Who signs in: people, their roles and places, one-time passwords."),
    ("audit", "Who did what, when and why, by ids."),
    ("auth", "Signing in, tokens and their keys, the caller himself and what he has to do."),
    ("changes", "Staying in step: the change feed, the export at a stated number, the digest of a copy."),
    ("clients", "Programs that call the service, their scopes and secrets."),
    ("conclusion-templates", "The criteria and sentences from which conclusions are derived; versions stay."),
    (
        "conclusions",
        "What follows from accepted reports, at municipal and school level, with its explanation.",
    ),
    ("docs", "This document."),
    ("evidence", "Links and files that prove the items of a report."),
    ("health", "Whether the service runs and answers."),
    ("imports", "Many rows at once from tables or JSON, as jobs, with an error for every refused cell."),
    ("indicators", "The catalogue of indicators and their values."),
    ("measures", "The measures of road maps."),
    ("monitorings", "One round of reports on a road map: schools, deadlines, progress."),
    ("municipalities", "Municipalities, their education departments, and the calendars of their schools."),
    ("notes", "The final note of a monitoring, from draft to publication."),
    ("orders", "The orders by which lists, road maps and monitorings are in force."),
    ("public", "What everybody may read without signing in."),
    ("recommendations", "Recommendations to schools and the department, and what became of them."),
    ("remarks", "Remarks on reports, and the answers."),
    ("reports", "The reports of schools and of the municipality: items, versions, history."),
    ("road-maps", "Road maps: drafts, approval, editions, copies for the next year."),
    ("schools", "Schools and their statistics."),
    ("support-lists", "Lists of schools with low results, and their entries."),
    ("webhooks", "Deliveries of changes to a client's address, signed."),
];

/// The groups.
pub(super) fn all() -> Vec<Tag> {
    TAGS.iter()
        .map(|(name, description)| TagBuilder::new().name(*name).description(Some(*description)).build())
        .collect()
}
