//! Small tools without a feature of their own: time, ids, codes, texts, languages.
//!
//! Nothing here knows HTTP, the database's tables or any feature.

pub mod academic_year;
pub mod clock;
pub mod code;
pub mod decimal;
pub mod education;
pub mod id;
pub mod lang;
pub mod logging;
pub mod outcome;
pub mod personal_data;
pub mod plural;
pub mod registry_codes;
pub mod text;
pub mod violation;
