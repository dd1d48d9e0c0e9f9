//! RFC 6125 §6.4.4: servers are known by subjectAltName; a host name in CN also stands there.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "role/server-name",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.6; RFC 6125 §6.4.4",
    text: "服务器证书应以主体替换名称载明域名或 IP 地址，通用名中的域名也应在其中",
    effective: source::SERVICES,
    applies: |target| target.context.role == Role::Server,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("common_name_among_the_names", server)],
        bad: &[
            ("no_alternative_name", || server().without(oid::SUBJECT_ALT_NAME)),
            ("common_name_not_among_the_names", || {
                server().with(oid::SUBJECT_ALT_NAME, seq(&[implicit(2, b"other.example.gov.cn")]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let names = target.view.alternative_names().unwrap_or_default();
    if !names.iter().any(|name| matches!(name.form, Form::Dns | Form::Ip)) {
        return Outcome::Broken("没有域名或 IP 地址".to_owned());
    }
    let common_name = target.view.subject.text(oid::COMMON_NAME).unwrap_or_default();
    let is_host = common_name.parse::<std::net::IpAddr>().is_err()
        && common_name.contains('.')
        && crate::lint::uri::is_dns_name(common_name.as_bytes());
    let listed =
        names.iter().any(|name| covers(&String::from_utf8_lossy(name.value), &common_name));
    Outcome::broken_if(is_host && !listed, || format!("通用名“{common_name}”不在主体替换名称之中"))
}

/// A name covers itself, and a wildcard every name that differs in its first label only.
fn covers(name: &str, host: &str) -> bool {
    let parent = host.split_once('.').map(|(_, parent)| parent);
    name.eq_ignore_ascii_case(host)
        || name
            .strip_prefix("*.")
            .zip(parent)
            .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}
