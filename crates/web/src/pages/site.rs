//! What every page of one institution shows: its name, how to reach it, whether it is a
//! demonstration. Read once when the router is built.

use std::net::IpAddr;
use std::sync::Arc;

use app::Institution;
use app::settings::ContactSettings;
use axum::http::request::Parts;

use super::origin;
use super::rate::Rate;
use crate::problem::Problem;

/// The institution as its pages name it.
#[derive(Debug, Clone)]
pub struct Site(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    contact: ContactSettings,
    public_url: String,
    is_demo: bool,
    is_sandbox: bool,
    proxies: Vec<IpAddr>,
    rate: Rate,
    verifications: Rate,
}

impl Site {
    /// Of an institution.
    pub fn of(institution: &Institution) -> Self {
        let settings = institution.settings();
        Self(Arc::new(Inner {
            name: settings.institution.name.clone(),
            contact: settings.contact.clone(),
            public_url: settings.server.public_url.trim_end_matches('/').to_owned(),
            is_demo: institution.layout().demo_secrets().exists(),
            is_sandbox: institution.layout().sandbox().exists(),
            proxies: settings.server.trusted_proxies.clone(),
            rate: Rate::new(settings.server.forms_per_minute),
            verifications: Rate::new(settings.verification.per_minute),
        }))
    }

    /// Of an institution that is only a name.
    #[cfg(test)]
    pub fn of_tests() -> Self {
        let contact = ContactSettings::default();
        let (name, public_url) = ("测试认证中心".to_owned(), "http://127.0.0.1".to_owned());
        let (proxies, rate, verifications) = (Vec::new(), Rate::new(60), Rate::new(600));
        let (is_demo, is_sandbox) = (false, false);
        Self(Arc::new(Inner {
            name,
            contact,
            public_url,
            is_demo,
            is_sandbox,
            proxies,
            rate,
            verifications,
        }))
    }

    /// Reverse proxies that are believed.
    pub fn proxies(&self) -> &[IpAddr] {
        &self.0.proxies
    }

    /// How often one source may send forms without having signed in.
    pub fn rate(&self) -> &Rate {
        &self.0.rate
    }

    /// The address that a request comes from.
    pub fn source(&self, parts: &Parts) -> Result<IpAddr, Problem> {
        origin::source(parts, self.proxies())
    }

    /// How much one source may have verified through the interface.
    pub fn verifications(&self) -> &Rate {
        &self.0.verifications
    }

    /// Its full name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Telephone, e-mail, address, hours, as far as the operator gave them.
    pub fn contact(&self) -> &ContactSettings {
        &self.0.contact
    }

    /// The address under which others reach it, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// Whether applications are tried out here.
    pub fn is_sandbox(&self) -> bool {
        self.0.is_sandbox
    }

    /// Whether it is a demonstration, whose certificates have no legal effect.
    pub fn is_demo(&self) -> bool {
        self.0.is_demo
    }
}
