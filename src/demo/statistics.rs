//! The numbers that the department knows beforehand: statistics of the schools, from which the hints
//! for support lists are made, and what it aims at.

use anyhow::Context;
use serde_json::{Value, json};

use super::case::Case;
use super::play::Played;
use super::player::{Player, id, text};

/// Enters the statistics of every school of the case.
///
/// # Errors
///
/// The first refused request, with the refusal.
pub(super) async fn enter(player: &mut Player<'_>, case: &Case, played: &Played) -> anyhow::Result<()> {
    for given in case.list("statistics") {
        player.say("statistics");
        let mut body = given.clone();
        let members = body.as_object_mut().context("statistics are an object")?;
        let year = members.remove("academic_year").as_ref().and_then(Value::as_i64);
        members.remove("school");
        let (name, year) = (text(given, "school")?, year.context("no academic year")?);
        let school = played.schools.get(&name).with_context(|| format!("no school {name}"))?;
        player.put("officer", &format!("/api/v1/schools/{school}/stats/{year}"), body).await?;
    }
    Ok(())
}

/// Sets the targets and baselines of the year's indicators.
///
/// # Errors
///
/// The first refused request, with the refusal.
pub(super) async fn aim(player: &mut Player<'_>, case: &Case) -> anyhow::Result<()> {
    for given in case.list("targets") {
        player.say("targets");
        let code = text(given, "code")?;
        let found = player.get("officer", &format!("/api/v1/indicators?code={code}")).await?;
        let indicator = found.pointer("/items/0").with_context(|| format!("no indicator {code}"))?;
        let body = json!({
            "indicator_id": id(indicator)?,
            "period_start": case.text("/road_map/period_start"),
            "period_end": case.text("/road_map/period_end"),
            "target": given.get("target"), "baseline": given.get("baseline"),
        });
        player.put("officer", "/api/v1/indicator-values", body).await?;
    }
    Ok(())
}
