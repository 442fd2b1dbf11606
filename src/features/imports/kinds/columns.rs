//! The columns of each kind: the members of the bodies of its single operations, and what the forms of
//! departments call them.

use super::super::domain::ImportKind;
use super::codes::{self, Codes};
use Form::{AcademicYear, Code, CodeList, Date, Flag, Number, NumberList, Schools, Text, TextList};

/// What a cell of a column becomes.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A text; an empty cell clears.
    Text,
    /// A whole number; an empty cell clears.
    Number,
    /// A civil date; an empty cell clears.
    Date,
    /// Yes or no; an empty cell says nothing.
    Flag,
    /// An academic year, `2023` or `2023/2024`; an empty cell says nothing.
    AcademicYear,
    /// A code, or its label.
    Code(&'static Codes),
    /// Codes or labels, parted by commas, semicolons or lines.
    CodeList(&'static Codes),
    /// Texts, parted by semicolons or lines.
    TextList,
    /// Whole numbers, parted by commas, semicolons or lines.
    NumberList,
    /// All schools, levels of education, or schools by OGRN.
    Schools,
}

/// A column that a file may have.
#[derive(Debug)]
pub struct Column {
    /// Its name: the member's.
    pub name: &'static str,
    /// Where it goes in the body of a row.
    pub path: &'static [&'static str],
    /// What forms call it.
    pub titles: &'static [&'static str],
    /// What its cells become.
    pub form: Form,
    /// Whether rows are found by it, so that a file must have it.
    pub is_key: bool,
    /// Whether it belongs to what a row may have several of, one a line.
    pub repeats: bool,
}

impl Column {
    /// Every name by which it is known.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.titles.iter().copied())
    }
}

const fn column(
    name: &'static str,
    path: &'static [&'static str],
    titles: &'static [&'static str],
    form: Form,
) -> Column {
    Column { name, path, titles, form, is_key: false, repeats: false }
}

const fn key(
    name: &'static str,
    path: &'static [&'static str],
    titles: &'static [&'static str],
    form: Form,
) -> Column {
    Column { name, path, titles, form, is_key: true, repeats: false }
}

const fn repeated(
    name: &'static str,
    path: &'static [&'static str],
    titles: &'static [&'static str],
    form: Form,
) -> Column {
    Column { name, path, titles, form, is_key: false, repeats: true }
}

/// The columns of a kind, in the order of its documentation.
#[must_use]
pub fn columns_of(kind: ImportKind) -> &'static [Column] {
    match kind {
        ImportKind::Schools => SCHOOLS,
        ImportKind::SupportList => SUPPORT_LIST,
        ImportKind::RoadMap => ROAD_MAP,
        ImportKind::Stats => STATS,
    }
}

/// The member of a body that has one element a line; `None` where a row is a line.
#[must_use]
pub fn repeated_of(kind: ImportKind) -> Option<&'static str> {
    match kind {
        ImportKind::Schools | ImportKind::RoadMap => None,
        ImportKind::SupportList => Some("reasons"),
        ImportKind::Stats => Some("assessments"),
    }
}

const SCHOOLS: &[Column] = &[
    key("ogrn", &["ogrn"], &["ОГРН"], Text),
    column("inn", &["inn"], &["ИНН"], Text),
    column(
        "short_name",
        &["short_name"],
        &["Краткое наименование", "Сокращенное наименование", "Краткое название", "Школа"],
        Text,
    ),
    column("full_name", &["full_name"], &["Полное наименование", "Полное название"], Text),
    column(
        "legal_form",
        &["legal_form"],
        &["Организационно-правовая форма", "Правовая форма"],
        Code(&codes::LEGAL_FORM),
    ),
    column("school_kind", &["school_kind"], &["Вид школы", "Тип школы"], Code(&codes::SCHOOL_KIND)),
    column("education_levels", &["education_levels"], &["Уровни образования"], CodeList(&codes::LEVEL)),
    column("kpp", &["kpp"], &["КПП"], Text),
    column("okpo", &["okpo"], &["ОКПО"], Text),
    column("oktmo", &["oktmo"], &["ОКТМО"], Text),
    column("vpr_login", &["vpr_login"], &["Логин ВПР", "Логин ФИС ОКО"], Text),
    column("gia_code", &["gia_code"], &["Код ГИА", "Код ОО"], Text),
    column("site_url", &["site_url"], &["Сайт", "Адрес сайта"], Text),
    column("address", &["address"], &["Адрес"], Text),
    column("phone", &["phone"], &["Телефон"], Text),
    column("email", &["email"], &["Электронная почта", "E-mail"], Text),
    column("head_position", &["head_position"], &["Должность руководителя"], Text),
    column("head_name", &["head_name"], &["ФИО руководителя", "Руководитель"], Text),
];

