//! Service clients: the portal and other programs that use the API in their own name.
//!
//! An administrator registers a client with its scopes and its reach, a region or one
//! municipality. It shows one of its secrets at `/oauth/token` (OAuth 2, RFC 6749, 4.4) and
//! gets an access token for 15 minutes. It reads what a regional reader reads there, and of
//! that only what its scopes name. Several secrets may be in force at once, so that one is
//! replaced by the next without a pause; ending a secret ends the tokens given for it.

mod domain;
mod flow;
mod http;
mod http_token;
mod policy;
mod shape;
mod store;

pub use self::domain::ClientStatus;
pub use self::flow::rights_of;
pub use self::http::configure;
pub use self::http_token::configure_beside;
pub use self::policy::CATALOGUE;
