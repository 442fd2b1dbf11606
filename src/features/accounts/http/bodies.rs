//! What goes in and out of the operations on accounts.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Caller, Role};
use crate::error::Error;
use crate::features::accounts::domain::{AccountStatus, Placement, Step};
use crate::features::accounts::flow::{Details, NewAccount};
use crate::features::accounts::policy;
use crate::features::accounts::store::{Account, Narrowed};
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{AccountId, MunicipalityId, SchoolId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// A new account. Which scope members it needs follows from the role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "login": "ivanova", "full_name": "Иванова Анна Петровна", "position": "заместитель директора по УВР",
    "role": "school_operator", "school_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab"
}))]
pub struct AccountIn {
    /// Login: letters, digits, `.`, `_`, `@`, `-`; kept in lower case, unique in the service.
    #[schema(min_length = 3, max_length = 100, pattern = "^[0-9A-Za-zА-Яа-яЁё._@-]+$")]
    login: String,
    /// Name of the person.
    #[schema(min_length = 1, max_length = 255)]
    full_name: String,
    /// Position.
    #[schema(min_length = 1, max_length = 255)]
    position: Option<String>,
    /// Role.
    pub role: Role,
    /// The municipality; for the department's head his own when left out.
    municipality_id: Option<MunicipalityId>,
    /// The school, for its head and deputies.
    school_id: Option<SchoolId>,
    /// The assigned schools, for a curator.
    #[serde(default)]
    #[schema(max_items = 200)]
    school_ids: Vec<SchoolId>,
    /// The region, for a regional reader.
    #[schema(pattern = "^[0-9]{2}$")]
    region_code: Option<String>,
    /// The last day with the head's rights, for an officer or a deputy head of a school.
    pub acting_until: Option<NaiveDate>,
}

impl From<AccountIn> for NewAccount {
    fn from(given: AccountIn) -> Self {
        Self {
            login: given.login,
            full_name: Some(given.full_name),
            position: given.position,
            placement: Placement {
                role: given.role,
                region_code: given.region_code,
                municipality_id: given.municipality_id,
                school_id: given.school_id,
                school_ids: given.school_ids,
                acting_until: given.acting_until,
            },
        }
    }
}

/// Changes of an account: absent members stay, null clears. Role and school are changed by
/// administrators only.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"position": "заместитель директора по УВР", "acting_until": "2023-12-31"}))]
pub struct AccountPatch {
    /// Name of the person.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    full_name: Option<String>,
    /// Position.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    position: Option<Option<String>>,
    /// The last day with the head's rights.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NaiveDate>)]
    acting_until: Option<Option<NaiveDate>>,
    /// The assigned schools of a curator, all of them.
    #[schema(max_items = 200, nullable = false)]
    school_ids: Option<Vec<SchoolId>>,
    /// Role.
    #[schema(nullable = false)]
    role: Option<Role>,
    /// The school.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SchoolId>)]
    school_id: Option<Option<SchoolId>>,
}

impl AccountPatch {
    /// Whether it moves the account: its role or its school.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.role.is_some() || self.school_id.is_some()
    }

    /// Whether it lends the head's rights.
    #[must_use]
    pub fn lends(&self) -> bool {
        matches!(self.acting_until, Some(Some(_)))
    }

    /// The details with these changes.
    #[must_use]
    pub fn over(self, details: Details) -> Details {
        let placement = details.placement;
        Details {
            full_name: self.full_name.or(details.full_name),
            position: self.position.unwrap_or(details.position),
            placement: Placement {
                role: self.role.unwrap_or(placement.role),
                school_id: self.school_id.unwrap_or(placement.school_id),
                school_ids: self.school_ids.unwrap_or(placement.school_ids),
                acting_until: self.acting_until.unwrap_or(placement.acting_until),
                ..placement
            },
        }
    }
}

