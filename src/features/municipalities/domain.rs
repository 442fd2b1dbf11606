//! Rules of municipalities.

use crate::kit::code::codes;

codes! {
    /// Kind of a municipality (Federal law 131-FZ of 06.10.2003, article 2).
    MunicipalityKind {
        /// Муниципальный район.
        MunicipalDistrict = "municipal_district", "муниципальный район", "municipal district";
        /// Муниципальный округ.
        MunicipalOkrug = "municipal_okrug", "муниципальный округ", "municipal okrug";
        /// Городской округ.
        UrbanOkrug = "urban_okrug", "городской округ", "urban okrug";
    }
}
