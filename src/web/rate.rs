//! How often somebody may ask: requests a minute, counted by address before anything is
//! looked at, and by account or client and the class of the request once it is known who asks.
//!
//! The numbers belong to one process. A bucket refills evenly (GCRA), so there is no moment
//! at which a whole minute's requests come free at once. Answers say how much is left in the
//! fields of draft-ietf-httpapi-ratelimit-headers-10.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use chrono::{DateTime, Utc};
use governor::clock::{Clock as _, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::error::{Error, Refusal};
use crate::kit::clock::Clock;
use crate::problems;

/// The time in which a quota is refilled.
const WINDOW: Duration = Duration::from_secs(60);
/// Callers remembered in a class before those whose quota is full again are forgotten.
const REMEMBERED: usize = 20_000;

/// Requests a minute; 0: as many as come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Of one address, whoever asks.
    pub address: u32,
    /// Sign-ins and token requests of one address.
    pub sign_in: u32,
    /// Reading, of one account or client.
    pub read: u32,
    /// Writing, of one account or client.
    pub write: u32,
    /// Files and imports, of one account or client.
    pub import: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self { address: 6_000, sign_in: 60, read: 1_200, write: 600, import: 120 }
    }
}

impl Rates {
    /// No limits at all: for a benchmark, and for tests whose clock stands still.
    pub const NONE: Self = Self { address: 0, sign_in: 0, read: 0, write: 0, import: 0 };
}

/// What a request is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Trying a password or a secret.
    SignIn,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Sending a file.
    Import,
}

impl Class {
    /// The class of a request.
    #[must_use]
    pub fn of(method: &Method, path: &str) -> Self {
        let sends_files = || path.ends_with("/imports") || path.ends_with("/evidence");
        match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Read,
            _ if path.ends_with("/auth/login") || path.ends_with("/oauth/token") => Self::SignIn,
            _ if sends_files() => Self::Import,
            _ => Self::Write,
        }
    }
}

/// How a caller stands with a quota, for the headers of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    policy: &'static str,
    quota: u32,
    left: u32,
    /// Seconds until the quota is whole again; of a refusal: until one request is free.
    reset: u64,
}

impl Standing {
    /// The values of `RateLimit-Policy` and `RateLimit`.
    #[must_use]
    pub fn headers(&self) -> (String, String) {
        let Self { policy, quota, left, reset } = self;
        (format!("\"{policy}\";q={quota};w={}", WINDOW.as_secs()), format!("\"{policy}\";r={left};t={reset}"))
    }
}

/// A refusal by a quota, with how the caller stands.
#[derive(Debug)]
pub struct Exhausted(pub Standing);

impl From<Exhausted> for Error {
    fn from(Exhausted(standing): Exhausted) -> Self {
        let seconds = u32::try_from(standing.reset).unwrap_or(u32::MAX);
        Refusal { retry_after: Some(seconds), ..Refusal::of(&problems::TOO_MANY_REQUESTS) }.into()
    }
}

/// The quotas of a process and what was used of them.
pub struct Limits {
    address: Option<Limiter>,
    sign_in: Option<Limiter>,
    read: Option<Limiter>,
    write: Option<Limiter>,
    import: Option<Limiter>,
}

impl Limits {
    /// Quotas that nobody has used yet.
    #[must_use]
    pub fn new(rates: Rates, clock: &Clock) -> Self {
        Self {
            address: Limiter::new("address", rates.address, clock),
            sign_in: Limiter::new("sign-in", rates.sign_in, clock),
            read: Limiter::new("read", rates.read, clock),
            write: Limiter::new("write", rates.write, clock),
            import: Limiter::new("import", rates.import, clock),
        }
    }

    /// Counts a request of an address, before it is known who asks.
    ///
    /// # Errors
    ///
    /// The quota of the address, or its quota of sign-ins, is used up.
    pub fn admit_address(&self, address: IpAddr, class: Class) -> Result<Option<Standing>, Exhausted> {
        let key = network(address);
        let all = self.address.as_ref().map(|limiter| limiter.admit(&key)).transpose()?;
        let narrower = self.sign_in.as_ref().filter(|_| class == Class::SignIn);
        Ok(narrower.map(|limiter| limiter.admit(&key)).transpose()?.or(all))
    }

    /// Counts a request of an account or a client.
    ///
    /// # Errors
    ///
    /// Its quota of this class is used up.
    pub fn admit_subject(&self, subject: &str, class: Class) -> Result<Option<Standing>, Exhausted> {
        let limiter = match class {
            Class::SignIn => &None,
            Class::Read => &self.read,
            Class::Write => &self.write,
            Class::Import => &self.import,
        };
        limiter.as_ref().map(|limiter| limiter.admit(subject)).transpose()
    }
}

/// What counts as one address: of IPv6 a network of 64 bits, which one subscriber has whole.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