/// An account. The password is never shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountOut {
    id: AccountId,
    version: i32,
    status: AccountStatus,
    status_label: &'static str,
    login: String,
    /// Null once anonymised.
    full_name: Option<String>,
    position: Option<String>,
    role: Role,
    role_label: &'static str,
    region_code: Option<String>,
    municipality_id: Option<MunicipalityId>,
    school_id: Option<SchoolId>,
    /// The assigned schools of a curator; empty for other roles.
    school_ids: Vec<SchoolId>,
    /// The last day with the head's rights.
    acting_until: Option<NaiveDate>,
    /// Whether the password is a one-time one.
    must_change_password: bool,
    /// Until when a one-time password opens.
    one_time_password_expires_at: Option<DateTime<Utc>>,
    /// The last day on which an account of a closed school reads.
    read_only_until: Option<NaiveDate>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// An account with the one-time password that opens it: shown once.
#[derive(Serialize, ToSchema)]
pub struct AccountWithPassword {
    #[serde(flatten)]
    account: AccountOut,
    /// Opens the account for 7 days, and only to change it; hand it over in person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "abcd-efgh-jkmn-pqrs")]
    one_time_password: Option<String>,
}

/// A page of accounts.
#[derive(Serialize, ToSchema)]
pub struct AccountPage {
    items: Vec<AccountOut>,
    page: crate::web::query::PageOut,
}

impl AccountOut {
    /// What `caller` sees of the account.
    #[must_use]
    pub fn of(account: Account, lang: Lang, caller: &Caller) -> Self {
        let Account { row, school_ids } = account;
        let own = caller.is(&row.id);
        let manages = caller.may::<policy::ManageAccounts>() && policy::manages(caller, row.role);
        let erases = caller.may::<policy::AnonymiseAccounts>();
        let action = |name, may, step: Step| ActionOut::new(name, may, &step.blockers(row.status, own));
        Self {
            actions: vec![
                action("update", manages, Step::Update),
                action("block", manages, Step::Block),
                action("unblock", manages, Step::Unblock),
                action("reset-password", manages, Step::ResetPassword),
                action("anonymise", erases, Step::Anonymise),
            ],
            id: row.id,
            version: row.version,
            status: row.status,
            status_label: row.status.label(lang),
            login: row.login,
            full_name: row.full_name,
            position: row.position,
            role: row.role,
            role_label: row.role.label(lang),
            region_code: row.region_code,
            municipality_id: row.municipality_id,
            school_id: row.school_id,
            school_ids,
            acting_until: row.acting_until,
            must_change_password: row.must_change_password,
            one_time_password_expires_at: row.password_expires_at.map(utc),
            read_only_until: row.read_only_until,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    /// The answer with the account.
    ///
    /// # Errors
    ///
    /// It cannot be written as JSON: a fault of the program.
    pub fn answer(account: Account, lang: Lang, caller: &Caller) -> Result<Answer, Error> {
        resource(account.row.version, &Self::of(account, lang, caller))
    }

    /// The answer with the account and the one-time password that opens it; a rehearsal
    /// has none.
    ///
    /// # Errors
    ///
    /// As [`answer`](Self::answer).
    pub fn answer_with(
        account: Account,
        lang: Lang,
        caller: &Caller,
        one_time_password: Option<String>,
    ) -> Result<Answer, Error> {
        let version = account.row.version;
        let body = AccountWithPassword { account: Self::of(account, lang, caller), one_time_password };
        Ok(resource(version, &body)?.with_secret())
    }
}

/// Filters of the list of accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountFilter {
    /// Any of these roles, comma-separated.
    #[param(value_type = Option<String>, example = "school_head,school_operator")]
    role: Option<AnyOf<Role>>,
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "active,blocked")]
    status: Option<AnyOf<AccountStatus>>,
    /// Of any of these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// Of the people of any of these schools, comma-separated.
    #[param(value_type = Option<String>)]
    school_id: Option<AnyOf<SchoolId>>,
    /// Text to find in login, name and position.
    q: Option<String>,
}

impl Filter for AccountFilter {
    const SORTS: &'static [&'static str] = &["login"];
}

impl AccountFilter {
    /// As the store takes it.
    #[must_use]
    pub fn narrowed(&self) -> Narrowed {
        Narrowed {
            role: self.role.clone().map(|any| any.0),
            status: self.status.clone().map(|any| any.0),
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            school_id: self.school_id.clone().map(|any| any.0),
            q: self.q.clone(),
        }
    }
}
