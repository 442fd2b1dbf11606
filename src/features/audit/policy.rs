//! Who may read the audit.

use crate::auth::permit::actions;

actions! {
    /// Read the audit: an administrator all of it, a head that of the own municipality.
    ReadAudit = reads [Admin, MunicipalHead];
}
