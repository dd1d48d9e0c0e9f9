//! Encodings that some programs accept and others refuse: everything in a certificate, inside its extensions too, is
//! DER (X.690), and what the ASN.1 says to leave out is left out.

use crate::lint::prelude::*;
use crate::strict::{self, Limits};

pub(super) const LINT: Lint = Lint {
    name: "incident/strict-der",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1; X.690 §8, §10, §11",
    text: "证书及其扩展项应为严格的 DER 编码",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("strict_throughout", person_sign),
            ("raw_octets_of_an_institution", || {
                person_sign().and(
                    Oid::new("2.25.148926349512345678901234567890123456789.7"),
                    false,
                    vec![0x61, 0x62],
                )
            }),
        ],
        bad: &[
            ("critical_of_octet_one", || person_sign().raw_critical(oid::KEY_USAGE, Some(1))),
            ("critical_false_written_out", || {
                person_sign().raw_critical(oid::CERTIFICATE_POLICIES, Some(0))
            }),
            ("needless_zero_bits_in_key_usage", || {
                person_sign().with(oid::KEY_USAGE, tlv(0x03, &[0, 0xc0]))
            }),
            ("ca_false_written_out", || {
                person_sign().and(oid::BASIC_CONSTRAINTS, false, seq(&[boolean(false)]))
            }),
            ("long_length_for_a_short_value", || {
                person_sign()
                    .with(oid::EXTENDED_KEY_USAGE, [&[0x30, 0x81, 10][..], &eku_content()].concat())
            }),
            ("country_with_an_underscore", || {
                person_sign().subject(dn(&[
                    (oid::COUNTRY, PRINTABLE, "C_"),
                    (oid::COMMON_NAME, UTF8, "张三"),
                ]))
            }),
            ("items_of_a_set_out_of_order", || {
                let item = |kind, text: &str| seq(&[oid(kind), utf8(text)]);
                let pair = set(&[item(oid::ORGANIZATION, "某局"), item(oid::COMMON_NAME, "张三")]);
                person_sign().subject(seq(&[pair]))
            }),
        ],
    },
};

#[cfg(test)]
fn eku_content() -> Vec<u8> {
    oid(oid::CLIENT_AUTH)
}

fn check(target: &Target<'_>) -> Outcome {
    let view = &target.view;
    let whole = view.outer.map_or(view.tbs, |outer| outer.der);
    if let Err(error) = strict::check(whole, &Limits::CERTIFICATE) {
        return Outcome::Broken(error.to_string());
    }
    let inner =
        view.extensions().iter().find_map(|extension| Some((extension.oid, defect(extension)?)));
    Outcome::from_detail(inner.map(|(kind, what)| format!("扩展项 {kind}：{what}")))
        .or(|| defaults_written(view))
}

/// Extensions of known types are DER inside; what private extensions hold is the institution's own matter.
fn defect(extension: &Extension<'_>) -> Option<String> {
    if !crate::lint::rfc5280::KNOWN.contains(&extension.oid) {
        return None;
    }
    if let Err(error) = strict::check(extension.value, &Limits::CERTIFICATE) {
        return Some(error.to_string());
    }
    let value = tlv::one(extension.value)?;
    let wrong = match extension.oid {
        oid::KEY_USAGE => has_needless_bits(&value),
        oid::BASIC_CONSTRAINTS => {
            value.children(tag::SEQUENCE)?.iter().any(|part| part.boolean() == Some(false))
        }
        _ => false,
    };
    wrong.then(|| "写出了应当省略的内容".to_owned())
}

/// X.690 §11.2.2: a named bit list ends with a one.
fn has_needless_bits(value: &Tlv<'_>) -> bool {
    match value.content {
        [unused, .., last] => u32::from(*unused) != last.trailing_zeros(),
        [unused] => *unused != 0,
        [] => true,
    }
}

/// critical FALSE is the default and is left out (X.690 §11.5).
fn defaults_written(view: &View<'_>) -> Outcome {
    let written = view
        .extensions()
        .iter()
        .find(|extension| extension.critical_written && !extension.critical);
    Outcome::from_detail(
        written.map(|extension| format!("扩展项 {} 写出了 critical 的默认值", extension.oid)),
    )
}
