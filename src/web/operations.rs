//! Where a feature registers its operations: with the server, and with the document when
//! one is made.

use actix_web::dev::HttpServiceFactory;
use actix_web::web::ServiceConfig;
use utoipa::openapi::path::Paths;
use utoipa::openapi::{RefOr, Schema};
use utoipa_actix_web::OpenApiFactory;

/// What is known of operations for the document.
#[derive(Default)]
pub struct Described {
    /// The operations by path.
    pub paths: Paths,
    /// The schemas that they name, each as often as it is named.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

/// Takes operations. A worker that serves describes nothing: the descriptions of all take
/// more memory than all the rest of an idle service.
pub struct Operations<'a> {
    config: &'a mut ServiceConfig,
    described: Option<&'a mut Described>,
}

impl<'a> Operations<'a> {
    /// To serve them.
    pub fn served(config: &'a mut ServiceConfig) -> Self {
        Self { config, described: None }
    }

    /// To describe them as well.
    pub fn described(config: &'a mut ServiceConfig, described: &'a mut Described) -> Self {
        Self { config, described: Some(described) }
    }

    /// Takes one operation.
    pub fn service<F>(&mut self, operation: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + 'static,
    {
        if let Some(described) = &mut self.described {
            described.paths.merge(operation.paths());
            operation.schemas(&mut described.schemas);
        }
        self.config.service(operation);
        self
    }

    /// Takes what a feature has.
    pub fn configure(&mut self, register: impl FnOnce(&mut Self)) -> &mut Self {
        register(self);
        self
    }

    /// Takes what handlers share.
    pub fn app_data<T: 'static>(&mut self, data: T) -> &mut Self {
        self.config.app_data(data);
        self
    }
}
