//! Values of indicators: what was counted in a school or municipality in a period.

mod export;
mod flow;
mod flow_told;
mod http;
mod period;
mod shape;
mod store;

pub use self::export::export as export_values;
pub use self::flow_told::{Counted, Telling, confirm, reopen};
pub use self::http::configure;
pub use self::period::ValueState;
pub use self::store::{ValueRow, confirmed_within, of_period};
