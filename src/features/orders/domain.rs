//! Rules of orders.

use crate::kit::code::codes;

codes! {
    /// State of an order.
    OrderStatus {
        /// Can be changed and deleted.
        Draft = "draft", "проект", "draft";
        /// In force, immutable.
        Registered = "registered", "зарегистрирован", "registered";
        /// No longer in force, still readable.
        Repealed = "repealed", "отменён", "repealed";
    }
}

codes! {
    /// Level of the body that issued an order.
    IssuerLevel {
        /// Federal body.
        Federal = "federal", "федеральный", "federal";
        /// Body of the region.
        Regional = "regional", "региональный", "regional";
        /// Body of the municipality.
        Municipal = "municipal", "муниципальный", "municipal";
        /// A school.
        School = "school", "школьный", "school";
    }
}

codes! {
    /// What an order is about.
    OrderKind {
        /// Approves a support list.
        List = "list", "о перечне школ", "support list";
        /// Approves a road map.
        RoadMap = "road_map", "о дорожной карте", "road map";
        /// Orders a monitoring.
        Monitoring = "monitoring", "о мониторинге", "monitoring";
        /// Assigns people or duties.
        Assignment = "assignment", "о закреплении", "assignment";
        /// Amends another order.
        Amendment = "amendment", "о внесении изменений", "amendment";
        /// Anything else.
        Other = "other", "иное", "other";
    }
}

/// What can be done with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change a draft.
    Update,
    /// Delete a draft.
    Delete,
    /// Put a draft into force.
    Register,
    /// End a registered order.
    Repeal,
}

impl Step {
    /// Codes of what stands in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, status: OrderStatus) -> Vec<&'static str> {
        match (self, status) {
            (Self::Update | Self::Delete | Self::Register, OrderStatus::Draft)
            | (Self::Repeal, OrderStatus::Registered) => vec![],
            (Self::Repeal, OrderStatus::Draft) => vec!["order-not-registered"],
            (Self::Repeal, _) => vec!["order-repealed"],
            _ => vec!["order-not-draft"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    #[test]
    fn every_pair_outside_the_diagram_is_blocked() {
        use OrderStatus::{Draft, Registered};
        for step in [Step::Update, Step::Delete, Step::Register, Step::Repeal] {
            for status in OrderStatus::ALL {
                let allowed = matches!(
                    (step, status),
                    (Step::Update | Step::Delete | Step::Register, Draft) | (Step::Repeal, Registered)
                );
                assert_eq!(step.blockers(*status).is_empty(), allowed, "{step:?} {status:?}");
            }
        }
    }
}
