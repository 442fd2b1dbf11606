//! Who may follow what changes; each resource asks its own right besides.

use crate::auth::permit::actions;

actions! {
    /// Read the change feed, the export and the digest.
    ReadChanges = reads [RegionalViewer] or [ChangesRead];
}
