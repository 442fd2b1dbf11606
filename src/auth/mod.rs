//! Who is calling, what he may do, and how far that reaches.

pub mod attempts;
pub mod catalogue;
pub mod keys;
pub mod password;
pub mod permit;
pub mod role;
pub mod scope;
pub mod session;
pub mod token;

pub use self::permit::{Action, Caller, Permit};
pub use self::role::Role;
pub use self::scope::Scope;
