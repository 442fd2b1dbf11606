//! JSON columns, which are TEXT on both databases.

use std::ops::Deref;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::result::Error::SerializationError;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value together with the JSON text that stands for it in the database.
///
/// Reading a row whose text is broken fails; it never gives a default. Two are equal when
/// their texts are: the text is always written by this program.
#[derive(Debug, Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Json<T: std::fmt::Debug> {
    text: String,
    value: T,
}

impl<T: std::fmt::Debug + Serialize> Json<T> {
    /// The value, ready to be stored.
    ///
    /// # Errors
    ///
    /// A serialization error: the value cannot be written as JSON.
    pub fn of(value: T) -> QueryResult<Self> {
        let text = serde_json::to_string(&value).map_err(|cause| SerializationError(Box::new(cause)))?;
        Ok(Self { text, value })
    }
}

impl<T: std::fmt::Debug> Json<T> {
    /// The value alone.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: std::fmt::Debug> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: std::fmt::Debug> PartialEq for Json<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T, DB> ToSql<Text, DB> for Json<T>
where
    T: std::fmt::Debug,
    DB: Backend,
    String: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.text.to_sql(out)
    }
}

impl<T, DB> FromSql<Text, DB> for Json<T>
where
    T: std::fmt::Debug + DeserializeOwned,
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(bytes)?;
        let value = serde_json::from_str(&text)?;
        Ok(Self { text, value })
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::result::Error::DeserializationError;
    use diesel::sqlite::SqliteConnection;

    use super::*;

    fn read(stored: &str) -> QueryResult<Json<Vec<u8>>> {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        diesel::select(stored.into_sql::<Text>()).get_result(&mut conn)
    }

    #[test]
    fn a_stored_value_comes_back_and_a_broken_one_is_an_error() {
        let kept = Json::of(vec![1, 2]).unwrap();
        assert_eq!(kept.text, "[1,2]");
        assert_eq!(read(&kept.text), Ok(kept));
        assert!(matches!(read("[1,"), Err(DeserializationError(_))));
    }
}
