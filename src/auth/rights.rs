//! Who calls and where his rights come from: a person's role, or a client's scopes.

use super::client_scope::ClientScope;
use super::permit::Action;
use super::role::Role;
use crate::kit::code::Code;
use crate::kit::id::{AccountId, ClientId, SessionId};

/// Code under which the audit and the feed name service clients.
pub const SERVICE: &str = "service";

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person with an account here.
    Person {
        /// The account.
        account: AccountId,
        /// The session of the token.
        session: SessionId,
    },
    /// A service client registered here.
    Client(ClientId),
    /// Somebody whom the outside issuer vouches for, by a digest of its `iss` and `sub`.
    Outsider(String),
}

impl Who {
    /// The id under which the audit and idempotency keys know the caller.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Person { account, .. } => account.as_str(),
            Self::Client(id) => id.as_str(),
            Self::Outsider(digest) => digest,
        }
    }
}

/// Where rights come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// A person's role; a head's while acting.
    Role(Role),
    /// The scopes of a client.
    Scopes(Vec<ClientScope>),
}

impl Rights {
    /// Whether they allow `A`.
    #[must_use]
    pub fn allow<A: Action>(&self) -> bool {
        match self {
            Self::Role(role) => A::ROLES.contains(role),
            Self::Scopes(scopes) => A::CLIENTS.iter().any(|scope| scopes.contains(scope)),
        }
    }

    /// The person's role; clients have none.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Role(role) => Some(*role),
            Self::Scopes(_) => None,
        }
    }

    /// The code that the audit and the feed name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.role().map_or(SERVICE, Role::as_str)
    }
}
