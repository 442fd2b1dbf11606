//! The check of receivers: passes one that does right, and names what another does wrong.

use school_roadmap::features::webhooks::conformance::{check, table};
use school_roadmap::features::webhooks::{Sender, signature};

use crate::receiver::{Receiver, with_status};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn checked(receiver: &Receiver) -> Vec<(&'static str, bool)> {
    let sender = Sender::new(receiver.target().parse().unwrap(), None).unwrap();
    let now = "2023-03-01T09:00:00Z".parse().unwrap();
    let checks = check(&sender, &format!("{}/hook", receiver.url), SECRET, now).await.unwrap();
    let table = table(&checks);
    assert_eq!(table.lines().count(), checks.len() + 1);
    assert_eq!(table.matches("FAILED").count(), checks.iter().filter(|check| !check.passed).count());
    checks.into_iter().map(|check| (check.name, check.passed)).collect()
}

#[actix_web::test]
async fn a_receiver_that_checks_signature_and_time_passes() {
    let receiver = Receiver::start();
    receiver.answers(|one| {
        let now = "2023-03-01T09:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
        let good = signature::is_good(SECRET, &one.id, one.timestamp, &one.bytes, &one.signature, now);
        with_status(if good { 204 } else { 401 }, "")
    });
    let checks = checked(&receiver).await;
    assert_eq!(checks.len(), 9);
    assert!(checks.iter().all(|(_, passed)| *passed), "{checks:?}");
}

#[actix_web::test]
async fn a_receiver_that_believes_everything_or_breaks_fails() {
    let receiver = Receiver::start();
    let failed = |checks: Vec<(&'static str, bool)>| checks.into_iter().filter(|(_, passed)| !passed).count();
    assert_eq!(failed(checked(&receiver).await), 6, "it takes what anybody could send");
    receiver.answers(|_| with_status(500, ""));
    assert_eq!(failed(checked(&receiver).await), 9, "to break is not to refuse");
    receiver.answers(|one| {
        let good =
            signature::is_good(SECRET, &one.id, one.timestamp, &one.bytes, &one.signature, one.timestamp);
        with_status(if good { 204 } else { 401 }, "")
    });
    let checks = checked(&receiver).await;
    let wrong: Vec<&str> = checks.iter().filter(|(_, passed)| !passed).map(|(name, _)| *name).collect();
    assert_eq!(wrong, ["signed ten minutes ago", "signed ten minutes ahead"]);
}
