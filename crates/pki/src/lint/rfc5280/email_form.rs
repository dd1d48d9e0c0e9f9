//! RFC 5280 §4.2.1.6: e-mail addresses are mailboxes, `local@domain`.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/email-form",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.6; RFC 2821 §4.1.2",
    text: "电子邮件地址应书写正确",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("mailbox", || with_email("zhang.san@example.gov.cn"))],
        bad: &[
            ("without_domain", || with_email("zhangsan")),
            ("with_display_name", || with_email("Zhang San <zhangsan@example.gov.cn>")),
        ],
    },
};

#[cfg(test)]
fn with_email(text: &str) -> Example {
    person_sign().and(oid::SUBJECT_ALT_NAME, false, seq(&[implicit(1, text.as_bytes())]))
}

fn check(target: &Target<'_>) -> Outcome {
    let names = target.view.alternative_names().unwrap_or_default();
    let alternative = names.iter().filter(|name| name.form == Form::Email).map(|name| name.value);
    let subject = target.view.subject.all(oid::EMAIL_ADDRESS).map(|attribute| attribute.value);
    let wrong = alternative.chain(subject).find(|address| !crate::lint::uri::is_mailbox(address));
    Outcome::from_detail(wrong.map(|address| format!("“{}”", String::from_utf8_lossy(address))))
}
