use super::super::domain::ImportKind;
use super::super::kinds::columns_of;
use super::*;

const MOST: usize = 50;

fn read(bytes: &[u8]) -> Result<Table, Unreadable> {
    let kind = ImportKind::Schools;
    Table::read(bytes.to_vec(), FileKind::Csv, MOST, columns_of(kind))
}

fn rows(table: &Table) -> Vec<(usize, Vec<String>)> {
    let cells = |row: Result<Row, Unreadable>| match row.unwrap() {
        Row { number, content: Content::Cells { cells, .. } } => (number, cells),
        other => panic!("{other:?}"),
    };
    table.rows().map(cells).collect()
}

fn faults(bytes: &[u8]) -> Vec<(&'static str, String)> {
    match read(bytes) {
        Err(Unreadable::Because(found)) => {
            found.into_iter().map(|v| (v.code, v.detail.ru.into_owned())).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_delimiter_is_the_one_that_makes_columns() {
    for text in
        ["ИНН;ОГРН\n1;2,5\n", "ИНН,ОГРН\n1,\"2,5\"\n", "ИНН\tОГРН\n1\t2,5\n", "\"ИНН\";\"ОГРН\"\r\n1;2,5\r\n"]
    {
        let table = read(text.as_bytes()).unwrap();
        assert_eq!(table.heads.len(), 2, "{text}");
        assert_eq!(rows(&table), [(2, vec!["1".to_owned(), "2,5".to_owned()])], "{text}");
    }
}

#[test]
fn rows_are_numbered_as_office_suites_do() {
    let text = "ogrn;address\n1;\"a\nb\nc\"\n\n2;d\n;\n3;e\n";
    let table = read(text.as_bytes()).unwrap();
    let numbers: Vec<usize> = rows(&table).iter().map(|(number, _)| *number).collect();
    assert_eq!((numbers, table.rows), (vec![2, 4, 6], 3));
}

#[test]
fn titles_are_known_in_both_languages_and_others_name_the_nearest() {
    let table = read("  огрн ;Краткое Наименование*;inn;Ошибки;\n1;2;3;4;\n".as_bytes()).unwrap();
    let known: Vec<Option<&str>> = table
        .heads
        .iter()
        .map(|head| head.column.map(|at| columns_of(ImportKind::Schools)[at].name))
        .collect();
    assert_eq!(known, [Some("ogrn"), Some("short_name"), Some("inn"), None, None]);
    assert!(table.heads[3].is_passed && !table.heads[4].is_passed);

    let found = faults("ОГРН;Телефонн\n1;2\n".as_bytes());
    assert_eq!(found[0].0, "unknown-column");
    assert!(found[0].1.contains("«Телефон»"), "{}", found[0].1);
    assert_eq!(faults("ОГРН;ogrn\n1;2\n".as_bytes())[0].0, "duplicate-column");
    assert_eq!(faults("ИНН\n1\n".as_bytes())[0].0, "missing-column");
}

#[test]
fn a_file_without_rows_or_with_a_giant_cell_is_told_so() {
    assert_eq!(faults(b"")[0].0, "no-rows");
    assert_eq!(faults(b"ogrn\n\n;\n")[0].0, "no-rows");
    let giant = [b"ogrn;address\n1;".to_vec(), vec![b'x'; 10 * 1024 * 1024], b"\n2;y\n".to_vec()].concat();
    let table = read(&giant).unwrap();
    let Content::Cells { cells, long, .. } = table.rows().next().unwrap().unwrap().content else { panic!() };
    assert_eq!((cells[1].len(), long), (KEPT_OF_LONG, vec![1]));
    assert_eq!(table.rows, 2);
}

#[test]
fn json_is_an_array_or_an_object_with_rows() {
    let kind = ImportKind::Schools;
    for text in [r#"[{"ogrn": " 1 "}, 2]"#, r#"{"kind": "schools", "rows": [{"ogrn": " 1 "}, 2]}"#] {
        let table = Table::read(text.into(), FileKind::Json, MOST, columns_of(kind)).unwrap();
        let found: Vec<Row> = table.rows().map(Result::unwrap).collect();
        assert_eq!((table.rows, found[1].number), (2, 2));
        let Content::Object(value, faults) = &found[0].content else { panic!() };
        assert_eq!((value["ogrn"].as_str(), faults.len()), (Some("1"), 0));
    }
    for text in ["{}", "[", "{\"rows\": 1}", "[]"] {
        assert!(Table::read(text.into(), FileKind::Json, MOST, columns_of(kind)).is_err(), "{text}");
    }
}

#[test]
fn rows_and_columns_are_bounded_before_they_take_memory() {
    let rows = |count: usize| format!("ogrn\n{}", "1\n".repeat(count));
    assert_eq!(read(rows(MOST).as_bytes()).unwrap().rows, MOST);
    assert_eq!(faults(rows(MOST + 1).as_bytes())[0].0, "too-many-rows");

    let columns = |count: usize| format!("ogrn{}\n1\n", ";".repeat(count - 1));
    assert_eq!(read(columns(MOST_COLUMNS).as_bytes()).unwrap().heads.len(), MOST_COLUMNS);
    let wide = format!("ogrn\n1{}\n", ";".repeat(MOST_COLUMNS));
    let giant = format!("ogrn\n1{}\n", ";,\t".repeat(1_000_000));
    for text in [columns(MOST_COLUMNS + 1), wide, giant] {
        assert_eq!(faults(text.as_bytes())[0].0, "too-many-columns");
    }
    let commas = format!("ogrn;address\n1;{}\n", ",".repeat(30_000));
    assert_eq!(read(commas.as_bytes()).unwrap().heads.len(), 2, "a cell may hold another delimiter");

    let titles = (0..150).map(|number| format!("{number}{}", "я".repeat(30_000))).collect::<Vec<_>>();
    let found = faults(format!("ogrn;{}\n1\n", titles.join(";")).as_bytes());
    assert_eq!(found.len(), 20, "the first ones are told");

    let objects = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
    let kind = ImportKind::Schools;
    let read = |text: String| Table::read(text.into(), FileKind::Json, MOST, columns_of(kind));
    assert_eq!(read(objects(MOST)).unwrap().rows, MOST);
    let Err(Unreadable::Because(found)) = read(objects(MOST + 1)) else { panic!() };
    assert_eq!((found[0].code, found[0].pointer.as_str()), ("too-many-rows", "/file"));
}
