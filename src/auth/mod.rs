//! Who is calling, what he may do, and how far that reaches.

pub mod attempts;
pub mod catalogue;
pub mod client_scope;
pub mod keys;
pub mod outside;
pub mod password;
pub mod permit;
pub mod rights;
pub mod role;
pub mod scope;
pub mod secret;
pub mod session;
pub mod token;
pub mod vault;

pub use self::client_scope::ClientScope;
pub use self::permit::{Action, Caller, Permit};
pub use self::rights::{Rights, Who};
pub use self::role::Role;
pub use self::scope::Scope;
