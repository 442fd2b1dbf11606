//! Who may do what with service clients.

use crate::auth::permit::actions;

actions! {
    /// Read clients.
    ReadClients = reads [Admin];
    /// Register, change, block and remove clients, and manage their secrets.
    ManageClients = writes [Admin];
}
