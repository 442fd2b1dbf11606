//! Levels of general education, as schools have them and measures name them.

use super::code::codes;

codes! {
    /// A level of general education.
    EducationLevel {
        /// Grades 1-4.
        Primary = "primary", "начальное общее образование", "primary education";
        /// Grades 5-9.
        Basic = "basic", "основное общее образование", "basic education";
        /// Grades 10-11.
        Secondary = "secondary", "среднее общее образование", "secondary education";
    }
}
