//! Recommendations: what schools or the department are asked to do, and how far they are.
//!
//! States: draft -issue-> issued -cancel-> cancelled. One of a monitoring is issued by the
//! signature under the monitoring's note. Each school it is issued to has a state of its own:
//! issued -> acknowledged -> in_progress -> done -> verified, done -reopen-> in_progress;
//! issued, acknowledged -cancel-> cancelled. The department's own part is tracked by PATCH.
//!
//! What is not verified by the next year is offered to the drafts of its road maps as measures.

mod domain;
mod domain_offers;
mod export;
mod flow;
mod flow_addressees;
mod flow_check;
mod flow_offers;
mod http;
mod http_addressees;
mod http_offers;
mod policy;
mod shape;
mod shape_offers;
mod store;
mod store_addressees;
mod store_offers;

pub use self::domain::{AddresseeStatus, RecommendationAddressee, RecommendationStatus};
pub use self::export::export;
pub use self::flow::issue_of_monitoring;
pub use self::policy::{
    CATALOGUE, FollowRecommendations, ReadRecommendations, ReviewAddressees, WriteRecommendations,
};
pub use self::store::{RecommendationRow, of_monitoring};
pub use self::store_addressees::AddresseeRow;
pub use self::store_offers::issued_within;

use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    http::configure(operations);
    http_addressees::configure(operations);
    http_offers::configure(operations);
}
