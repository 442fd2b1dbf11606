//! What each person has to do, and by when: read from the states of everything above.
//!
//! Nothing is stored here. An obligation stands for a step that its resource's state waits for
//! and that the caller's role may take; it goes as soon as the state goes on. A fixed number of
//! queries answers each role, however many schools there are.

mod domain;
mod flow;
mod http;
mod of_campaign;
mod of_measures;
mod of_reports;
mod policy;
mod shape;
mod store;
mod store_campaign;
mod store_plans;

pub use self::http::configure;
pub use self::policy::CATALOGUE;
