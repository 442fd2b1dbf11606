use super::sample::{self, day};
use super::*;

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const URL: &str = "https://example.org/api/v1/verify/9f86d081";

fn registered(snapshot: &NoteSnapshot) -> RenderInput<'_> {
    RenderInput {
        is_signed: true,
        number: Some("12/01-04"),
        registered_on: Some(day("2023-12-29")),
        hash: Some(HASH),
        verify_url: Some(URL),
        ..RenderInput::draft(snapshot)
    }
}

/// Text of every form, with plain spaces and without the form's own escapes.
fn forms(input: &RenderInput<'_>) -> [(&'static str, String); 3] {
    let html = html(input).unwrap();
    let body = html.split_once("<body>").unwrap().1.replace("&#38;", "&");
    let markdown = markdown(input).replace('\\', "");
    [("html", body), ("markdown", markdown), ("docx", docx_text(input))]
        .map(|(form, text)| (form, text.replace('\u{A0}', " ")))
}

/// Opens the package as a reader of DOCX does and collects its texts.
fn docx_text(input: &RenderInput<'_>) -> String {
    let bytes = docx(input).unwrap();
    assert!(bytes.starts_with(b"PK"));
    let read = docx_rs::read_docx(&bytes).unwrap();
    let mut texts = String::new();
    collect(&serde_json::to_value(&read).unwrap(), &mut texts);
    texts
}

