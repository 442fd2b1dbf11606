//! What an import is asked, as a form with a file or as JSON with rows.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::domain::{self, ImportKind, ImportMode, ListGiven, Parameters};
use crate::features::support_lists::{ListCategory, ListLevel};
use crate::kit::id::{MunicipalityId, OrderId, RoadMapId, SupportListId};
use crate::kit::violation::Violation;

/// The members that all forms of an import have, and one that is its own.
macro_rules! import_body {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$doc])*
        pub(super) struct $name {
            /// What the rows are.
            kind: ImportKind,
            /// What a rejected row does to the others.
            #[serde(default = "atomic")]
            #[schema(default = "atomic")]
            mode: ImportMode,
            /// Checks everything and stores nothing; the job tells the counters as they would be.
            #[serde(default)]
            #[schema(default = false)]
            dry_run: bool,
            /// `support_list`, `road_map`: removes or changes more than a fifth of what stands there.
            #[serde(default)]
            #[schema(default = false)]
            force: bool,
            /// Why, for the audit; needed with `force`.
            #[schema(min_length = 1, max_length = 1000)]
            reason: Option<String>,
            /// The municipality of the rows, for who reaches several; for others their own.
            municipality_id: Option<MunicipalityId>,
            /// `support_list`: the draft whose schools are replaced; else the members that follow.
            support_list_id: Option<SupportListId>,
            /// `support_list`: level of the draft that is found, or made.
            level: Option<ListLevel>,
            /// `support_list`: its category.
            category: Option<ListCategory>,
            /// `support_list`: calendar year of its results.
            #[schema(minimum = 2000, maximum = 2100)]
            results_year: Option<i32>,
            /// `support_list`: the order that approves it.
            order_id: Option<OrderId>,
            /// `support_list`: its first day in force.
            valid_from: Option<NaiveDate>,
            /// `support_list`: its last day in force.
            valid_to: Option<NaiveDate>,
            /// `road_map`: the draft whose measures are replaced.
            road_map_id: Option<RoadMapId>,
            /// `stats`: the academic year of rows that do not say theirs, by its first calendar year.
            #[schema(minimum = 2000, maximum = 2099)]
            academic_year: Option<i32>,
            $($own)*
        }
    };
}

import_body! {
    /// What an import is asked beside its rows.
    #[derive(Debug, Clone, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    ImportOptions {}
}

import_body! {
    /// Rows from a file, as a form.
    #[derive(Deserialize, ToSchema)]
    #[schema(example = json!({"file": "schools.csv", "kind": "schools", "mode": "row"}))]
    #[expect(dead_code, reason = "it shows the form; its fields are read as `ImportOptions`")]
    ImportFileIn {
        /// The table: CSV, XLSX or JSON. The first row names the columns.
        #[schema(value_type = String, format = Binary)]
        file: (),
    }
}

import_body! {
    /// Rows as JSON.
    #[derive(Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "kind": "schools", "mode": "row",
        "rows": [{
            "ogrn": "1025799000017", "inn": "5799000019", "short_name": "МБОУ-Богородицкая СОШ",
            "legal_form": "mbou", "school_kind": "sosh",
            "education_levels": ["primary", "basic", "secondary"]
        }]
    }))]
    #[expect(dead_code, reason = "it shows the body; its rows are read one by one")]
    ImportRowsIn {
        /// Each as the body of the single operation: `schools` of `PUT /schools/by-ogrn/{ogrn}`; `stats` of
        /// `PUT /schools/{id}/stats/{academic_year}` with `ogrn` and `academic_year`; `support_list`
        /// `ogrn` and `reasons`; `road_map` of `POST /road-maps/{id}/measures`. Members that a row leaves
        /// out of something that exists stay as they are; null clears.
        #[schema(min_items = 1, max_items = 100_000)]
        rows: Vec<Value>,
    }
}

fn atomic() -> ImportMode {
    ImportMode::Atomic
}

impl ImportOptions {
    /// The fields of a form that are true or false.
    pub(super) const FLAGS: [&'static str; 2] = ["dry_run", "force"];
    /// The fields of a form that are numbers.
    pub(super) const NUMBERS: [&'static str; 2] = ["results_year", "academic_year"];

    /// What the rows are.
    pub(super) fn kind(&self) -> ImportKind {
        self.kind
    }

    /// What a rejected row does to the others.
    pub(super) fn mode(&self) -> ImportMode {
        self.mode
    }

    /// Whether it only rehearses.
    pub(super) fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// The municipality of the rows, where it is said.
    pub(super) fn municipality(&self) -> Option<&MunicipalityId> {
        self.municipality_id.as_ref()
    }

    /// What else is asked.
    ///
    /// # Errors
    ///
    /// Members that are missing or do not belong to the kind.
    pub(super) fn parameters(self) -> Result<Parameters, Vec<Violation>> {
        let given = Parameters {
            force: self.force,
            reason: self.reason,
            support_list_id: self.support_list_id,
            list: None,
            road_map_id: self.road_map_id,
            academic_year: self.academic_year,
        };
        let list = ListGiven {
            level: self.level,
            category: self.category,
            results_year: self.results_year,
            order_id: self.order_id,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
        };
        domain::parameters(self.kind, given, list)
    }
}
