//! Who may do what with orders.

use crate::auth::permit::actions;

actions! {
    /// Read orders.
    ReadOrders = reads [MunicipalHead, MunicipalOfficer, RegionalViewer];
    /// Draft, change and delete drafts.
    DraftOrders = writes [MunicipalHead, MunicipalOfficer];
    /// Register and repeal.
    RegisterOrders = writes [MunicipalHead];
}
