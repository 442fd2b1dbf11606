//! The catalogue: which indicators there are, and what each means.

mod export;
mod flow;
mod http;
mod shape;
mod shipped;
mod store;

pub use self::export::export as export_indicators;
pub use self::flow::{Declared, unusable};
pub use self::http::configure;
pub use self::shipped::ensure as ensure_shipped;
pub use self::store::{IndicatorRow, by_codes, find, find_many};