const STATS: &[Column] = &[
    key("ogrn", &["ogrn"], &["ОГРН"], Text),
    column("academic_year", &["academic_year"], &["Учебный год"], AcademicYear),
    column(
        "pupils_total",
        &["pupils_total"],
        &["Обучающихся", "Всего обучающихся", "Численность обучающихся"],
        Number,
    ),
    column("graduates_9", &["graduates_9"], &["Выпускников 9 классов", "Выпускников 9 кл"], Number),
    column("graduates_11", &["graduates_11"], &["Выпускников 11 классов", "Выпускников 11 кл"], Number),
    column(
        "teachers_total",
        &["teachers_total"],
        &["Педагогов", "Всего педагогов", "Численность педагогов"],
        Number,
    ),
    repeated("assessment", &["assessment"], ASSESSMENT, Code(&codes::ASSESSMENT_KIND)),
    repeated("subject", &["subject"], SUBJECT, Text),
    repeated("grade", &["grade"], GRADE, Number),
    repeated("year", &["year"], YEAR, Number),
    repeated("participants", &["participants"], PARTICIPANTS, Number),
    repeated("below_minimum", &["below_minimum"], BELOW, Number),
];

const SUPPORT_LIST: &[Column] = &[
    key("ogrn", &["ogrn"], &["ОГРН"], Text),
    repeated("assessment", &["assessment"], ASSESSMENT, Code(&codes::ASSESSMENT)),
    repeated("subject", &["subject"], SUBJECT, Text),
    repeated("grade", &["grade"], GRADE, Number),
    repeated("year", &["year"], YEAR, Number),
    repeated("participants", &["participants"], PARTICIPANTS, Number),
    repeated("below_minimum", &["below_minimum"], BELOW, Number),
];

const ASSESSMENT: &[&str] = &["Оценочная процедура", "Процедура"];
const SUBJECT: &[&str] = &["Предмет", "Учебный предмет"];
const GRADE: &[&str] = &["Класс"];
const YEAR: &[&str] = &["Год", "Год результатов"];
const PARTICIPANTS: &[&str] = &["Участников", "Количество участников"];
const BELOW: &[&str] = &["Ниже минимального порога", "Не преодолели порог", "Отметка 2"];

const ROAD_MAP: &[Column] = &[
    key("code", &["code"], &["Код", "№ п/п", "№", "Номер"], Text),
    column("section", &["section"], &["Раздел", "Направление"], Text),
    column("position", &["position"], &["Порядок", "Место"], Number),
    column("level", &["level"], &["Уровень"], Code(&codes::MEASURE_LEVEL)),
    column("title", &["title"], &["Мероприятие", "Мероприятия", "Наименование мероприятия"], Text),
    column("deadline_kind", &["deadline", "kind"], &["Вид срока"], Code(&codes::DEADLINE)),
    column(
        "deadline_text",
        &["deadline", "text"],
        &["Срок", "Сроки", "Срок исполнения", "Срок реализации"],
        Text,
    ),
    column("due_date", &["deadline", "due_date"], &["Дата исполнения"], Date),
    column("start_date", &["deadline", "start_date"], &["Начало"], Date),
    column("end_date", &["deadline", "end_date"], &["Окончание"], Date),
    column("recurrence", &["deadline", "recurrence"], &["Периодичность"], Code(&codes::RECURRENCE)),
    column("months", &["deadline", "months"], &["Месяцы"], NumberList),
    column(
        "responsible",
        &["responsible"],
        &["Ответственный", "Ответственные", "Ответственный исполнитель"],
        TextList,
    ),
    column(
        "expected_result",
        &["expected_result"],
        &["Результат", "Ожидаемый результат", "Результаты"],
        Text,
    ),
    column("evidence_required", &["evidence_required"], &["Требуется подтверждение"], Flag),
    column("applies_to", &["applies_to"], &["Школы", "Для каких школ"], Schools),
    column("criteria", &["criteria"], &["Критерии"], TextList),
    column("indicators", &["indicators"], &["Показатели"], TextList),
    column("recommendations", &["recommendations"], &["Рекомендации"], TextList),
    column("counts_in_compliance", &["counts_in_compliance"], &["Учитывается"], Flag),
];
