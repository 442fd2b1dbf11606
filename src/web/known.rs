//! What is found out about a request while it is answered, for its headers and its log line.

use actix_web::{HttpMessage, HttpRequest};

use super::rate::{Exhausted, Standing};
use crate::db::Actor;
use crate::error::Error;

/// Left with the request by whoever finds it out.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The account or client that asks.
    pub actor: Option<Actor>,
    /// Whether an administrator asks: he sees where the time went.
    pub is_admin: bool,
    /// How the caller stands with the narrowest quota that counted.
    pub rate: Option<Standing>,
}

impl Known {
    /// What is known of the request by now.
    #[must_use]
    pub fn of(req: &HttpRequest) -> Self {
        req.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Adds to it.
    pub fn note(req: &HttpRequest, add: impl FnOnce(&mut Self)) {
        let mut extensions = req.extensions_mut();
        if let Some(known) = extensions.get_mut::<Self>() {
            return add(known);
        }
        let mut known = Self::default();
        add(&mut known);
        extensions.insert(known);
    }

    /// Notes how the caller stands with a quota that counted this request, admitted or not.
    ///
    /// # Errors
    ///
    /// 429 when the quota is used up.
    pub fn counted(req: &HttpRequest, rate: Result<Option<Standing>, Exhausted>) -> Result<(), Error> {
        Self::note(req, |known| {
            known.rate = match &rate {
                Ok(standing) => standing.or(known.rate),
                Err(Exhausted(standing)) => Some(*standing),
            };
        });
        rate?;
        Ok(())
    }
}
