//! The one source of time. Everything that asks "now" asks a [`Clock`].

use std::sync::{Arc, RwLock};

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, SubsecRound, Utc};

/// Hours that Moscow is ahead of UTC, without daylight saving since 26.10.2014
/// (Federal law 107-FZ, as amended by 248-FZ of 21.07.2014).
const MOSCOW_HOURS: i64 = 3;

/// Tells the time: the system's, or one that a test or the demonstration sets.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    set_to: Option<Arc<RwLock<DateTime<Utc>>>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `instant` until it is [`set`](Self::set).
    #[must_use]
    pub fn standing(instant: DateTime<Utc>) -> Self {
        Self { set_to: Some(Arc::new(RwLock::new(instant))) }
    }

    /// Moves a standing clock; the system's clock is never moved.
    pub fn set(&self, instant: DateTime<Utc>) {
        if let Some(lock) = &self.set_to {
            *lock.write().unwrap_or_else(std::sync::PoisonError::into_inner) = instant;
        }
    }

    /// Whether it tells what it was set to, and not the system's time.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.set_to.is_some()
    }

    /// Now, in UTC, cut to whole microseconds (what both databases keep).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.set_to {
            Some(lock) => *lock.read().unwrap_or_else(std::sync::PoisonError::into_inner),
            #[expect(clippy::disallowed_methods, reason = "the clock is where time comes in")]
            None => Utc::now(),
        }
        .trunc_subsecs(6)
    }

    /// Today's civil date in Europe/Moscow; a day ends at 24:00 there.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        moscow_date(self.now())
    }
}

/// The civil date in Europe/Moscow at `instant`.
#[must_use]
pub fn moscow_date(instant: DateTime<Utc>) -> NaiveDate {
    (instant + Duration::hours(MOSCOW_HOURS)).date_naive()
}

/// The first instant after the civil day `date` in Europe/Moscow.
#[must_use]
pub fn end_of_moscow_day(date: NaiveDate) -> DateTime<Utc> {
    let next = date.succ_opt().unwrap_or(date);
    utc(next.and_time(chrono::NaiveTime::MIN)) - Duration::hours(MOSCOW_HOURS)
}

/// Reads a database time, which is UTC without offset.
#[must_use]
pub fn utc(stored: NaiveDateTime) -> DateTime<Utc> {
    stored.and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moscow_day_ends_three_hours_before_the_utc_day() {
        let last = "2023-12-22T20:59:59.999999Z".parse().unwrap();
        let next = "2023-12-22T21:00:00Z".parse().unwrap();
        assert_eq!(moscow_date(last).to_string(), "2023-12-22");
        assert_eq!(moscow_date(next).to_string(), "2023-12-23");
        assert_eq!(end_of_moscow_day(moscow_date(last)), next);
    }

    #[test]
    fn a_standing_clock_keeps_microseconds_only() {
        let clock = Clock::standing("2023-12-22T10:00:00.123456789Z".parse().unwrap());
        assert_eq!(clock.now().to_rfc3339(), "2023-12-22T10:00:00.123456+00:00");
        clock.set("2023-12-29T10:00:00Z".parse().unwrap());
        assert_eq!(clock.today().to_string(), "2023-12-29");
    }
}
