//! The table of pages: address, method, gate. No page is reachable that isn't a row.

use app::Institution;
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;

use super::guard::{Door, PageGate, guard};
use super::site::Site;
use crate::api::App;

mod apply;
mod batch;
mod console;
mod desk;
mod hall;
mod letters;
mod people;
mod signing;
mod status;

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
        vec![$($crate::pages::routes::PageRoute {
            method: $crate::pages::routes::method(stringify!($method)),
            path: $path,
            gate: $gate,
            handler: axum::routing::$method($handler),
        },)*]
    };
}

use pages;

fn method(name: &str) -> Method {
    match name {
        "post" => Method::POST,
        _ => Method::GET,
    }
}

/// Every page there is.
#[must_use]
pub fn table() -> Vec<PageRoute> {
    let faces = [
        hall::table(),
        apply::table(),
        desk::table(),
        status::table(),
        batch::table(),
        letters::table(),
        people::table(),
        console::table(),
        signing::table(),
    ];
    faces.into_iter().flatten().collect()
}

/// The pages of an institution.
pub fn router(institution: &Institution, site: &Site) -> Router<App> {
    let mut router = Router::new();
    for route in table() {
        let door = Door { institution: institution.clone(), site: site.clone(), gate: route.gate };
        let handler = route.handler.route_layer(from_fn_with_state(door, guard));
        router = router.route(route.path, handler);
    }
    router
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::Action;

    #[test]
    fn a_page_that_changes_something_asks_who_or_binds_its_form() {
        for route in table().into_iter().filter(|route| route.method == Method::POST) {
            let is_view = route.path == "/display";
            assert!(route.gate != PageGate::Public || is_view, "{}", route.path);
        }
    }

    #[test]
    fn reading_permits_read_and_changing_permits_belong_to_posts_or_their_forms() {
        for route in table() {
            let action = match route.gate {
                PageGate::Person(action) | PageGate::Applicant(action) => action,
                _ => continue,
            };
            let is_unmasking = action == Action::UnmaskApplication;
            assert!(
                route.method == Method::GET || action.changes() || action.audits() || is_unmasking,
                "{} changes something under a permit to read",
                route.path
            );
        }
    }
}
