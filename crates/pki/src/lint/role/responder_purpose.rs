//! RFC 6960 §4.2.2.2: a delegated responder has the purpose OCSPSigning.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "role/responder-purpose",
    severity: Severity::Error,
    citation: "RFC 6960 §4.2.2.2",
    text: "OCSP 服务证书的扩展密钥用法应为 OCSPSigning，且只此一项",
    effective: source::SERVICES,
    applies: |target| target.context.role == Role::OcspResponder,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("ocsp_signing", ocsp_responder)],
        bad: &[
            ("no_purpose", || ocsp_responder().without(oid::EXTENDED_KEY_USAGE)),
            ("any_purpose", || {
                ocsp_responder().with(oid::EXTENDED_KEY_USAGE, oids(&[oid::ANY_EXTENDED_KEY_USAGE]))
            }),
            ("client_authentication_added", || {
                ocsp_responder()
                    .with(oid::EXTENDED_KEY_USAGE, oids(&[oid::OCSP_SIGNING, oid::CLIENT_AUTH]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let purposes = target.view.purposes().unwrap_or_default();
    Outcome::broken_if(purposes != [oid::OCSP_SIGNING], || format!("用途有 {} 项", purposes.len()))
}
