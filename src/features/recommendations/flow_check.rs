//! What the text of a recommendation may refer to.

use std::collections::HashSet;

use super::domain;
use super::flow::RecommendationText;
use crate::auth::Scope;
use crate::db::{AnyConnection, Tx};
use crate::error::Error;
use crate::features::conclusion_templates::{self, TemplateContent};
use crate::features::monitorings::{self, MonitoringRow, MonitoringStatus};
use crate::features::road_maps;
use crate::features::schools::{self, SchoolStatus};
use crate::kit::id::SchoolId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// Checks a text against what it refers to.
///
/// # Errors
///
/// 409 for a monitoring whose note is signed or that is over; 422 with every broken rule.
pub(super) fn check(tx: &mut Tx, scope: &Scope, text: &RecommendationText) -> Result<(), Error> {
    let mut violations =
        domain::check_addressee(text.addressee, &text.school_ids, text.monitoring_id.is_some());
    let monitoring = match &text.monitoring_id {
        Some(id) => monitorings::find_for_change(tx, scope, id)?,
        None => None,
    };
    match &monitoring {
        Some(monitoring) => refuse_closed(monitoring)?,
        None if text.monitoring_id.is_some() => {
            let detail = Bi::fixed("Такого мониторинга нет", "There is no such monitoring");
            violations.push(Violation::new("/monitoring_id", "unknown-reference", detail));
        }
        None => {}
    }
    let known = schools::find_many(tx, scope, &text.school_ids)?;
    let active: HashSet<&SchoolId> = known
        .iter()
        .filter(|school| school.status == SchoolStatus::Active)
        .map(|school| &school.id)
        .collect();
    for (place, id) in text.school_ids.iter().enumerate() {
        if !active.contains(id) {
            let detail = Bi::fixed("Такой действующей школы нет", "There is no such active school");
            violations.push(Violation::new(format!("/school_ids/{place}"), "unknown-reference", detail));
        }
    }
    violations.extend(check_conclusions(tx, scope, text, monitoring)?);
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

/// Conclusions are named by the numbers in the template of the monitoring; without a
/// monitoring there are none to name.
fn check_conclusions(
    conn: &mut AnyConnection,
    scope: &Scope,
    text: &RecommendationText,
    monitoring: Option<MonitoringRow>,
) -> Result<Vec<Violation>, Error> {
    if text.conclusion_codes.is_empty() {
        return Ok(Vec::new());
    }
    let content = match monitoring {
        Some(monitoring) => template_of(conn, scope, monitoring)?,
        None => None,
    };
    let known: HashSet<&str> = content
        .iter()
        .flat_map(|content| &content.conclusions)
        .map(|conclusion| conclusion.code.as_str())
        .collect();
    let codes = text.conclusion_codes.iter().enumerate();
    let unknown = codes.filter(|(_, code)| !known.contains(code.as_str())).map(|(place, _)| {
        let detail = Bi::fixed(
            "Такого вывода нет в шаблоне мониторинга",
            "The template of the monitoring has no such conclusion",
        );
        Violation::new(format!("/conclusion_codes/{place}"), "unknown-reference", detail)
    });
    Ok(unknown.collect())
}

/// The template kept by an opened monitoring, or that of the road map of a planned one.
fn template_of(
    conn: &mut AnyConnection,
    scope: &Scope,
    monitoring: MonitoringRow,
) -> Result<Option<TemplateContent>, Error> {
    let kept = match monitoring.conclusion_template_id {
        Some(id) => Some(id),
        None => road_maps::find(conn, scope, &monitoring.road_map_id)?
            .and_then(|road_map| road_map.conclusion_template_id),
    };
    match kept {
        Some(id) => Ok(conclusion_templates::content_of(conn, &id)?),
        None => Ok(None),
    }
}

/// A monitoring whose note is signed, or that is over, takes no more recommendations.
fn refuse_closed(monitoring: &MonitoringRow) -> Result<(), Error> {
    if monitoring.frozen_at.is_some() {
        return Err(Error::blocked(&problems::MONITORING_FROZEN, &["monitoring-frozen"]));
    }
    match monitoring.status {
        MonitoringStatus::Completed => {
            Err(Error::blocked(&problems::MONITORING_STATE, &["monitoring-completed"]))
        }
        MonitoringStatus::Cancelled => {
            Err(Error::blocked(&problems::MONITORING_STATE, &["monitoring-cancelled"]))
        }
        _ => Ok(()),
    }
}
