//! Who may do what with orders.

use crate::auth::permit::actions;

actions! {
    /// Read orders.
    ReadOrders = reads [MunicipalHead, MunicipalOfficer, RegionalViewer] or [OrdersRead];
    /// Draft, change and delete drafts.
    DraftOrders = writes [MunicipalHead, MunicipalOfficer] or [OrdersWrite];
    /// Register and repeal.
    RegisterOrders = writes [MunicipalHead] or [OrdersWrite];
}
