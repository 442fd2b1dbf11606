//! Keyset paging: which rows of a list, in which total order, after which row.

use std::cmp::Ordering;

/// One key of the order. The id is always the last key, so the order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// Name in `sort=`, from the list's allow-list.
    pub name: &'static str,
    /// Descending.
    pub desc: bool,
}

/// The part of a list that a request asks for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Rows at most, 1 to 1000.
    pub limit: i64,
    /// The order; the last key is the id (or what identifies a row of the list).
    pub sort: Vec<SortKey>,
    /// Keys of the last row of the page before, in the order of `sort`.
    pub after: Option<Vec<String>>,
    /// Only these ids.
    pub ids: Option<Vec<String>>,
    /// Whether the whole is counted too.
    pub count: bool,
}

/// What a list query found: one row more than the limit when there is a next page.
#[derive(Debug)]
pub struct Listed<R> {
    /// At most `limit + 1` rows.
    pub rows: Vec<R>,
    /// Rows of all pages together, when asked.
    pub count: Option<i64>,
}

/// The keys of a cursor are no keys of this list: somebody wrote it himself.
#[derive(Debug, thiserror::Error)]
#[error("the cursor does not fit the list")]
pub struct UnfitCursor;

impl From<UnfitCursor> for diesel::result::Error {
    fn from(unfit: UnfitCursor) -> Self {
        Self::QueryBuilderError(Box::new(unfit))
    }
}

/// A row that tells its keys, as text that `keyset!` reads back.
pub trait Keyed {
    /// The value under a key of the list's allow-list.
    fn key(&self, name: &str) -> String;
}

/// The page of a list that was put together in memory: the same order, seek and count as
/// `keyset!` gives in a query. Keys compare as text, so a number's key is padded with zeros;
/// `id` is the key that `id=` names.
#[must_use]
pub fn page_of<R: Keyed>(page: &Page, id: &str, mut rows: Vec<R>) -> Listed<R> {
    if let Some(ids) = &page.ids {
        rows.retain(|row| ids.contains(&row.key(id)));
    }
    let count = page.count.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let order = |one: &[String], other: &[String]| {
        let both = page.sort.iter().zip(one.iter().zip(other));
        both.map(|(key, (one, other))| if key.desc { other.cmp(one) } else { one.cmp(other) })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let with_keys = |row: R| (page.sort.iter().map(|key| row.key(key.name)).collect::<Vec<String>>(), row);
    let mut keyed: Vec<(Vec<String>, R)> = rows.into_iter().map(with_keys).collect();
    if let Some(after) = &page.after {
        keyed.retain(|(keys, _)| order(keys, after).is_gt());
    }
    keyed.sort_by(|(one, _), (other, _)| order(one, other));
    keyed.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1));
    Listed { rows: keyed.into_iter().map(|(_, row)| row).collect(), count }
}

/// Adds seek condition and order of `$page` to the boxed query `$query`.
///
/// Each `"name" => column: type` line is one key: the type is how text from a
/// cursor becomes a value. The extractor has refused altered cursors before; a
/// forged one whose keys do not fit ends in [`UnfitCursor`], the client's fault.
macro_rules! keyset {
    ($query:ident, $page:expr, $table:ty, { $($name:literal => $column:expr => $kind:ty),+ $(,)? }) => {{
        use diesel::prelude::*;
        type Condition = Box<dyn BoxableExpression<$table, $crate::db::Backend, SqlType = diesel::sql_types::Bool>>;
        let page: &$crate::db::page::Page = $page;
        if let Some(after) = &page.after {
            let mut whole: Option<Condition> = None;
            for (key, value) in page.sort.iter().zip(after).rev() {
                let (further, same): (Condition, Condition) = match key.name {
                    $($name => {
                        let value: $kind = value.parse().map_err(|_invalid| $crate::db::page::UnfitCursor)?;
                        let same: Condition = Box::new($column.eq(value.clone()));
                        let further: Condition = if key.desc {
                            Box::new($column.lt(value))
                        } else {
                            Box::new($column.gt(value))
                        };
                        (further, same)
                    })+
                    _ => return Err(diesel::result::Error::NotFound),
                };
                whole = Some(match whole {
                    None => further,
                    Some(rest) => Box::new(further.or(same.and(rest))),
                });
            }
            if let Some(condition) = whole {
                $query = $query.filter(condition);
            }
        }
        for key in &page.sort {
            $query = match (key.name, key.desc) {
                $(($name, false) => $query.then_order_by($column.asc()),
                ($name, true) => $query.then_order_by($column.desc()),)+
                _ => return Err(diesel::result::Error::NotFound),
            };
        }
        $query = $query.limit(page.limit + 1);
    }};
}
pub(crate) use keyset;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Row(u32, &'static str);

    impl Keyed for Row {
        fn key(&self, name: &str) -> String {
            match name {
                "position" => format!("{:010}", self.0),
                _ => self.1.to_owned(),
            }
        }
    }

    fn page(desc: bool, after: Option<[&str; 2]>) -> Page {
        Page {
            limit: 2,
            sort: vec![SortKey { name: "position", desc }, SortKey { name: "id", desc: false }],
            after: after.map(|keys| keys.map(str::to_owned).to_vec()),
            ids: None,
            count: true,
        }
    }

    fn ids(page: &Page) -> Vec<&'static str> {
        let rows = vec![Row(10, "c"), Row(9, "b"), Row(2, "a"), Row(9, "d")];
        let listed = page_of(page, "id", rows);
        listed.rows.iter().map(|row| row.1).collect()
    }

    #[test]
    fn a_list_in_memory_pages_as_a_query_does() {
        assert_eq!(ids(&page(false, None)), ["a", "b", "d"], "one row more than the limit");
        assert_eq!(ids(&page(false, Some(["0000000009", "b"]))), ["d", "c"]);
        assert_eq!(ids(&page(true, None)), ["c", "b", "d"]);
        assert_eq!(ids(&page(true, Some(["0000000009", "b"]))), ["d", "a"]);
        let mut some = page(false, None);
        some.ids = Some(vec!["c".into(), "d".into(), "x".into()]);
        assert_eq!(ids(&some), ["d", "c"]);
        assert_eq!(page_of(&some, "id", vec![Row(1, "c")]).count, Some(1));
    }
}
