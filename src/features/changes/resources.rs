//! Which resources there are to follow, and who reads each.

use crate::auth::Caller;
use crate::features::{conclusion_templates, conclusions, indicators, monitorings, municipalities, notes};
use crate::features::{orders, recommendations, reports, road_maps};
use crate::features::{school_calendars, schools, support_lists};

/// A resource to follow.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// Its name in the feed.
    pub name: &'static str,
    may: fn(&Caller) -> bool,
}

/// Declares the table: `"name": Action;` lines.
macro_rules! resources {
    ($($name:literal: $action:path;)+) => {
        /// Every resource to follow, in an order in which a row comes after those that it refers to.
        pub const ALL: &[Resource] =
            &[$(Resource { name: $name, may: |caller| caller.may::<$action>() }),+];
    };
}

resources! {
    "municipalities": municipalities::ReadMunicipalities;
    "school-calendars": school_calendars::ReadSchoolCalendars;
    "schools": schools::ReadSchools;
    "orders": orders::ReadOrders;
    "support-lists": support_lists::ReadLists;
    "support-list-entries": support_lists::ReadLists;
    "indicators": indicators::ReadIndicators;
    "conclusion-templates": conclusion_templates::ReadTemplates;
    "road-maps": road_maps::ReadRoadMaps;
    "measures": road_maps::ReadRoadMaps;
    "monitorings": monitorings::ReadMonitorings;
    "reports": reports::ReadReports;
    "indicator-values": indicators::ReadIndicatorValues;
    "conclusions": conclusions::ReadConclusions;
    "recommendations": recommendations::ReadRecommendations;
    "notes": notes::ReadNotes;
}

/// Those that the caller reads.
#[must_use]
pub fn readable(caller: &Caller) -> Vec<&'static Resource> {
    ALL.iter().filter(|resource| (resource.may)(caller)).collect()
}
