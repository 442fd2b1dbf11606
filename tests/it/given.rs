//! Fixtures: municipalities, schools and people, put into the database directly, so that
//! a story spends its time on what it tells.

use diesel::RunQueryDsl;
use diesel::prelude::*;
use school_roadmap::db::schema::{account_schools, accounts, municipalities, schools, sessions};
use school_roadmap::kit::id::{AccountId, MunicipalityId, SchoolId, SessionId};
use school_roadmap::kit::text;

use crate::app::TestApp;
use crate::client::Client;

/// Valid pairs of INN and OGRN, invented for tests.
const CODES: [(&str, &str); 4] = [
    ("5799000019", "1025799000017"),
    ("5799000026", "1025799000028"),
    ("5799000033", "1025799000039"),
    ("5799000040", "1025799000040"),
];

impl TestApp {
    /// A municipality of region 57.
    pub fn given_municipality(&self, name: &str) -> MunicipalityId {
        self.given_municipality_in(name, "57")
    }

    /// A municipality of a region.
    pub fn given_municipality_in(&self, name: &str, region: &str) -> MunicipalityId {
        let id = MunicipalityId::generate();
        let now = self.clock.now().naive_utc();
        diesel::insert_into(municipalities::table)
            .values((
                municipalities::id.eq(&id),
                municipalities::name.eq(name),
                municipalities::name_folded.eq(text::folded(name)),
                municipalities::kind.eq("municipal_district"),
                municipalities::region_code.eq(region),
                municipalities::authority_name.eq("Отдел образования"),
                municipalities::place.eq("пгт Хотынец"),
                municipalities::version.eq(1),
                municipalities::created_at.eq(now),
                municipalities::updated_at.eq(now),
            ))
            .execute(&mut self.connection())
            .unwrap();
        id
    }

    /// A secondary school; `number` 0 to 3 chooses its codes.
    pub fn given_school(&self, municipality: &MunicipalityId, name: &str, number: usize) -> SchoolId {
        let (inn, ogrn) = CODES[number];
        let levels = r#"["primary","basic","secondary"]"#;
        self.given_school_with(municipality, name, inn, ogrn, levels)
    }

    /// A school with these codes and education levels (JSON).
    pub fn given_school_with(
        &self,
        municipality: &MunicipalityId,
        name: &str,
        inn: &str,
        ogrn: &str,
        levels: &str,
    ) -> SchoolId {
        let id = SchoolId::generate();
        let now = self.clock.now().naive_utc();
        diesel::insert_into(schools::table)
            .values((
                schools::id.eq(&id),
                schools::municipality_id.eq(municipality),
                schools::short_name.eq(name),
                schools::short_name_folded.eq(text::folded(name)),
                schools::search_text.eq(text::folded(&format!("{name} {inn} {ogrn}"))),
                schools::legal_form.eq("mbou"),
                schools::school_kind.eq("sosh"),
                schools::education_levels.eq(levels),
                schools::inn.eq(inn),
                schools::ogrn.eq(ogrn),
                schools::status.eq("active"),
                schools::version.eq(1),
                schools::created_at.eq(now),
                schools::updated_at.eq(now),
            ))
            .execute(&mut self.connection())
            .unwrap();
        id
    }

    /// The head of a municipality's department, signed in.
    pub fn as_head(&self, municipality: &MunicipalityId) -> Client {
        self.signed_in("municipal_head", Some(municipality), None, None)
    }

    /// A specialist of a municipality's department, signed in.
    pub fn as_officer(&self, municipality: &MunicipalityId) -> Client {
        self.signed_in("municipal_officer", Some(municipality), None, None)
    }

    /// The head of a school, signed in.
    pub fn as_school_head(&self, municipality: &MunicipalityId, school: &SchoolId) -> Client {
        self.signed_in("school_head", Some(municipality), Some(school), None)
    }

    /// A deputy head of a school, signed in.
    pub fn as_operator(&self, municipality: &MunicipalityId, school: &SchoolId) -> Client {
        self.signed_in("school_operator", Some(municipality), Some(school), None)
    }

    /// A regional reader, signed in.
    pub fn as_region(&self, code: &str) -> Client {
        self.signed_in("regional_viewer", None, None, Some(code))
    }

    /// An administrator, signed in.
    pub fn as_admin(&self) -> Client {
        self.signed_in("admin", None, None, None)
    }

    /// A curator of these schools, signed in.
    pub fn as_curator(&self, municipality: &MunicipalityId, assigned: &[&SchoolId]) -> Client {
        let (client, account) = self.account("curator", Some(municipality), None, None);
        for school in assigned {
            diesel::insert_into(account_schools::table)
                .values((account_schools::account_id.eq(&account), account_schools::school_id.eq(*school)))
                .execute(&mut self.connection())
                .unwrap();
        }
        client
    }

    fn signed_in(
        &self,
        role: &str,
        municipality: Option<&MunicipalityId>,
        school: Option<&SchoolId>,
        region: Option<&str>,
    ) -> Client {
        self.account(role, municipality, school, region).0
    }

    /// A client signed in for a new account, and the account.
    pub fn account(
        &self,
        role: &str,
        municipality: Option<&MunicipalityId>,
        school: Option<&SchoolId>,
        region: Option<&str>,
    ) -> (Client, AccountId) {
        let (account, session) = (AccountId::generate(), SessionId::generate());
        let now = self.clock.now();
        let stored = now.naive_utc();
        let login = format!("{role}-{account}");
        diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(&account),
                accounts::login.eq(&login),
                accounts::search_text.eq(&login),
                accounts::role.eq(role),
                accounts::region_code.eq(region),
                accounts::municipality_id.eq(municipality),
                accounts::school_id.eq(school),
                accounts::status.eq("active"),
                accounts::must_change_password.eq(false),
                accounts::version.eq(1),
                accounts::created_at.eq(stored),
                accounts::updated_at.eq(stored),
            ))
            .execute(&mut self.connection())
            .unwrap();
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(&session),
                sessions::account_id.eq(&account),
                sessions::refresh_hash.eq(session.as_str()),
                sessions::rotated_at.eq(stored),
                sessions::expires_at.eq(stored + chrono::Duration::days(3650)),
                sessions::created_at.eq(stored),
            ))
            .execute(&mut self.connection())
            .unwrap();
        let claims = (region.map(str::to_owned), municipality.cloned(), school.cloned());
        let token =
            TokenSource { app: self, account: account.clone(), session, role: role.to_owned(), claims };
        (self.with_token(&token.issue()), account)
    }
}

struct TokenSource<'a> {
    app: &'a TestApp,
    account: AccountId,
    session: SessionId,
    role: String,
    claims: (Option<String>, Option<MunicipalityId>, Option<SchoolId>),
}

impl TokenSource<'_> {
    fn issue(self) -> String {
        let now = self.app.clock.now();
        let Self { app, account, session, role, claims } = self;
        app.tokens.issue(now, account, session, &role, claims).unwrap()
    }
}
