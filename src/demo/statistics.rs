//! The statistics of the schools, from which the hints for support lists are made.

use anyhow::Context;
use serde_json::Value;

use super::case::Case;
use super::play::Played;
use super::player::{Player, text};

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
