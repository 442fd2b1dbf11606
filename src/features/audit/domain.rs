//! What a seal is made of.

use chrono::NaiveDateTime;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Rows under one seal at most.
pub const MOST_ROWS: i64 = 1_000;

/// A row of the audit as it is sealed: one line of JSON, in this order of members. Another order, or
/// another form of one of them, would break every seal there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// Its number.
    pub seq: i64,
    /// When, microseconds since 1970, UTC.
    pub at: i64,
    /// Id of the account or the client.
    pub actor_id: Option<String>,
    /// The role whose rights were used.
    pub actor_role: String,
    /// With a head's rights by `acting_until`.
    pub acting: bool,
    /// What was done.
    pub action: String,
    /// To which kind of resource.
    pub resource: String,
    /// To which one.
    pub resource_id: String,
    /// Its municipality.
    pub municipality_id: Option<String>,
    /// State before.
    pub from_status: Option<String>,
    /// State after.
    pub to_status: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The request.
    pub request_id: String,
}

/// An instant as lines hold it.
#[must_use]
pub fn micros(at: NaiveDateTime) -> i64 {
    at.and_utc().timestamp_micros()
}

/// The hash of a seal: SHA-256, hex, of the hash before and the lines, each with a line feed.
///
/// # Errors
///
/// A line cannot be written as JSON.
pub fn seal_of(before: &str, lines: &[AuditLine]) -> serde_json::Result<String> {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(b"\n");
    for line in lines {
        hash.update(serde_json::to_vec(line)?);
        hash.update(b"\n");
    }
    Ok(format!("{:x}", hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: i64) -> AuditLine {
        AuditLine {
            seq,
            at: micros("2023-12-22T10:00:00.123456".parse().unwrap()),
            actor_id: Some("a".to_owned()),
            actor_role: "municipal_head".to_owned(),
            acting: false,
            action: "sign".to_owned(),
            resource: "notes".to_owned(),
            resource_id: "n".to_owned(),
            municipality_id: None,
            from_status: Some("on_approval".to_owned()),
            to_status: Some("signed".to_owned()),
            reason: None,
            request_id: "r".to_owned(),
        }
    }

    /// The form of a line is for ever: what is sealed is compared with it years later.
    #[test]
    fn a_seal_is_made_of_the_one_before_and_the_lines() {
        assert_eq!(
            serde_json::to_string(&line(7)).unwrap(),
            r#"{"seq":7,"at":1703239200123456,"actor_id":"a","actor_role":"municipal_head","acting":false,"action":"sign","resource":"notes","resource_id":"n","municipality_id":null,"from_status":"on_approval","to_status":"signed","reason":null,"request_id":"r"}"#
        );
        let one = seal_of("", &[line(1), line(2)]).unwrap();
        let of_text = |text: &str| format!("{:x}", Sha256::digest(text));
        let lines = [line(1), line(2)].map(|line| serde_json::to_string(&line).unwrap() + "\n").concat();
        assert_eq!(one, of_text(&format!("\n{lines}")));
        let changed = AuditLine { reason: Some(String::new()), ..line(2) };
        let others = [
            seal_of("", &[line(2), line(1)]),
            seal_of("", &[line(1)]),
            seal_of("", &[line(1), changed]),
            seal_of(&one, &[line(1), line(2)]),
        ];
        assert!(others.into_iter().all(|other| other.unwrap() != one));
    }
}
