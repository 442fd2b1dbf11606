//! Who may do what with webhooks.

use crate::auth::permit::actions;

actions! {
    /// Read webhooks and their deliveries: a client its own, an administrator all.
    ReadWebhooks = reads [Admin] or [WebhooksManage];
    /// Register, change and remove its own webhooks.
    ManageWebhooks = writes [] or [WebhooksManage];
}