type Buckets = RateLimiter<String, DashMapStateStore<String>, Ticking, StateInformationMiddleware>;

/// The quotas of one class.
struct Limiter {
    policy: &'static str,
    quota: NonZeroU32,
    buckets: Buckets,
    clock: Ticking,
}

impl Limiter {
    fn new(policy: &'static str, a_minute: u32, clock: &Clock) -> Option<Self> {
        let quota = NonZeroU32::new(a_minute)?;
        let clock = Ticking::of(clock);
        let buckets = RateLimiter::dashmap_with_clock(Quota::per_minute(quota), clock.clone())
            .with_middleware::<StateInformationMiddleware>();
        Some(Self { policy, quota, buckets, clock })
    }

    fn admit(&self, key: &str) -> Result<Standing, Exhausted> {
        if self.buckets.len() > REMEMBERED {
            self.buckets.retain_recent();
        }
        let standing = |left, reset| Standing { policy: self.policy, quota: self.quota.get(), left, reset };
        match self.buckets.check_key(&key.to_owned()) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let used = u64::from(self.quota.get().saturating_sub(left));
                Ok(standing(left, (used * WINDOW.as_secs()).div_ceil(u64::from(self.quota.get()))))
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Err(Exhausted(standing(0, wait.as_secs() + u64::from(wait.subsec_nanos() > 0))))
            }
        }
    }
}

/// Time that only goes on: the system's clock may be set back, and nobody is to wait for that.
/// A clock that a test sets is followed.
#[derive(Debug, Clone)]
struct Ticking {
    clock: Clock,
    since: Instant,
    began: DateTime<Utc>,
}

impl Ticking {
    fn of(clock: &Clock) -> Self {
        Self { clock: clock.clone(), since: Instant::now(), began: clock.now() }
    }
}

/// Time since the service began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Tick(Nanos);

impl Reference for Tick {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0)
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

impl std::ops::Add<Nanos> for Tick {
    type Output = Self;

    fn add(self, more: Nanos) -> Self {
        Self(self.0 + more)
    }
}

impl governor::clock::Clock for Ticking {
    type Instant = Tick;

    fn now(&self) -> Tick {
        let passed = if self.clock.is_set() {
            (self.clock.now() - self.began).to_std().unwrap_or_default()
        } else {
            self.since.elapsed()
        };
        Tick(Nanos::from(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::standing("2023-03-01T09:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_quota_refills_evenly() {
        let clock = clock();
        let limits = Limits::new(Rates { read: 6, ..Rates::NONE }, &clock);
        for left in (0..6).rev() {
            let standing = limits.admit_subject("one", Class::Read).unwrap().unwrap();
            assert_eq!(standing.headers().0, r#""read";q=6;w=60"#);
            assert_eq!(standing.headers().1, format!(r#""read";r={left};t={}"#, (6 - left) * 10));
        }
        let Exhausted(refused) = limits.admit_subject("one", Class::Read).unwrap_err();
        assert_eq!(refused.headers().1, r#""read";r=0;t=10"#);
        limits.admit_subject("two", Class::Read).unwrap();
        assert!(limits.admit_subject("one", Class::Write).unwrap().is_none(), "no limit, no standing");
        clock.set("2023-03-01T09:00:10Z".parse().unwrap());
        limits.admit_subject("one", Class::Read).unwrap();
        limits.admit_subject("one", Class::Read).unwrap_err();
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_address() {
        let limits = Limits::new(Rates { address: 1, ..Rates::NONE }, &clock());
        let admit = |address: &str| limits.admit_address(address.parse().unwrap(), Class::Read);
        admit("2001:db8:0:1::1").unwrap();
        admit("2001:db8:0:1:ffff::2").unwrap_err();
        admit("2001:db8:0:2::1").unwrap();
        admit("192.0.2.1").unwrap();
        admit("::ffff:192.0.2.1").unwrap_err();
        admit("192.0.2.2").unwrap();
    }

    #[test]
    fn sign_ins_have_a_quota_of_their_own() {
        let limits = Limits::new(Rates { address: 10, sign_in: 1, ..Rates::NONE }, &clock());
        let here = "192.0.2.1".parse().unwrap();
        limits.admit_address(here, Class::SignIn).unwrap();
        limits.admit_address(here, Class::SignIn).unwrap_err();
        limits.admit_address(here, Class::Read).unwrap();
    }

    #[test]
    fn classes_go_by_method_and_path() {
        let class = |method, path| Class::of(&method, path);
        assert_eq!(class(Method::GET, "/api/v1/imports"), Class::Read);
        assert_eq!(class(Method::POST, "/api/v1/imports"), Class::Import);
        assert_eq!(class(Method::POST, "/api/v1/auth/login"), Class::SignIn);
        assert_eq!(class(Method::POST, "/oauth/token"), Class::SignIn);
        assert_eq!(class(Method::PATCH, "/api/v1/orders/1"), Class::Write);
    }
}
