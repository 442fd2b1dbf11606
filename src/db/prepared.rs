//! Statements whose text never changes, prepared once per connection.

use diesel::RunQueryDsl;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;

use super::connection::{AnyConnection, Backend};

/// An UPDATE that sets the same columns each time.
///
/// Diesel prepares every UPDATE anew, for a changeset may leave columns out. One that never
/// does, as with `treat_none_as_null`, is kept by its text like any other query, which saves
/// an exchange with the database, its parsing and its planning.
#[derive(Debug)]
pub(crate) struct Prepared<Q>(pub(crate) Q);

impl<Q: QueryFragment<Backend>> QueryFragment<Backend> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Backend) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> RunQueryDsl<AnyConnection> for Prepared<Q> {}
