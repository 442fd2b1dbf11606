//! Identifiers: UUIDv7, made by the server, lower-case text, one type per resource.

use uuid::Uuid;

/// A new UUIDv7 in lower-case text; rises with time, so it also orders rows.
#[must_use]
pub fn new_uuid() -> String {
    Uuid::now_v7().to_string()
}

/// Whether `text` is a UUID in the one form the service writes: lower case, hyphens.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text)
}

/// Declares id types: text in JSON and in the database, distinct in code.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize,
            ::diesel_derive_newtype::DieselNewType, ::utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid", example = "0192f0c1-2a3b-7c4d-8e5f-0123456789ab")]
        pub struct $name(pub String);

        impl $name {
            /// A new one, made from the time and randomness.
            #[must_use]
            pub fn generate() -> Self {
                Self($crate::kit::id::new_uuid())
            }

            /// The text form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A municipality.
    MunicipalityId
    /// A school.
    SchoolId
    /// A person's account.
    AccountId
    /// A session: one sign-in with all its refresh tokens; of a client: one of its secrets.
    SessionId
    /// A service client.
    ClientId
    /// One secret of a service client.
    ClientSecretId
    /// A webhook of a service client.
    WebhookId
    /// One attempt to deliver an event to a webhook.
    DeliveryId
    /// An order (приказ).
    OrderId
    /// A support list (перечень).
    SupportListId
    /// One school in a support list.
    EntryId
    /// A version of a conclusion template.
    TemplateId
    /// An edition of a road map.
    RoadMapId
    /// A measure of one edition of a road map.
    MeasureId
    /// What a measure keeps through amendments and copies.
    LineageId
    /// A monitoring.
    MonitoringId
    /// A report.
    ReportId
    /// A piece of evidence.
    EvidenceId
    /// A remark on a report.
    RemarkId
    /// A recommendation.
    RecommendationId
    /// An indicator of the catalogue.
    IndicatorId
    /// A value of an indicator.
    IndicatorValueId
    /// A note.
    NoteId
    /// An import that runs by itself.
    JobId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_written_form_is_an_id() {
        assert!(is_uuid(&new_uuid()));
        assert!(is_uuid("0192f0c1-0000-7000-8000-000000000000"));
        assert!(!is_uuid("0192F0C1-0000-7000-8000-000000000000"));
        assert!(!is_uuid("0192f0c1000070008000000000000000"));
        assert!(!is_uuid("abc"));
    }
}
