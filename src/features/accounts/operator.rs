//! What the operator does with accounts by the command line, past the API.

use anyhow::{anyhow, ensure};

use super::domain::{LOGIN_LENGTH, Placement, is_login};
use super::flow::{self, NewAccount};
use crate::auth::{Role, Scope, password};
use crate::db::{self, Actor, AnyConnection, Mode};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::code::Code;
use crate::kit::id::AccountId;

/// A new account by the code of its role, without any scope yet.
///
/// # Errors
///
/// No such role; the message lists them.
pub fn new_account(login: &str, role: &str) -> anyhow::Result<NewAccount> {
    let known = Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let role = Role::parse(role).ok_or_else(|| anyhow!("no role {role}; the roles are {known}"))?;
    Ok(NewAccount {
        login: login.to_owned(),
        full_name: None,
        position: None,
        placement: Placement::of(role),
    })
}

/// Makes an account of any role and returns its id and its one-time password, which opens
/// it for 7 days. The audit names the role `operator` and no account.
///
/// # Errors
///
/// The login is taken or no login; the role lacks a scope member or has one too many; a
/// municipality or school does not exist; the database fails.
pub fn create_by_operator(
    conn: &mut AnyConnection,
    clock: &Clock,
    new: NewAccount,
) -> anyhow::Result<(AccountId, String)> {
    ensure!(
        is_login(&new.login),
        "a login has {} to {} letters, digits, dots, underscores, at signs or hyphens",
        LOGIN_LENGTH.start(),
        LOGIN_LENGTH.end()
    );
    let one_time = password::one_time()?;
    let hash = password::hash(&one_time)?;
    let account = db::transact(conn, &Actor::operator(), clock.now(), Mode::Keep, |tx| {
        flow::create(tx, &Scope::Service, new, hash)
    })
    .map_err(in_words)?;
    Ok((account.row.id, one_time))
}

/// A refusal as one line for the terminal.
fn in_words(error: Error) -> anyhow::Error {
    let Error::Refused(refusal) = error else {
        return error.into();
    };
    let mut text = refusal.problem.title.en.to_string();
    for violation in &refusal.violations {
        text.push_str(&format!("; {}: {}", violation.pointer, violation.detail.en));
    }
    anyhow!(text)
}
