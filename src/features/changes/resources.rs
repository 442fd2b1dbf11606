//! Which resources there are to follow, who reads each, and how its rows are taken.

use crate::auth::Caller;
use crate::features::exported::Export;
use crate::features::{conclusion_templates, conclusions, indicators, monitorings, municipalities, notes};
use crate::features::{orders, recommendations, reports, road_maps};
use crate::features::{school_calendars, schools, support_lists};

/// A resource to follow.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// Its name in the feed.
    pub name: &'static str,
    may: fn(&Caller) -> bool,
    /// Gives its rows.
    pub export: Export,
}

/// Declares the table: `"name": Action, export;` lines.
macro_rules! resources {
    ($($name:literal: $action:path, $export:path;)+) => {
        /// Every resource to follow, in an order in which a row comes after those that it refers to.
        pub const ALL: &[Resource] =
            &[$(Resource { name: $name, may: |caller| caller.may::<$action>(), export: $export }),+];
    };
}

resources! {
    "municipalities": municipalities::ReadMunicipalities, municipalities::export;
    "school-calendars": school_calendars::ReadSchoolCalendars, school_calendars::export;
    "schools": schools::ReadSchools, schools::export;
    "orders": orders::ReadOrders, orders::export;
    "support-lists": support_lists::ReadLists, support_lists::export;
    "support-list-entries": support_lists::ReadLists, support_lists::export_entries;
    "indicators": indicators::ReadIndicators, indicators::export_indicators;
    "conclusion-templates": conclusion_templates::ReadTemplates, conclusion_templates::export;
    "road-maps": road_maps::ReadRoadMaps, road_maps::export;
    "measures": road_maps::ReadRoadMaps, road_maps::export_measures;
    "monitorings": monitorings::ReadMonitorings, monitorings::export;
    "reports": reports::ReadReports, reports::export;
    "indicator-values": indicators::ReadIndicatorValues, indicators::export_values;
    "conclusions": conclusions::ReadConclusions, conclusions::export;
    "recommendations": recommendations::ReadRecommendations, recommendations::export;
    "notes": notes::ReadNotes, notes::export;
}

/// The names of those that the caller reads.
#[must_use]
pub fn readable_names(caller: &Caller) -> Vec<&'static str> {
    readable(caller).into_iter().map(|resource| resource.name).collect()
}

/// Those that the caller reads.
#[must_use]
pub fn readable(caller: &Caller) -> Vec<&'static Resource> {
    ALL.iter().filter(|resource| (resource.may)(caller)).collect()
}
