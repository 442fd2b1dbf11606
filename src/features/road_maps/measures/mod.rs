//! The measures of road maps.

mod flow;
mod http;
mod shape;
mod store;
mod text;

pub use self::http::configure;
pub use self::store::{MeasureRow, measure_rows_of, measures_of};
pub(super) use self::store::{delete_of, insert};
pub(super) use self::text::check_texts;
