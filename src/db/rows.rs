//! Every row of every table, as lines of JSON that both databases give and take: what backups hold.
//!
//! The tables are those of the catalogue, so that a new one is in the next backup by itself. A line is
//! an object with a member per column: texts, integers, `true` and `false`, and instants as text.

use chrono::NaiveDateTime;
use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{QueryableByName, sql_query};
use serde_json::{Map, Value};

use super::connection::AnyConnection;

/// How an instant is written in lines, and by diesel in SQLite: UTC.
const INSTANT: &str = "%F %T%.f";

/// A table of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    kind: Kind,
    is_numbered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Flag,
    Instant,
}

#[derive(QueryableByName)]
struct CatalogueRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    is_numbered: bool,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// How a trigger is lifted, and set again.
#[derive(QueryableByName)]
struct Guard {
    #[diesel(sql_type = Text)]
    lift: String,
    #[diesel(sql_type = Text)]
    set: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The tables of the service, by name.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn tables(conn: &mut AnyConnection) -> QueryResult<Vec<Table>> {
    let rows: Vec<CatalogueRow> = match conn {
        AnyConnection::Postgres(pg) => sql_query(
            // Tables alone, whoever may read them; what an extension has put there is its own.
            "SELECT it.relname::text AS table_name, a.attname::text AS column_name, \
             format_type(a.atttypid, a.atttypmod) AS kind, a.attidentity <> '' AS is_numbered \
             FROM pg_class AS it JOIN pg_attribute AS a ON a.attrelid = it.oid \
             WHERE it.relnamespace = current_schema()::regnamespace AND it.relkind = 'r' \
             AND a.attnum > 0 AND NOT a.attisdropped AND it.relname <> '__diesel_schema_migrations' \
             AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass \
             AND d.objid = it.oid AND d.deptype = 'e') ORDER BY it.relname COLLATE \"C\", a.attnum",
        )
        .load(pg)?,
        AnyConnection::Sqlite(sqlite) => sql_query(
            "SELECT m.name AS table_name, p.name AS column_name, p.type AS kind, \
             p.pk = 1 AND m.sql LIKE '%AUTOINCREMENT%' AS is_numbered \
             FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' \
             AND m.name <> '__diesel_schema_migrations' ORDER BY m.name, p.cid",
        )
        .load(sqlite)?,
    };
    let mut tables: Vec<Table> = Vec::new();
    for CatalogueRow { table_name, column_name, kind, is_numbered } in rows {
        let kind = match kind.to_ascii_uppercase() {
            kind if kind == "BOOLEAN" => Kind::Flag,
            kind if kind.starts_with("TIMESTAMP") => Kind::Instant,
            _ => Kind::Plain,
        };
        let column = Column { name: column_name, kind, is_numbered };
        match tables.last_mut().filter(|table| table.name == table_name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name: table_name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

impl Table {
    /// Gives each row to `each` as a line, in no particular order, as they are read; answers how many.
    ///
    /// # Errors
    ///
    /// Diesel's own error, or that of `each`.
    pub fn read<E>(
        &self,
        conn: &mut AnyConnection,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<u64, E>
    where
        E: From<diesel::result::Error>,
    {
        let mut count = 0;
        let mut take = |row: QueryResult<Line>| {
            count += 1;
            each(&row?.line)
        };
        match conn {
            AnyConnection::Postgres(pg) => {
                let query = format!(
                    "SELECT row_to_json(it)::text AS line FROM (SELECT {} FROM \"{}\") AS it",
                    self.names(),
                    self.name
                );
                sql_query(query).load_iter::<Line, PgRowByRowLoadingMode>(pg)?.try_for_each(&mut take)?;
            }
            AnyConnection::Sqlite(sqlite) => {
                let member = |column: &Column| match column.kind {
                    Kind::Flag => format!(
                        "'{0}', json(CASE WHEN \"{0}\" THEN 'true' WHEN NOT \"{0}\" THEN 'false' ELSE 'null' END)",
                        column.name
                    ),
                    Kind::Plain | Kind::Instant => format!("'{0}', \"{0}\"", column.name),
                };
                let members = self.columns.iter().map(member).collect::<Vec<_>>().join(", ");
                let query = format!("SELECT json_object({members}) AS line FROM \"{}\"", self.name);
                sql_query(query).load_iter::<Line, DefaultLoadingMode>(sqlite)?.try_for_each(&mut take)?;
            }
        }
        Ok(count)
    }

    /// Stores rows that were read, from this database or the other one.
    ///
    /// # Errors
    ///
    /// Diesel's own error; a line that is none counts as one that cannot be bound.
    pub fn insert(&self, conn: &mut AnyConnection, lines: &[String]) -> QueryResult<usize> {
        let rows = lines.iter().map(|line| self.normal(line)).collect::<QueryResult<Vec<_>>>()?;
        let rows = Value::Array(rows).to_string();
        let names = self.names();
        match conn {
            AnyConnection::Postgres(pg) => sql_query(format!(
                "INSERT INTO \"{0}\" ({names}) OVERRIDING SYSTEM VALUE \
                 SELECT {names} FROM json_populate_recordset(NULL::\"{0}\", $1::json)",
                self.name
            ))
            .bind::<Text, _>(rows)
            .execute(pg),
            AnyConnection::Sqlite(sqlite) => {
                let value = |column: &Column| format!("json_extract(value, '$.{}')", column.name);
                let values = self.columns.iter().map(value).collect::<Vec<_>>().join(", ");
                sql_query(format!(
                    "INSERT INTO \"{}\" ({names}) SELECT {values} FROM json_each(?1)",
                    self.name
                ))
                .bind::<Text, _>(rows)
                .execute(sqlite)
            }
        }
    }

    /// The line with its instants as this program writes them, whichever database gave it.
    fn normal(&self, line: &str) -> QueryResult<Value> {
        let unbound = |cause: Box<dyn std::error::Error + Send + Sync>| {
            diesel::result::Error::SerializationError(cause)
        };
        let mut row: Map<String, Value> =
            serde_json::from_str(line).map_err(|cause| unbound(cause.into()))?;
        for column in self.columns.iter().filter(|column| column.kind == Kind::Instant) {
            if let Some(Value::String(text)) = row.get_mut(&column.name) {
                let instant = NaiveDateTime::parse_from_str(&text.replace('T', " "), INSTANT);
                *text = instant.map_err(|cause| unbound(cause.into()))?.format(INSTANT).to_string();
            }
        }
        Ok(Value::Object(row))
    }

    fn names(&self) -> String {
        self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
    }

    /// The last number that the table gave to a row; `None`: it gives none.
    ///
    /// # Errors
    ///
    /// Diesel's own error, unchanged.
    pub fn last_number(&self, conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
        let Some(column) = self.columns.iter().find(|column| column.is_numbered) else { return Ok(None) };
        let found: Vec<Number> = match conn {
            AnyConnection::Postgres(pg) => sql_query(format!(
                "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{}', '{}')::regclass), 0) AS number",
                self.name, column.name
            ))
            .load(pg)?,
            AnyConnection::Sqlite(sqlite) => {
                sql_query(format!("SELECT seq AS number FROM sqlite_sequence WHERE name = '{}'", self.name))
                    .load(sqlite)?
            }
        };
        Ok(Some(found.first().map_or(0, |found| found.number)))
    }

    /// Has the table go on after this number.
    ///
    /// # Errors
    ///
    /// Diesel's own error, unchanged.
    pub fn go_on_after(&self, conn: &mut AnyConnection, number: i64) -> QueryResult<()> {
        let Some(column) = self.columns.iter().find(|column| column.is_numbered) else { return Ok(()) };
        match conn {
            AnyConnection::Postgres(pg) => pg.batch_execute(&format!(
                "SELECT setval(pg_get_serial_sequence('{}', '{}'), greatest({number}, 1), {})",
                self.name,
                column.name,
                number > 0
            )),
            AnyConnection::Sqlite(sqlite) => sqlite.batch_execute(&format!(
                "DELETE FROM sqlite_sequence WHERE name = '{0}'; \
                 INSERT INTO sqlite_sequence (name, seq) VALUES ('{0}', {number})",
                self.name
            )),
        }
    }

    /// Removes every row, also of a table whose triggers let none go: for as long they are lifted.
    ///
    /// # Errors
    ///
    /// Diesel's own error, unchanged.
    pub fn clear(&self, conn: &mut AnyConnection) -> QueryResult<()> {
        let guards: Vec<Guard> = match conn {
            AnyConnection::Postgres(pg) => sql_query(format!(
                "SELECT DISTINCT format('ALTER TABLE %s DISABLE TRIGGER USER', tgrelid::regclass) AS lift, \
                 format('ALTER TABLE %s ENABLE TRIGGER USER', tgrelid::regclass) AS set \
                 FROM pg_trigger WHERE tgrelid = '\"{}\"'::regclass AND NOT tgisinternal",
                self.name
            ))
            .load(pg)?,
            AnyConnection::Sqlite(sqlite) => sql_query(format!(
                "SELECT 'DROP TRIGGER ' || name AS lift, sql AS \"set\" FROM sqlite_schema \
                 WHERE type = 'trigger' AND tbl_name = '{}'",
                self.name
            ))
            .load(sqlite)?,
        };
        guards.iter().try_for_each(|guard| conn.batch_execute(&guard.lift))?;
        conn.batch_execute(&format!("DELETE FROM \"{}\"", self.name))?;
        guards.iter().try_for_each(|guard| conn.batch_execute(&guard.set))
    }
}

/// Lets rows name others that come later in the same transaction; [`references_hold`] asks for them.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn defer_references(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(pg) => alter_references(pg, "DEFERRABLE INITIALLY DEFERRED"),
        AnyConnection::Sqlite(sqlite) => sqlite.batch_execute("PRAGMA defer_foreign_keys = ON"),
    }
}

/// Ends what [`defer_references`] began.
///
/// # Errors
///
/// A row names one that is not there; diesel's own error.
pub fn references_hold(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(pg) => {
            pg.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")?;
            alter_references(pg, "NOT DEFERRABLE")
        }
        // COMMIT asks for them.
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

fn alter_references(pg: &mut PgConnection, how: &str) -> QueryResult<()> {
    let found: Vec<Line> = sql_query(format!(
        "SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I {how}', conrelid::regclass, conname) AS line \
         FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
    ))
    .load(pg)?;
    found.iter().try_for_each(|alter| pg.batch_execute(&alter.line))
}

/// What the database itself finds wrong: damaged pages, rows that name others which are not there.
///
/// PostgreSQL guards its rows by itself and has no such command; that every row can be read is seen by
/// reading them.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn faults(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let found: Vec<Line> = match conn {
        AnyConnection::Postgres(pg) => sql_query(
            "SELECT format('%s: constraint %s is not validated', conrelid::regclass, conname) AS line \
             FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace",
        )
        .load(pg)?,
        AnyConnection::Sqlite(sqlite) => {
            let mut found: Vec<Line> = sql_query(
                "SELECT integrity_check AS line FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
            )
            .load(sqlite)?;
            found.extend(
                sql_query(
                    "SELECT \"table\" || ': row ' || coalesce(rowid, '?') || ' names a missing row of ' || parent \
                     AS line FROM pragma_foreign_key_check",
                )
                .load::<Line>(sqlite)?,
            );
            found
        }
    };
    Ok(found.into_iter().map(|fault| fault.line).collect())
}
