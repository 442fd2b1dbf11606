//! How far a caller's rights reach. Every query on scoped rows takes one and uses it.

use crate::kit::id::{MunicipalityId, SchoolId};

/// The rows a caller can see, read from the database with his account.
///
/// Only [`Permit`](super::Permit) and the command line make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything: administrators, for what they may do at all.
    Service,
    /// One municipality with all its schools: the department.
    Municipality(MunicipalityId),
    /// One school: its head and deputies.
    School(MunicipalityId, SchoolId),
    /// Some schools of a municipality: a curator.
    Assigned(MunicipalityId, Vec<SchoolId>),
    /// A region's municipalities, and there only what is approved, accepted, signed or later.
    Region(String),
    /// One municipality as its region reads it: clients of a municipality.
    Published(MunicipalityId),
}

impl Scope {
    /// The municipality, when the scope lies within one.
    #[must_use]
    pub fn municipality(&self) -> Option<&MunicipalityId> {
        match self {
            Self::Municipality(id) | Self::School(id, _) | Self::Assigned(id, _) | Self::Published(id) => {
                Some(id)
            }
            Self::Service | Self::Region(_) => None,
        }
    }

    /// The same, where something belongs to one municipality: what stands in a list is of the list's
    /// own, whatever else the caller reaches.
    #[must_use]
    pub fn within(&self, municipality: &MunicipalityId) -> Self {
        match self {
            Self::Region(_) => Self::Published(municipality.clone()),
            other => other.clone(),
        }
    }

    /// The schools, when the scope is narrower than a municipality.
    #[must_use]
    pub fn schools(&self) -> Option<&[SchoolId]> {
        match self {
            Self::School(_, id) => Some(std::slice::from_ref(id)),
            Self::Assigned(_, ids) => Some(ids),
            _ => None,
        }
    }

    /// The one school, for its own people.
    #[must_use]
    pub fn own_school(&self) -> Option<&SchoolId> {
        match self {
            Self::School(_, id) => Some(id),
            _ => None,
        }
    }

    /// The region, for its readers and clients.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Region(code) => Some(code),
            _ => None,
        }
    }

    /// Whether drafts and other work in progress are visible.
    #[must_use]
    pub fn sees_work(&self) -> bool {
        !matches!(self, Self::Region(_) | Self::Published(_))
    }
}
