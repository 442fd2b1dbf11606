//! Webhooks: a client is told of changes instead of asking.
//!
//! Each webhook has its own cursor in the change feed, so what it is told is what the client
//! reads there: in the order of the feed, at least once, and never more than it may read. The
//! cursor moves only when the receiver answers with 2xx. Bodies are CloudEvents 1.0, thin: ids,
//! versions and natural keys, no texts; the receiver reads what it needs. They are signed as
//! Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
//!
//! States: active -> disabled, by the client, by 410 (`gone`), or when an event was given up
//! and the next one fails as well (`failing`); disabled -enable-> active. A disabled
//! webhook keeps its place in the feed.
//!
//! An event that could not be delivered in ten attempts over three days is given up: it stays
//! among the deliveries as `given_up`, can be replayed, and the next event is tried.

pub mod conformance;
mod delivering;
mod dispatcher;
mod domain;
mod event;
mod flow;
mod flow_dispatch;
mod http;
mod http_steps;
mod operator;
mod policy;
mod sender;
mod shape;
pub mod signature;
mod store;
mod store_dispatch;
mod target;

pub use self::delivering::Delivering;
pub use self::dispatcher::Dispatcher;
pub use self::domain::FailureKind;
pub use self::operator::secret_of;
pub use self::policy::CATALOGUE;
pub use self::sender::{Attempt, Parcel, Sender};
pub use self::store::failing;
pub use self::target::Targets;

use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    http::configure(operations);
    http_steps::configure(operations);
}
