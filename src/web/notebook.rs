//! What is read and what is refused, noted in memory and written into the audit by the second,
//! so that reading does not become writing.
//!
//! The same reading by the same caller within a second is one note. Refusals are counted by the
//! minute, status, caller and address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use crate::db::{Actor, Event, Noted};

/// Readings that wait at most. Quotas keep callers far below.
const MOST_READINGS: usize = 10_000;
/// Callers and addresses counted apart in a minute at most; others of the same status are counted together.
const MOST_REFUSED: usize = 1_000;
/// Role of somebody who has not signed in, for the audit.
const STRANGER: &str = "anonymous";
/// Id of a row for many: a list, or addresses that are counted together.
pub const MANY: &str = "*";

/// What was noted and is not written yet. Shared by all workers.
#[derive(Debug, Default)]
pub struct Notebook(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    readings: HashMap<Reading, Noted>,
    refused: HashMap<Refused, Count>,
    written: Vec<Noted>,
    left_out: u64,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Reading {
    by: Option<String>,
    resource: &'static str,
    id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Refused {
    minute: DateTime<Utc>,
    status: u16,
    subject: Option<String>,
    address: Option<IpAddr>,
}

#[derive(Debug)]
struct Count {
    times: u64,
    first: Actor,
}

impl Notebook {
    /// Notes what somebody has read.
    pub fn read(&self, actor: Actor, at: DateTime<Utc>, event: Event) {
        let mut pages = self.open();
        if pages.readings.len() >= MOST_READINGS {
            pages.left_out += 1;
            return;
        }
        let reading = Reading { by: actor.subject.clone(), resource: event.resource, id: event.id.clone() };
        pages.readings.entry(reading).or_insert(Noted { event, actor, at });
    }

    /// Counts a refusal; `actor`: who was refused, where that is known.
    pub fn refused(
        &self,
        status: u16,
        (actor, address): (Option<Actor>, IpAddr),
        at: DateTime<Utc>,
        request_id: &str,
    ) {
        let minute = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
        let actor = actor.unwrap_or_else(|| Actor::without_account(STRANGER, request_id.to_owned()));
        let subject = actor.subject.clone();
        let mut key = Refused { minute, status, subject, address: Some(address.to_canonical()) };
        let mut pages = self.open();
        let mut first = actor;
        if pages.refused.len() >= MOST_REFUSED && !pages.refused.contains_key(&key) {
            key = Refused { subject: None, address: None, ..key };
            first = Actor::without_account(STRANGER, request_id.to_owned());
        }
        pages.refused.entry(key).or_insert(Count { times: 0, first }).times += 1;
    }

    /// Takes what is to be written: readings, and the refusals of minutes that are over at `now`;
    /// `None`: of all minutes. In the order in which it happened.
    #[must_use]
    pub fn take(&self, now: Option<DateTime<Utc>>) -> Vec<Noted> {
        let mut pages = self.open();
        if pages.left_out > 0 {
            log::error!("{} readings are missing in the audit: it could not be written", pages.left_out);
            pages.left_out = 0;
        }
        let mut taken = std::mem::take(&mut pages.written);
        taken.extend(pages.readings.drain().map(|(_, noted)| noted));
        let is_over = |key: &Refused| now.is_none_or(|now| key.minute + TimeDelta::minutes(1) <= now);
        taken.extend(pages.refused.extract_if(|key, _| is_over(key)).map(|(key, count)| key.noted(count)));
        taken.sort_by_key(|noted| noted.at);
        taken
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, noted: Vec<Noted>) {
        let mut pages = self.open();
        let free = MOST_READINGS.saturating_sub(pages.written.len());
        pages.left_out += u64::try_from(noted.len().saturating_sub(free)).unwrap_or(u64::MAX);
        pages.written.extend(noted.into_iter().take(free));
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    fn noted(self, Count { times, first }: Count) -> Noted {
        let id = self.address.map_or_else(|| MANY.to_owned(), |address| address.to_string());
        let reason = Some(format!("{} × {times}", self.status));
        let event = Event { action: "refuse", resource: "requests", id, municipality_id: None, reason };
        Noted { event, actor: first, at: self.minute }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        format!("2023-03-01T{time}Z").parse().unwrap()
    }

    fn actor(subject: &str, request: &str) -> Actor {
        Actor {
            subject: Some(subject.to_owned()),
            ..Actor::without_account("municipal_head", request.to_owned())
        }
    }

    fn told(noted: &[Noted]) -> Vec<String> {
        let text = |Noted { event, actor, at }: &Noted| {
            let reason = event.reason.as_deref().unwrap_or("-");
            let who = actor.subject.as_deref().unwrap_or(actor.role);
            format!("{} {who} {} {} {reason} {}", at.format("%T"), event.action, event.id, actor.request_id)
        };
        noted.iter().map(text).collect()
    }

    #[test]
    fn the_same_reading_is_one_note_until_it_is_written() {
        let notebook = Notebook::default();
        let read = |by: &str, id: &str, second: &str| {
            notebook.read(actor(by, second), at(second), Event::read("evidence", id, None));
        };
        read("two", "e", "09:00:02");
        read("one", "e", "09:00:00");
        read("one", "e", "09:00:01");
        read("one", "f", "09:00:03");
        let taken = notebook.take(Some(at("09:00:04")));
        let expected = [
            "09:00:00 one read e - 09:00:00",
            "09:00:02 two read e - 09:00:02",
            "09:00:03 one read f - 09:00:03",
        ];
        assert_eq!(told(&taken), expected);
        assert!(notebook.take(None).is_empty());
        notebook.put_back(taken);
        read("one", "e", "09:00:05");
        assert_eq!(notebook.take(None).len(), 4);
    }

    #[test]
    fn refusals_are_counted_by_the_minute() {
        let notebook = Notebook::default();
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        let refuse = |by: Option<&str>, status, time: &str| {
            notebook.refused(status, (by.map(|by| actor(by, time)), here), at(time), time);
        };
        refuse(None, 401, "09:00:10");
        refuse(None, 401, "09:00:59");
        refuse(Some("one"), 429, "09:00:59");
        refuse(None, 401, "09:01:00");
        assert!(notebook.take(Some(at("09:00:59"))).is_empty(), "the minute is not over");
        let mut first = told(&notebook.take(Some(at("09:01:00"))));
        first.sort();
        let expected = [
            "09:00:00 anonymous refuse 192.0.2.1 401 × 2 09:00:10",
            "09:00:00 one refuse 192.0.2.1 429 × 1 09:00:59",
        ];
        assert_eq!(first, expected);
        assert_eq!(told(&notebook.take(None)), ["09:01:00 anonymous refuse 192.0.2.1 401 × 1 09:01:00"]);
    }

    #[test]
    fn many_addresses_are_counted_together() {
        let notebook = Notebook::default();
        for number in 0..1_500_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            notebook.refused(401, (None, address), at("09:00:00"), "r");
        }
        let taken = notebook.take(None);
        assert_eq!(taken.len(), MOST_REFUSED + 1);
        let together = taken.iter().find(|noted| noted.event.id == MANY).unwrap();
        assert_eq!(together.event.reason.as_deref(), Some("401 × 500"));
    }
}
