//! The measures of road maps.

mod export;
mod flow;
mod flow_import;
mod http;
mod shape;
mod store;
mod text;

pub use self::export::export as export_measures;
pub use self::flow::create as create_measures;
pub use self::flow_import::replace_measures;
pub use self::http::configure;
pub use self::shape::{MeasureIn, MeasureOut};
pub use self::store::{MeasureRow, measure_codes_of, measure_rows_of, measures_of, views as measure_views};
pub(super) use self::store::{delete_of, insert};
pub use self::text::MeasureText;
pub(super) use self::text::check_texts;
