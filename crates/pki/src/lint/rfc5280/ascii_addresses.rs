//! RFC 5280 §4.2.1.6, §7.4: addresses are IA5String without spaces; other characters are mapped before.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/ascii-addresses",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.6, §7.4",
    text: "扩展项中的地址应只含可见的 ASCII 字符",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("ascii", person_sign)],
        bad: &[
            ("chinese_host", || with_address("http://示例.政务.cn/a.crl")),
            ("space_at_the_end", || with_address("http://crl.example.gov.cn/a.crl ")),
        ],
    },
};

#[cfg(test)]
fn with_address(text: &str) -> Example {
    person_sign().with(oid::CRL_DISTRIBUTION_POINTS, seq(&[distribution_point(&[uri(text)])]))
}

fn check(target: &Target<'_>) -> Outcome {
    let mut addresses = target.view.published_uris();
    let names = target.view.alternative_names().unwrap_or_default();
    addresses.extend(names.iter().filter(|name| name.form == Form::Uri).map(|name| name.value));
    let wrong = addresses.into_iter().find(|address| !address.iter().all(u8::is_ascii_graphic));
    Outcome::from_detail(wrong.map(|address| format!("“{}”", String::from_utf8_lossy(address))))
}
