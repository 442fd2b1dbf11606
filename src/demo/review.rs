//! A report that goes back with a remark, is corrected and answered.

use anyhow::Context;
use serde_json::{Value, json};

use super::case::Case;
use super::play::{Played, people_of, written};
use super::player::{Player, id, text};

/// Plays the way of one report: remark, return, correction, answer, submission; gives the
/// remark's id.
///
/// # Errors
///
/// The first refused request, with the refusal.
pub(super) async fn correct(
    player: &mut Player<'_>,
    case: &Case,
    played: &Played,
    report: &str,
    review: &Value,
) -> anyhow::Result<String> {
    let (author, reviewer) = people_of(case, &text(review, "subject")?);
    player.on(&text(review, "returned_on")?)?;
    let measure = text(review, "measure")?;
    let pointer = format!("/items/{measure}/{}", text(review, "field")?);
    let body = json!({"pointer": pointer, "text": text(review, "remark")?});
    let remark = id(&player.create(reviewer, &format!("{report}/remarks"), body).await?)?;
    player.step(reviewer, report, "return", Some(json!({}))).await?;

    let reports = case.list("reports").iter();
    let items = reports.filter(|given| given.get("subject") == review.get("subject"));
    let mut items = items.filter_map(|given| given.get("items")?.as_array()).flatten();
    let item = items.find(|item| item.get("measure") == review.get("measure"));
    let mut item = item.with_context(|| format!("no item {measure} to correct"))?.clone();
    if let (Some(item), Some(result)) = (item.as_object_mut(), review.get("result")) {
        item.insert("result".to_owned(), result.clone());
    }
    written(player, played, report, &author, &item).await?;
    let path = format!("/api/v1/remarks/{remark}");
    player.step(&author, &path, "answer", Some(json!({"answer": text(review, "answer")?}))).await?;
    player.step(&author, report, "submit", None).await?;
    player.step(reviewer, &path, "resolve", None).await?;
    Ok(remark)
}
