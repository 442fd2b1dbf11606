//! Rules of service clients: how far they reach, how many secrets they have.

use crate::auth::ClientScope;
use crate::kit::code::codes;
use crate::kit::id::MunicipalityId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Secrets of a client in force at most: the one in use, its successor, and some to spare.
pub const MOST_SECRETS: usize = 5;
/// Characters of a secret that stay readable, so that a person tells it from the others.
pub const HINT: usize = 8;

codes! {
    /// State of a client.
    ClientStatus {
        /// Gets tokens.
        Active = "active", "действует", "active";
        /// Gets none, and those given open nothing.
        Blocked = "blocked", "заблокирован", "blocked";
    }
}

/// How far a client reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// A region,
    pub region_code: Option<String>,
    /// or one municipality.
    pub municipality_id: Option<MunicipalityId>,
}

impl Reach {
    /// What is wrong when it is neither or both.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        match (&self.region_code, &self.municipality_id) {
            (Some(_), None) | (None, Some(_)) => None,
            (None, None) => Some(Violation::new(
                "/region_code",
                "required",
                Bi::fixed("Укажите регион или один муниципалитет", "Name a region or one municipality"),
            )),
            (Some(_), Some(_)) => Some(Violation::new(
                "/municipality_id",
                "one-reach",
                Bi::fixed(
                    "Укажите либо регион, либо один муниципалитет",
                    "Name either a region or one municipality",
                ),
            )),
        }
    }
}

/// Every scope that stands twice.
#[must_use]
pub fn repeated(scopes: &[ClientScope]) -> Vec<Violation> {
    let twice =
        |(place, scope): &(usize, &ClientScope)| scopes.iter().take(*place).any(|other| other == *scope);
    let found = scopes.iter().enumerate().filter(twice);
    found
        .map(|(place, _)| {
            Violation::new(
                format!("/scopes/{place}"),
                "not-unique",
                Bi::fixed("Право указано дважды", "The scope stands twice"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reaches_a_region_or_one_municipality() {
        let reach = |region: bool, municipality: bool| {
            let reach = Reach {
                region_code: region.then(|| "57".to_owned()),
                municipality_id: municipality.then(MunicipalityId::generate),
            };
            reach.violation().map(|violation| violation.pointer)
        };
        assert_eq!(reach(true, false), None);
        assert_eq!(reach(false, true), None);
        assert_eq!(reach(false, false).as_deref(), Some("/region_code"));
        assert_eq!(reach(true, true).as_deref(), Some("/municipality_id"));
    }

    #[test]
    fn a_scope_stands_once() {
        use ClientScope::{NotesRead, SchoolsRead};
        assert!(repeated(&[NotesRead, SchoolsRead]).is_empty());
        let found = repeated(&[NotesRead, SchoolsRead, NotesRead]);
        assert_eq!(
            found.iter().map(|violation| violation.pointer.as_str()).collect::<Vec<_>>(),
            ["/scopes/2"]
        );
    }
}
