//! Forms are bound to their session: a token that no other site can make or read.

use crate::service::same;
use crate::{Access, Error, Principal};

impl Access {
    /// The token for the forms of a session, or of a page before sign-in, for which the door
    /// gives the browser a random value of its own.
    pub fn form_token(&self, binding: &str) -> Result<String, Error> {
        self.mac("form", binding.as_bytes())
    }

    /// Fails unless the token was made for this session or value.
    pub fn check_form_token(&self, binding: &str, token: &str) -> Result<(), Error> {
        let expected = self.form_token(binding)?;
        if same(expected.as_bytes(), token.as_bytes()) { Ok(()) } else { Err(Error::Csrf) }
    }

    /// The token for the forms of a signed-in principal.
    pub fn csrf_token(&self, principal: &Principal) -> Result<String, Error> {
        self.form_token(&principal.session().ok_or(Error::Csrf)?.id)
    }

    /// Fails unless the form was made for this principal's session.
    pub fn check_csrf(&self, principal: &Principal, token: &str) -> Result<(), Error> {
        self.check_form_token(&principal.session().ok_or(Error::Csrf)?.id, token)
    }
}
