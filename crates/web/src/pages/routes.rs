//! The table of pages: address, method, gate. No page is reachable that isn't a row.

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{self, MethodRouter};

use super::guard::{Door, PageGate, guard};
use super::site::Site;
use super::{asset, display, downloads, home, query};
use crate::api::App;

/// One row of the table.
pub struct PageRoute {
    /// The method.
    pub method: Method,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// Who may.
    pub gate: PageGate,
    handler: MethodRouter<App>,
}

macro_rules! pages {
    ($($method:ident $path:literal $gate:expr => $handler:expr;)*) => {
        vec![$(PageRoute {
            method: method(stringify!($method)),
            path: $path,
            gate: $gate,
            handler: routing::$method($handler),
        },)*]
    };
}

fn method(name: &str) -> Method {
    match name {
        "post" => Method::POST,
        _ => Method::GET,
    }
}

/// Every page there is.
#[must_use]
pub fn table() -> Vec<PageRoute> {
    use PageGate::Public;
    pages! {
        get "/" Public => home::show;
        get "/query" Public => query::show;
        get "/downloads" Public => downloads::show;
        post "/display" Public => display::change;
        get "/assets/{file}" Public => asset::download;
    }
}

/// The pages of an institution.
pub fn router(site: &Site) -> Router<App> {
    let mut router = Router::new();
    for route in table() {
        let door = Door { site: site.clone(), gate: route.gate };
        let handler = route.handler.route_layer(from_fn_with_state(door, guard));
        router = router.route(route.path, handler);
    }
    router
}
