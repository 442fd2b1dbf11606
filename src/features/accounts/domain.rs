//! Rules of accounts: states, what each role needs to have a scope, logins.

pub mod password;

use chrono::NaiveDate;

use crate::auth::Role;
use crate::kit::code::codes;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Characters of a login, at least and at most.
pub const LOGIN_LENGTH: std::ops::RangeInclusive<usize> = 3..=100;

codes! {
    /// State of an account.
    AccountStatus {
        /// Can sign in.
        Active = "active", "действует", "active";
        /// Cannot sign in until it is unblocked.
        Blocked = "blocked", "заблокирована", "blocked";
        /// The person is erased; the id stays, for the audit.
        Anonymised = "anonymised", "обезличена", "anonymised";
    }
}

/// What can be done with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change name, position, role or scope.
    Update,
    /// Keep out of the service.
    Block,
    /// Let in again.
    Unblock,
    /// Give a new one-time password.
    ResetPassword,
    /// Erase the person.
    Anonymise,
}

impl Step {
    /// Codes of what stands in the way; empty when nothing does. `own`: the account is the
    /// caller's. Nobody blocks, erases or resets himself: a password is changed by its owner
    /// with the current one.
    #[must_use]
    pub fn blockers(self, status: AccountStatus, own: bool) -> Vec<&'static str> {
        let mut found = Vec::new();
        if own && self != Self::Update {
            found.push("own-account");
        }
        match (self, status) {
            (_, AccountStatus::Anonymised) => found.push("account-anonymised"),
            (Self::Block | Self::ResetPassword, AccountStatus::Blocked) => {
                found.push("account-blocked");
            }
            (Self::Unblock, AccountStatus::Active) => found.push("account-not-blocked"),
            _ => {}
        }
        found
    }
}

/// Role and scope of an account: where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Its role.
    pub role: Role,
    /// The region, for regional readers.
    pub region_code: Option<String>,
    /// The municipality, for everybody who works within one.
    pub municipality_id: Option<MunicipalityId>,
    /// The school, for its own people.
    pub school_id: Option<SchoolId>,
    /// The assigned schools, for curators.
    pub school_ids: Vec<SchoolId>,
    /// The last day with the head's rights, for those who can stand in for one.
    pub acting_until: Option<NaiveDate>,
}

impl Placement {
    /// A role without any scope yet.
    #[must_use]
    pub fn of(role: Role) -> Self {
        Self {
            role,
            region_code: None,
            municipality_id: None,
            school_id: None,
            school_ids: Vec::new(),
            acting_until: None,
        }
    }

    /// Every member that the role needs and lacks, or has and must not have.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let [region, municipality, school, schools] = match self.role {
            Role::Admin => [false; 4],
            Role::RegionalViewer => [true, false, false, false],
            Role::MunicipalHead | Role::MunicipalOfficer => [false, true, false, false],
            Role::SchoolHead | Role::SchoolOperator => [false, true, true, false],
            Role::Curator => [false, true, false, true],
        };
        let members = [
            ("/region_code", region, self.region_code.is_some()),
            ("/municipality_id", municipality, self.municipality_id.is_some()),
            ("/school_id", school, self.school_id.is_some()),
            ("/school_ids", schools, !self.school_ids.is_empty()),
        ];
        let mut violations = Vec::new();
        for (pointer, needed, given) in members {
            match (needed, given) {
                (true, false) => violations.push(Violation::new(
                    pointer,
                    "required",
                    Bi::fixed("Поле обязательно для этой роли", "The role needs this member"),
                )),
                (false, true) => violations.push(not_of_role(pointer)),
                _ => {}
            }
        }
        for (place, id) in self.school_ids.iter().enumerate() {
            if self.school_ids.iter().take(place).any(|other| other == id) {
                violations.push(Violation::new(
                    format!("/school_ids/{place}"),
                    "not-unique",
                    Bi::fixed("Школа указана дважды", "The school stands twice"),
                ));
            }
        }
        if self.acting_until.is_some() && self.role.acting_as() == self.role {
            violations.push(not_of_role("/acting_until"));
        }
        violations
    }
}

