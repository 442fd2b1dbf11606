//! Signing in: sessions, their tokens, and what a person does with his own account.
//!
//! A session is one sign-in. Its refresh token is used once: each use gives the next one.
//! A client that lost the reply may repeat within seconds; a later repeat means that
//! somebody else has a copy, and ends the session.

mod flow;
mod http;
mod me;
mod store;

pub(super) use self::flow::end_all;
pub(super) use self::http::configure;
