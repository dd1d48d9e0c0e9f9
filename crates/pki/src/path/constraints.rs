//! The state of name constraints along a path (RFC 5280 §6.1.1 (b), (c), §6.1.4 (g)).

use super::names::{self, Form};
use crate::ext::{GeneralName, NameConstraints};
use crate::{Certificate, oid};

/// Constraints of the certificates above. Permitted subtrees of different certificates intersect, so each list is
/// kept and a name must lie in every one of them; excluded subtrees unite.
#[derive(Default)]
pub(super) struct Constraints {
    layers: Vec<NameConstraints>,
}

impl Constraints {
    /// Adds what a certificate says about those below it.
    pub(super) fn add(&mut self, certificate: &Certificate) {
        self.layers.extend(certificate.name_constraints());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The first name of a certificate that breaks a constraint, in Chinese.
    pub(super) fn violation(&self, certificate: &Certificate) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        names_of(certificate).iter().find_map(|name| self.judge(name))
    }

    fn judge(&self, name: &GeneralName) -> Option<String> {
        self.layers.iter().find_map(|layer| {
            let of_form = |base: &&GeneralName| Form::of(base) == Form::of(name);
            if layer.excluded.iter().filter(of_form).any(|base| names::may_lie_within(name, base)) {
                return Some(format!("名称“{}”在排除的范围之内", names::text(name)));
            }
            let mut permitted = layer.permitted.iter().filter(of_form).peekable();
            if permitted.peek().is_some() && !permitted.any(|base| names::lies_within(name, base)) {
                return Some(format!("名称“{}”不在允许的范围之内", names::text(name)));
            }
            None
        })
    }
}

/// The names that constraints speak about: the subject, the alternative names, and the e-mail address in the subject
/// when no alternative name is one.
fn names_of(certificate: &Certificate) -> Vec<GeneralName> {
    let mut names = certificate.san().map(|san| san.0).unwrap_or_default();
    if !names.iter().any(|name| matches!(name, GeneralName::Email(_))) {
        let emails = certificate
            .subject()
            .attributes()
            .filter(|attribute| attribute.oid == oid::EMAIL_ADDRESS);
        names.extend(emails.filter_map(|attribute| attribute.text.clone()).map(GeneralName::Email));
    }
    if !certificate.subject().is_empty() {
        names.push(GeneralName::Directory(certificate.subject().clone()));
    }
    names
}
