//! RFC 5280 §4.2.1.12: extKeyUsage names at least one purpose, none twice, and is not critical with anyPurpose.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/purposes-not-empty",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.12",
    text: "扩展密钥用法应载明用途，不重复，含任意用途时不得为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::EXTENDED_KEY_USAGE).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("server_authentication", server)],
        bad: &[
            ("no_purpose", || server().with(oid::EXTENDED_KEY_USAGE, seq(&[]))),
            ("purpose_twice", || {
                server().with(oid::EXTENDED_KEY_USAGE, oids(&[oid::SERVER_AUTH, oid::SERVER_AUTH]))
            }),
            ("critical_any_purpose", || {
                person_sign().and(
                    oid::EXTENDED_KEY_USAGE,
                    true,
                    oids(&[oid::ANY_EXTENDED_KEY_USAGE]),
                )
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let mut purposes = target.view.purposes().unwrap_or_default();
    let critical =
        target.view.extension(oid::EXTENDED_KEY_USAGE).is_some_and(|extension| extension.critical);
    if critical && purposes.contains(&oid::ANY_EXTENDED_KEY_USAGE) {
        return Outcome::Broken("关键扩展项中含有任意用途".to_owned());
    }
    let count = purposes.len();
    purposes.sort_unstable();
    purposes.dedup();
    Outcome::broken_if(count == 0 || purposes.len() < count, || "用途为空或者重复".to_owned())
}
