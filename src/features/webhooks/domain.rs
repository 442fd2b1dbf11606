//! Rules of webhooks: when an attempt is repeated, when an event is given up.

use chrono::DateTime;

use crate::kit::code::codes;

/// Seconds to wait after the first, second, … failed attempt: the schedule that Standard
/// Webhooks proposes, 75 hours in all. An event is tried once more than this has entries.
const SCHEDULE: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/// The number of the last failed attempt that is followed by another one.
pub const LAST_WAIT: i32 = 9;
/// A receiver that asks to be left alone is, for this long at most.
const LONGEST_WAIT: i64 = 24 * 3600;
/// By how much of itself a wait is lengthened at random, per cent at most, so that receivers
/// that were away together are not called together.
const JITTER: i64 = 10;

codes! {
    /// State of a webhook.
    WebhookStatus {
        /// It is told of changes.
        Active = "active", "действует", "active";
        /// It is not, and keeps its place in the feed.
        Disabled = "disabled", "отключён", "disabled";
    }
}

codes! {
    /// By what a webhook was disabled.
    DisabledBy {
        /// The client itself.
        Client = "client", "отключён клиентом", "disabled by the client";
        /// An event was given up after three days, and the next one failed as well.
        Failing = "failing", "доставка не удавалась трое суток", "failed for three days";
        /// The receiver answered 410.
        Gone = "gone", "приёмник ответил 410", "the receiver answered 410";
    }
}

codes! {
    /// What became of an attempt.
    Outcome {
        /// The receiver answered 2xx.
        Delivered = "delivered", "доставлено", "delivered";
        /// It did not, and is tried again.
        Failed = "failed", "не доставлено", "failed";
        /// It did not for three days; the next event is tried.
        GivenUp = "given_up", "доставка прекращена", "given up";
    }
}

codes! {
    /// Why an attempt failed.
    FailureKind {
        /// The receiver answered another status than 2xx.
        Status = "status", "приёмник ответил не 2xx", "the receiver did not answer 2xx";
        /// The receiver sent elsewhere; that is not followed.
        Redirect = "redirect", "приёмник перенаправил запрос", "the receiver redirected";
        /// It did not answer in time.
        Timeout = "timeout", "приёмник не ответил вовремя", "no answer in time";
        /// No connection: no address, refused, or its certificate is not trusted.
        Connection = "connection", "нет соединения", "no connection";
        /// Its address is not allowed, or no longer.
        Target = "target", "адрес не разрешён", "the address is not allowed";
    }
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another one after so many seconds.
    Retry(i64),
    /// The event is given up.
    GiveUp,
}

/// What follows the attempt number `attempt`, from 1, that failed.
///
/// `retry_after`: seconds for which the receiver asked; `chance`: 0 to 255, at random.
#[must_use]
pub fn after_failure(attempt: i32, retry_after: Option<i64>, chance: u8) -> Next {
    let step = usize::try_from(attempt - 1).ok().and_then(|place| SCHEDULE.get(place));
    let Some(wait) = step else { return Next::GiveUp };
    let wait = wait.saturating_mul(100 * 255 + JITTER * i64::from(chance)) / (100 * 255);
    let asked = retry_after.unwrap_or(0).clamp(0, LONGEST_WAIT);
    Next::Retry(wait.max(asked))
}

/// `Retry-After` in seconds from `now`, Unix seconds: a number of them, or a date (RFC 9110, 10.2.3).
#[must_use]
pub fn asked_wait(header: &str, now: i64) -> Option<i64> {
    let date = || DateTime::parse_from_rfc2822(header.trim()).ok();
    header.trim().parse().ok().or_else(|| Some(date()?.timestamp().saturating_sub(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_asks_for_time_in_seconds_or_until_a_date() {
        let now = 1_677_661_200; // 2023-03-01T09:00:00Z
        assert_eq!(asked_wait(" 120 ", now), Some(120));
        assert_eq!(asked_wait("Wed, 01 Mar 2023 09:02:00 GMT", now), Some(120));
        assert_eq!(asked_wait("Wed, 01 Mar 2023 08:00:00 GMT", now), Some(-3600), "over already");
        assert_eq!(asked_wait("soon", now), None);
        assert_eq!(asked_wait("", now), None);
    }

    #[test]
    fn waits_grow_to_three_days_and_then_end() {
        let mut waited = 0;
        for attempt in 1..=9 {
            let Next::Retry(seconds) = after_failure(attempt, None, 0) else { panic!("{attempt}") };
            waited += seconds;
        }
        assert_eq!(waited / 3600, 75);
        assert_eq!(after_failure(10, None, 0), Next::GiveUp);
        assert_eq!(after_failure(i32::MAX, None, 0), Next::GiveUp);
    }

    #[test]
    fn chance_lengthens_a_wait_by_a_tenth_at_most() {
        assert_eq!(after_failure(2, None, 0), Next::Retry(300));
        assert_eq!(after_failure(2, None, 255), Next::Retry(330));
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it() {
        assert_eq!(after_failure(1, Some(120), 0), Next::Retry(120));
        assert_eq!(after_failure(3, Some(120), 0), Next::Retry(1800));
        assert_eq!(after_failure(1, Some(i64::MAX), 0), Next::Retry(86_400));
        assert_eq!(after_failure(1, Some(-5), 0), Next::Retry(5));
        assert_eq!(after_failure(10, Some(120), 0), Next::GiveUp);
    }
}
