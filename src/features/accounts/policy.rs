//! Who may do what with accounts, and with his own.

use crate::auth::permit::actions;
use crate::auth::{Caller, Role};

actions! {
    /// Read accounts.
    ReadAccounts = reads [Admin, MunicipalHead];
    /// Create, change, block, unblock and reset those that [`manages`] allows.
    ManageAccounts = writes [Admin, MunicipalHead];
    /// Erase the person of an account.
    AnonymiseAccounts = writes [Admin];
    /// Read what oneself is and may.
    ReadOwnAccount = always [Admin, MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer] or any;
    /// Change one's own password; also before the first one was changed.
    ChangeOwnPassword = always [Admin, MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer];
    /// Sign out.
    SignOut = always [Admin, MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer];
}

/// Whether the caller may create and change accounts of this role: a department's head
/// manages its officers, curators and schools, nobody of his own rank or above.
#[must_use]
pub fn manages(caller: &Caller, role: Role) -> bool {
    match caller.rights.role() {
        Some(Role::Admin) => true,
        Some(Role::MunicipalHead) => {
            matches!(role, Role::MunicipalOfficer | Role::SchoolHead | Role::SchoolOperator | Role::Curator)
        }
        _ => false,
    }
}

/// Whether the caller may change role and school of an account.
#[must_use]
pub fn moves(caller: &Caller) -> bool {
    caller.rights.role() == Some(Role::Admin)
}

/// Whether the caller may lend a head's rights: who has them only lent does not lend them on.
#[must_use]
pub fn lends(caller: &Caller) -> bool {
    !caller.acting
}
