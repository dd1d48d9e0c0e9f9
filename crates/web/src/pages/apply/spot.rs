//! Where the pages of one application stand: 我的申请 for its holder; the counter for the clerk who
//! enters it for somebody present. The pages, the steps and the rules are the same.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use ra::{Application, ApplicationId, At};

use crate::api::App;
use crate::pages::form::Form;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// One application, and the address of its pages.
#[derive(Debug, Clone)]
pub struct Spot {
    /// Which application.
    pub id: ApplicationId,
    /// `/application`, or `/desk/enter/{application}`.
    pub base: String,
    /// Whether a clerk enters it.
    pub counter: bool,
    parts: BTreeMap<String, String>,
}

impl Spot {
    /// What the first page is called.
    pub fn title(&self) -> &'static str {
        if self.counter { "录入申请" } else { "我的申请" }
    }

    /// Whom the page speaks of as the holder: a clerk who reads is not addressed as the applicant.
    pub fn you(&self) -> &'static str {
        if self.counter { "申请人" } else { "您" }
    }

    /// Where another application is begun.
    pub fn begin(&self) -> &'static str {
        if self.counter { "/desk/enter" } else { "/apply" }
    }

    /// A part of the address.
    pub fn part(&self, name: &str) -> &str {
        self.parts.get(name).map_or("", String::as_str)
    }

    /// The application at the version that the form was made from.
    pub fn at(&self, form: &Form) -> Result<At, Problem> {
        Ok(At { id: self.id.clone(), version: crate::pages::version(form)? })
    }

    /// The application as it is, if the visitor may see it.
    pub async fn application(&self, app: &App, visitor: &Visitor) -> Result<Application, Problem> {
        let permit = app.permit(visitor.principal(), access::Action::ReadApplication)?;
        Ok(app.registration()?.application(&permit, &self.id).await?)
    }

    /// Of the holder who has just begun one.
    pub fn own(id: &ApplicationId) -> Self {
        let (base, parts) = ("/application".to_owned(), BTreeMap::new());
        Self { id: id.clone(), base, counter: false, parts }
    }

    /// Of the clerk who has just begun one.
    pub fn counter(id: &ApplicationId) -> Self {
        let base = format!("/desk/enter/{id}");
        Self { base, counter: true, ..Self::own(id) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Spot {
    type Rejection = Problem;

    async fn from_request_parts(request: &mut Parts, state: &S) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(request, state).await?;
        let parts = Path::<BTreeMap<String, String>>::from_request_parts(request, state).await;
        let parts = parts.map(|Path(parts)| parts).unwrap_or_default();
        let spot = match parts.get("application") {
            Some(id) => Self::counter(&id.parse()?),
            None => Self::own(&visitor.application()?.parse()?),
        };
        Ok(Self { parts, ..spot })
    }
}
