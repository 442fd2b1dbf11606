//! What a service client may be allowed: the scopes of the contract, OAuth 2 (RFC 6749, 3.3).

use crate::kit::code::{Code, codes};

codes! {
    /// A scope of a service client.
    ClientScope {
        /// Read municipalities, schools and school calendars.
        SchoolsRead = "schools:read", "чтение муниципалитетов, школ и календарей", "read municipalities, schools and calendars";
        /// Create and change schools.
        SchoolsWrite = "schools:write", "внесение и изменение школ", "create and change schools";
        /// Read orders.
        OrdersRead = "orders:read", "чтение приказов", "read orders";
        /// Enter orders; a region's own orders are in force at once.
        OrdersWrite = "orders:write", "внесение приказов", "enter orders";
        /// Read support lists.
        ListsRead = "lists:read", "чтение перечней школ", "read support lists";
        /// Enter support lists and change their entries by order.
        ListsWrite = "lists:write", "ведение перечней школ", "enter support lists";
        /// Read road maps, measures and conclusion templates.
        PlansRead = "plans:read", "чтение дорожных карт", "read road maps";
        /// Read monitorings, accepted reports and conclusions.
        ReportsRead = "reports:read", "чтение мониторингов, принятых отчётов и выводов", "read monitorings, accepted reports and conclusions";
        /// Read indicators and their values.
        IndicatorsRead = "indicators:read", "чтение показателей", "read indicators";
        /// Read issued recommendations.
        RecommendationsRead = "recommendations:read", "чтение рекомендаций", "read recommendations";
        /// Read signed notes.
        NotesRead = "notes:read", "чтение подписанных справок", "read signed notes";
        /// Follow the changes of what the other scopes read.
        ChangesRead = "changes:read", "чтение ленты изменений", "follow the change feed";
        /// Manage the client's own webhooks.
        WebhooksManage = "webhooks:manage", "управление собственными веб-хуками", "manage its own webhooks";
    }
}

impl ClientScope {
    /// Whether it only lets read.
    #[must_use]
    pub fn reads(self) -> bool {
        self.as_str().ends_with(":read")
    }
}

/// Reads a list of scopes separated by spaces; `None` when one of them is unknown.
#[must_use]
pub fn parse(text: &str) -> Option<Vec<ClientScope>> {
    text.split(' ').filter(|part| !part.is_empty()).map(ClientScope::parse).collect()
}

/// Writes a list of scopes, separated by spaces, in the order of the contract.
#[must_use]
pub fn write(scopes: &[ClientScope]) -> String {
    let ordered = ClientScope::ALL.iter().filter(|scope| scopes.contains(scope));
    ordered.map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_between_spaces() {
        let both = vec![ClientScope::NotesRead, ClientScope::SchoolsRead];
        assert_eq!(parse("notes:read schools:read"), Some(both.clone()));
        assert_eq!(parse(" "), Some(Vec::new()));
        assert_eq!(parse("notes:read admin"), None);
        assert_eq!(write(&both), "schools:read notes:read");
    }
}