/// Gathers every `text` of the reader's tree.
fn collect(value: &serde_json::Value, texts: &mut String) {
    match value {
        serde_json::Value::Object(members) => {
            if let Some(serde_json::Value::String(text)) = members.get("text") {
                texts.push_str(text);
                texts.push('\n');
            }
            members.values().for_each(|member| collect(member, texts));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        _ => {}
    }
}

#[test]
fn every_form_carries_every_fact() {
    let note = sample::snapshot();
    let mut facts = vec![
        "29 декабря 2023 года".to_owned(),
        "№ 12/01-04".to_owned(),
        "пгт Хотынец".to_owned(),
        "Хотынецкий район".to_owned(),
        note.title.clone(),
        note.preamble.clone(),
        note.road_map.title.clone(),
        "Департамент образования Орловской области, приказ от 30.03.2023 № 513".to_owned(),
        "Отдел образования, приказ от 17.03.2023 № 124".to_owned(),
        "Отдел образования, приказ от 08.12.2023 № 515".to_owned(),
        "с 1 января по 31 декабря 2023 года".to_owned(),
        "Срок представления отчетов: 22 декабря 2023 года".to_owned(),
        "федеральный перечень (школы с низкими образовательными результатами) по результатам 2022 года"
            .to_owned(),
        "региональный перечень".to_owned(),
        "участвующие в мониторинге (4)".to_owned(),
        "Руководителям школ:".to_owned(),
        "Руководителям школ, включенных в перечень:".to_owned(),
        "Источник: приложение 1.".to_owned(),
        "Источник: приложения 2–5.".to_owned(),
        "Показатели".to_owned(),
        "1. Доля школ, представивших отчёт в срок: 75 % (3 из 4), целевое значение – 40 %.".to_owned(),
        "Источник: приложения 2–4.".to_owned(),
        "Доля педагогов школы, прошедших повышение квалификации за год: 33,3 % (28 из 84)".to_owned(),
        "Приложение:".to_owned(),
        "1. Отчет отдела образования, версия 1, принят 25.12.2023;".to_owned(),
        "5. Отчет МБОУ-Юрьевская СОШ, версия 1, принят 26.12.2023.".to_owned(),
        "Начальник отдела образования".to_owned(),
        "И. И. Иванова".to_owned(),
        "Зарегистрировано: 29.12.2023 за № 12/01-04".to_owned(),
        HASH.to_owned(),
        URL.to_owned(),
    ];
    facts.extend(sample::SCHOOLS.map(str::to_owned));
    facts.extend(sample::SCHOOLS.map(|name| format!("Отчет {name}, версия 1")));
    facts.extend(note.basis_orders.iter().map(|order| order.title.clone()));
    facts.extend(note.conclusions.iter().map(|one| format!("{}. {}", one.code, one.text)));
    facts.extend(note.recommendations.iter().map(|one| format!("{}. {}", one.number, one.text)));
    for (form, text) in forms(&registered(&note)) {
        for fact in &facts {
            assert!(text.contains(fact), "{form} lacks «{fact}»:\n{text}");
        }
        let upper = text.to_uppercase();
        assert!(upper.contains("ОТДЕЛ ОБРАЗОВАНИЯ") && upper.contains("ИНФОРМАЦИЯ"), "{form}");
    }
}

#[test]
fn every_form_carries_what_is_rare() {
    let mut note = sample::snapshot();
    note.schools[3].left_list_on = Some(day("2023-09-01"));
    note.schools_without_report = vec!["МБОУ-Юрьевская СОШ".into()];
    note.missing_reports = vec!["Отдел образования".into(), "МБОУ-Юрьевская СОШ".into()];
    note.recommendations[3].schools = vec!["МБОУ-Богородицкая СОШ".into()];
    note.recommendations[3].deadline = Some(day("2024-09-01"));
    let mut input = registered(&note);
    input.number = None;
    input.replaced_by = Some(Replacement { number: Some("3"), date: day("2024-01-15") });
    for (form, text) in forms(&input) {
        for fact in [
            "МБОУ-Юрьевская СОШ (исключена из перечня 1 сентября 2023 года)",
            "Отчеты не приняты (2):",
            "Руководителям школ, включенных в перечень (МБОУ-Богородицкая СОШ):",
            "низких результатов. Срок исполнения: 1 сентября 2024 года.",
            "без номера",
            "Документ заменен: информация от 15.01.2024 № 3.",
        ] {
            assert!(text.contains(fact), "{form} lacks «{fact}»:\n{text}");
        }
    }
}

#[test]
fn what_an_indicator_is_not_for_is_said_once() {
    let mut note = sample::snapshot();
    note.figures.push(sample::figure("I-1", "Доля участников ВПР", "10\u{A0}% (2 из 20)", vec![]));
    note.figures.push(sample::figure("I-9", "Доля подтвердивших", "50\u{A0}% (10 из 20)", vec![]));
    for figure in note.figures.iter_mut().skip(1) {
        figure.purpose_note = Some("Рейтинги не строятся".into());
    }
    for (form, text) in forms(&registered(&note)) {
        assert_eq!(text.matches("Рейтинги не строятся.").count(), 1, "{form}:\n{text}");
    }
    note.figures.clear();
    note.conclusions.iter_mut().for_each(|conclusion| conclusion.figures.clear());
    for (form, text) in forms(&registered(&note)) {
        assert!(!text.contains("Показатели"), "{form}");
    }
}

#[test]
fn only_the_unsigned_is_a_draft() {
    let note = sample::snapshot();
    let signed = RenderInput { is_signed: true, ..RenderInput::draft(&note) };
    let draft = RenderInput { is_signed: false, ..registered(&note) };
    for (form, text) in forms(&draft) {
        assert!(text.contains("ПРОЕКТ"), "{form}");
        assert!(!text.contains(HASH) && !text.contains("12/01-04"), "{form}");
    }
    for input in [signed, registered(&note)] {
        for (form, text) in forms(&input) {
            assert!(!text.contains("ПРОЕКТ"), "{form}");
        }
    }
}

#[test]
fn typed_marks_print_as_typed() {
    let mut note = sample::snapshot();
    note.schools[0].short_name = "<script>alert(1)</script> & *школа* [1](x)".into();
    note.preamble = "# Начало\n1. Первое\u{8}\n\n- Второе".into();
    let input = registered(&note);
    let page = html(&input).unwrap();
    assert!(!page.contains("<script") && page.contains("&#60;script&#62;alert(1)"));
    let source = markdown(&input);
    assert!(source.contains("- &lt;script&gt;alert(1)&lt;/script&gt; &amp; \\*школа\\* \\[1\\](x);"));
    assert!(source.contains("\n\\# Начало\n\n1\\. Первое\n\n\\- Второе\n"));
    let text = docx_text(&input);
    assert!(text.contains("<script>alert(1)</script> & *школа* [1](x)"), "{text}");
}

#[test]
fn a_strange_address_is_no_link() {
    let note = sample::snapshot();
    let mut input = registered(&note);
    input.verify_url = Some("javascript:alert(1)");
    assert!(!html(&input).unwrap().contains("href"));
    assert!(!markdown(&input).contains("<javascript"));
}

#[test]
fn the_page_needs_nothing_else() {
    let note = sample::snapshot();
    let page = html(&registered(&note)).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"ru\">"));
    for foreign in ["src=", "<link", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn the_kind_is_not_printed_twice() {
    let mut note = sample::snapshot();
    note.title = "Информация об исполнении плана".into();
    assert!(markdown(&registered(&note)).contains("\n# Информация об исполнении плана\n"));
}

#[test]
fn the_package_is_russian_titled_and_reproducible() {
    let note = sample::snapshot();
    let bytes = docx(&registered(&note)).unwrap();
    let inside = String::from_utf8_lossy(&bytes); // entries are stored, not compressed
    assert!(inside.contains(r#"<w:lang w:val="ru-RU""#));
    assert!(inside.contains("<dc:language>ru-RU</dc:language>"));
    assert!(inside.contains("<dc:title>Информация об исполнении"));
    assert_eq!(bytes, docx(&registered(&note)).unwrap());
    assert!(docx_rs::read_docx(&bytes).is_ok());
}
