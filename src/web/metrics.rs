//! What the service counts, in the text form that Prometheus reads (OpenMetrics 1.0).

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper bounds of the durations that are told apart, seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// The route of a request that no operation serves: its path may be anything.
const NO_ROUTE: &str = "none";
/// Methods that are told apart; others may be anything.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

/// What the database and its pool say at the moment of reading; `None`: it does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Imports that wait or run.
    pub jobs: i64,
    /// Webhooks whose receivers did not take the last delivery.
    pub webhooks_failing: i64,
    /// Rows of the audit that are not sealed yet.
    pub unsealed: i64,
}

/// The counters. Cloning shares nothing: one per process, behind `web::Data`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    free_connections: Gauge,
    database_up: Gauge,
    jobs: Gauge,
    webhooks_failing: Gauge,
    unsealed: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("school_roadmap");
        let answered = Family::<Answered, Counter>::default();
        let seconds =
            Family::<Route, Histogram, fn() -> Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
        registry.register("requests", "Requests that were answered", answered.clone());
        registry.register("request_seconds", "How long they took", seconds.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        Self {
            in_flight: gauge("requests_in_flight", "Requests that are being answered"),
            free_connections: gauge("database_connections_free", "Connections of the pool that nobody uses"),
            database_up: gauge("database_up", "1 when the database answered, 0 when it did not"),
            jobs: gauge("import_jobs", "Imports that wait or run"),
            webhooks_failing: gauge(
                "webhooks_failing",
                "Webhooks whose receivers did not take the last delivery",
            ),
            unsealed: gauge("audit_rows_unsealed", "Rows of the audit that are not sealed yet"),
            registry,
            answered,
            seconds,
        }
    }
}

/// A request that is being answered; dropping it ends it.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Counts a request that has come.
    #[must_use]
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts an answer; `route`: the pattern that served it.
    pub fn answered(&self, method: &str, route: Option<String>, status: u16, took: Duration) {
        let method = METHODS.iter().find(|known| **known == method).copied().unwrap_or("other");
        let route = route.unwrap_or_else(|| NO_ROUTE.to_owned());
        self.seconds.get_or_create(&Route { method, route: route.clone() }).observe(took.as_secs_f64());
        self.answered.get_or_create(&Answered { method, route, status }).inc();
    }

    /// The text, with how things stand now.
    ///
    /// # Errors
    ///
    /// A name or a label cannot be written.
    pub fn text(
        &self,
        free_connections: usize,
        standing: Option<Standing>,
    ) -> Result<String, std::fmt::Error> {
        self.free_connections.set(i64::try_from(free_connections).unwrap_or(i64::MAX));
        self.database_up.set(i64::from(standing.is_some()));
        if let Some(standing) = standing {
            self.jobs.set(standing.jobs);
            self.webhooks_failing.set(standing.webhooks_failing);
            self.unsealed.set(standing.unsealed);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_and_nothing_by_what_callers_invent() {
        let metrics = Metrics::default();
        let served = Some("/api/v1/orders/{id}".to_owned());
        metrics.answered("GET", served.clone(), 200, Duration::from_millis(3));
        metrics.answered("GET", served, 200, Duration::from_millis(40));
        metrics.answered("BREW", None, 405, Duration::ZERO);
        let _one = metrics.begin();
        drop(metrics.begin());
        let standing = Standing { jobs: 2, webhooks_failing: 7, unsealed: 1 };
        let text = metrics.text(5, Some(standing)).unwrap();
        for line in [
            r#"school_roadmap_requests_total{method="GET",route="/api/v1/orders/{id}",status="200"} 2"#,
            r#"school_roadmap_requests_total{method="other",route="none",status="405"} 1"#,
            r#"school_roadmap_request_seconds_bucket{le="0.005",method="GET",route="/api/v1/orders/{id}"} 1"#,
            "school_roadmap_requests_in_flight 1",
            "school_roadmap_database_connections_free 5",
            "school_roadmap_database_up 1",
            "school_roadmap_import_jobs 2",
            "school_roadmap_webhooks_failing 7",
            "school_roadmap_audit_rows_unsealed 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(metrics.text(0, None).unwrap().contains("school_roadmap_database_up 0"));
    }
}
