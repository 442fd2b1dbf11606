//! Closed lists of codes: English `snake_case` in JSON and in the database, a label in two languages.

use super::lang::Lang;

/// A value of a closed list.
pub trait Code: Sized + Copy + 'static {
    /// Every value, in the order of the documents.
    const ALL: &'static [Self];

    /// The code, as in JSON and in the database.
    fn as_str(self) -> &'static str;

    /// The label for a person.
    fn label(self, lang: Lang) -> &'static str;

    /// Reads a code; `None` when it is not on the list.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

/// Declares a closed list: `Name = "code", "метка", "label";` lines.
///
/// Gives `serde`, `ToSchema`, `Display`, [`Code`], and TEXT on both databases.
macro_rules! codes {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $ru:literal, $en:literal;)+ }
    ) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize,
            ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = ::diesel::sql_types::Text)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $code)] $variant,)+
        }

        impl $crate::kit::code::Code for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            fn label(self, lang: $crate::kit::lang::Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, $crate::kit::lang::Lang::Ru) => $ru,
                    (Self::$variant, $crate::kit::lang::Lang::En) => $en,)+
                }
            }
        }

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                ::utoipa::openapi::ObjectBuilder::new()
                    .schema_type(::utoipa::openapi::Type::String)
                    .enum_values(Some([$($code),+]))
                    .description(Some(concat!($($code, " = ", $ru, " (", $en, "); "),+)))
                    .into()
            }
        }

        impl ::utoipa::ToSchema for $name {
            fn name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::kit::code::Code::as_str(*self))
            }
        }

        impl<DB> ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB> for $name
        where
            DB: ::diesel::backend::Backend,
            str: ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, DB>,
            ) -> ::diesel::serialize::Result {
                <str as ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>>::to_sql(
                    $crate::kit::code::Code::as_str(*self),
                    out,
                )
            }
        }

        impl<DB> ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB> for $name
        where
            DB: ::diesel::backend::Backend,
            String: ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let text = <String as ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB>>::from_sql(bytes)?;
                <Self as $crate::kit::code::Code>::parse(&text)
                    .ok_or_else(|| format!("unknown {} {text:?}", stringify!($name)).into())
            }
        }
    };
}
pub(crate) use codes;

#[cfg(test)]
mod tests {
    use super::{Code, Lang};

    super::codes! {
        /// A list of two.
        Weight {
            /// Not much.
            Light = "light", "лёгкий", "light";
            /// Very much.
            Heavy = "very_heavy", "очень тяжёлый", "very heavy";
        }
    }

    #[test]
    fn a_code_is_written_and_read_by_one_name() {
        assert_eq!(serde_json::to_string(&Weight::Heavy).unwrap(), "\"very_heavy\"");
        assert_eq!(Weight::parse("very_heavy"), Some(Weight::Heavy));
        assert_eq!(Weight::parse("VeryHeavy"), None);
        assert_eq!(Weight::Light.label(Lang::Ru), "лёгкий");
    }
}
