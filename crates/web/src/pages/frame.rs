//! The frame around the content of a page: masthead, navigation, foot. Templates read it as
//! `frame`.

use access::{Action, Principal};
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
    /// The address of the script over key files; only pages with such a form load it.
    pub script: String,
    /// What every form of this page sends along (against forged requests); empty without forms.
    pub token: String,
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// What the visitor may ask for, each at least for some object.
    pub may: Vec<Action>,
}

/// Who is signed in, for the masthead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedIn {
    /// Somebody of the staff.
    Person {
        /// The name.
        name: String,
        /// The roles in words.
        roles: String,
    },
    /// The applicant of one application.
    Applicant,
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
            script: asset::script(),
            token: String::new(),
            signed_in: None,
            may: Vec::new(),
        }
    }

    /// For this visitor, who may ask for so much.
    pub fn visitor(&mut self, principal: &Principal, may: Vec<Action>) {
        self.may = may;
        self.signed_in = Some(match principal.person() {
            None => SignedIn::Applicant,
            Some(person) => SignedIn::Person {
                name: person.name.to_string(),
                roles: person.roles.iter().map(|r| r.chinese()).collect::<Vec<_>>().join("、"),
            },
        });
    }

    /// Name and roles of the person who is signed in.
    pub fn person(&self) -> Option<(&str, &str)> {
        match &self.signed_in {
            Some(SignedIn::Person { name, roles }) => Some((name, roles)),
            _ => None,
        }
    }

    /// Whether the applicant of an application is signed in.
    pub fn is_applicant(&self) -> bool {
        self.signed_in == Some(SignedIn::Applicant)
    }

    /// Whether the visitor passes the gate of a page, by its path in the table of routes: what does
    /// not open is shown as text, not as a link.
    pub fn opens(&self, page: &str) -> bool {
        navigation::is_open(page, self)
    }

    /// The entries of the navigation bar, the present one marked.
    pub fn navigation(&self) -> Vec<Entry> {
        navigation::entries(self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let frame = parts.extensions.get::<Self>().cloned();
        frame.ok_or_else(|| app::Error::Stored("页面没有经过门禁").into())
    }
}