fn not_of_role(pointer: &str) -> Violation {
    Violation::new(
        pointer,
        "not-of-role",
        Bi::fixed("Для этой роли поле не заполняется", "The role does not have this member"),
    )
}

/// Whether `text` can be a login: letters, digits, dot, underscore, `@`, hyphen. The schema
/// of the API says the same; this is for the command line.
#[must_use]
pub fn is_login(text: &str) -> bool {
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, 'А'..='я' | 'Ё' | 'ё' | '.' | '_' | '@' | '-');
    LOGIN_LENGTH.contains(&text.chars().count()) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    #[test]
    fn every_step_is_blocked_outside_its_state_and_for_oneself() {
        use AccountStatus::{Active, Anonymised, Blocked};
        for status in AccountStatus::ALL.iter().copied() {
            let free = |step: Step| step.blockers(status, false).is_empty();
            assert_eq!(free(Step::Update), status != Anonymised);
            assert_eq!(free(Step::Anonymise), status != Anonymised);
            assert_eq!(free(Step::Block), status == Active);
            assert_eq!(free(Step::ResetPassword), status == Active);
            assert_eq!(free(Step::Unblock), status == Blocked);
            for step in [Step::Block, Step::Unblock, Step::ResetPassword, Step::Anonymise] {
                assert!(step.blockers(status, true).contains(&"own-account"));
            }
        }
    }

    #[test]
    fn each_role_has_its_own_scope_and_no_other() {
        let full = |role| Placement {
            region_code: Some("57".to_owned()),
            municipality_id: Some(MunicipalityId::generate()),
            school_id: Some(SchoolId::generate()),
            school_ids: vec![SchoolId::generate()],
            acting_until: NaiveDate::from_ymd_opt(2023, 3, 1),
            ..Placement::of(role)
        };
        let named = |placement: Placement| -> Vec<String> {
            let violations = placement.violations();
            violations.into_iter().map(|v| v.pointer).collect()
        };
        let expected: [(Role, &[&str], &[&str]); 7] = [
            (
                Role::Admin,
                &[],
                &["/region_code", "/municipality_id", "/school_id", "/school_ids", "/acting_until"],
            ),
            (
                Role::MunicipalHead,
                &["/municipality_id"],
                &["/region_code", "/school_id", "/school_ids", "/acting_until"],
            ),
            (Role::MunicipalOfficer, &["/municipality_id"], &["/region_code", "/school_id", "/school_ids"]),
            (
                Role::SchoolHead,
                &["/municipality_id", "/school_id"],
                &["/region_code", "/school_ids", "/acting_until"],
            ),
            (Role::SchoolOperator, &["/municipality_id", "/school_id"], &["/region_code", "/school_ids"]),
            (
                Role::Curator,
                &["/municipality_id", "/school_ids"],
                &["/region_code", "/school_id", "/acting_until"],
            ),
            (
                Role::RegionalViewer,
                &["/region_code"],
                &["/municipality_id", "/school_id", "/school_ids", "/acting_until"],
            ),
        ];
        for (role, needed, foreign) in expected {
            assert_eq!(named(Placement::of(role)), needed, "{role} without scope");
            assert_eq!(named(full(role)), foreign, "{role} with every scope");
        }
    }

    #[test]
    fn a_login_is_a_word_of_three_to_a_hundred_characters() {
        for good in ["abc", "Иванова-Ё.2", "a@b.ru", &"x".repeat(100)] {
            assert!(is_login(good), "{good}");
        }
        for bad in ["ab", "", "a b c", "abc\n", "a/bc", &"x".repeat(101)] {
            assert!(!is_login(bad), "{bad:?}");
        }
    }
}
