//! Municipalities: the tenants, each with its education authority.

mod domain;
mod export;
mod flow;
mod http;
mod policy;
mod shape;
mod store;

pub use self::domain::MunicipalityKind;
pub use self::export::export;
pub use self::http::configure;
pub use self::policy::{CATALOGUE, ReadMunicipalities};
pub use self::store::{MunicipalityRow, find, find_for_change, find_public};
