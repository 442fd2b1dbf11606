//! Who may ask for his obligations: everybody. What they are follows from what he may do.

use crate::auth::permit::actions;

actions! {
    /// Read the own obligations; administrators and regional readers have none.
    ReadObligations = reads [Admin, MunicipalHead, MunicipalOfficer, SchoolHead, SchoolOperator, Curator, RegionalViewer];
}
