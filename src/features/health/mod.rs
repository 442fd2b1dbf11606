//! Whether the process lives, and whether it can work.

mod http;

pub use self::http::configure;
