//! RFC 5280 §4.2.1.12: a server's certificate has the purpose serverAuth, and none that signs for services.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "role/server-purpose",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.12",
    text: "服务器证书的扩展密钥用法应含 serverAuth",
    effective: source::SERVICES,
    applies: |target| target.context.role == Role::Server,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("server_and_client", || {
            server().with(oid::EXTENDED_KEY_USAGE, oids(&[oid::SERVER_AUTH, oid::CLIENT_AUTH]))
        })],
        bad: &[
            ("client_only", || server().with(oid::EXTENDED_KEY_USAGE, oids(&[oid::CLIENT_AUTH]))),
            ("ocsp_signing_added", || {
                server().with(oid::EXTENDED_KEY_USAGE, oids(&[oid::SERVER_AUTH, oid::OCSP_SIGNING]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let purposes = target.view.purposes().unwrap_or_default();
    let foreign = [oid::OCSP_SIGNING, oid::TIME_STAMPING, oid::CODE_SIGNING]
        .iter()
        .any(|one| purposes.contains(one));
    let kept = purposes.contains(&oid::SERVER_AUTH) && !foreign;
    Outcome::broken_if(!kept, || "没有 serverAuth，或者混有其他服务的用途".to_owned())
}
