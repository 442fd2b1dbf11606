//! Accounts of the people who sign in: officials, heads of schools and their deputies.
//!
//! States: active -block-> blocked -unblock-> active; either -anonymise-> anonymised. An
//! account opens with a one-time password, good for 7 days, which has to be changed first.
//! Sessions live in `sign_in`: blocking, a reset and a change of password end them all.

mod domain;
mod flow;
mod http;
mod operator;
mod policy;
mod sign_in;
mod store;

pub use self::domain::{AccountStatus, Placement};
pub use self::flow::NewAccount;
pub use self::http::configure;
pub use self::operator::{create_by_operator, new_account};
pub use self::policy::CATALOGUE;
pub use self::store::is_any;
