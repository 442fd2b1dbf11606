//! Orders (приказы): who issued which act, under which number and date.
//!
//! States: draft -register-> registered -repeal-> repealed; registered is immutable.
//! An order is unique by issuer, number and date per owner among those not repealed,
//! for numbering restarts every year.

mod domain;
mod export;
mod flow;
mod http;
mod policy;
mod shape;
mod store;

pub use self::domain::{IssuerLevel, OrderKind, OrderStatus};
pub use self::export::export;
pub use self::http::configure;
pub use self::policy::{CATALOGUE, ReadOrders, RegisterOrders};
pub use self::store::{OrderRow, find, find_for_change, registered_among};
