//! The frame around the content of a page: masthead, navigation, foot. Templates read it as
//! `frame`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::asset;
use super::navigation::{self, Entry, Face};
use super::site::Site;
use super::visit::Visit;
use crate::problem::Problem;

/// The frame of one page for one visitor. Only the guard makes it.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The institution.
    pub site: Site,
    /// Which of the three faces.
    pub face: Face,
    /// Whether the large version is wanted (长辈版).
    pub large: bool,
    /// Path and query of this page.
    pub address: String,
    /// The address of the style sheet.
    pub style: String,
    /// The address of the seal.
    pub seal: String,
}

impl Frame {
    /// For a visitor of whom nothing more is known.
    pub fn new(site: Site, visit: &Visit) -> Self {
        let face = Face::of(&visit.address);
        Self {
            site,
            face,
            large: visit.large,
            address: visit.address.clone(),
            style: asset::style(),
            seal: asset::seal(),
        }
    }

    /// The entries of the navigation bar, the present one marked.
    pub fn navigation(&self) -> Vec<Entry> {
        navigation::entries(self.face, &self.address)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let frame = parts.extensions.get::<Self>().cloned();
        frame.ok_or_else(|| app::Error::Stored("页面没有经过门禁").into())
    }
}
