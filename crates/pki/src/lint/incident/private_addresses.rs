//! Addresses that only the issuer's own network can reach (incident bz1809382: a wrong CRL address). A demonstration
//! on one machine has such addresses rightly, so this is a notice.

use crate::lint::prelude::*;
use crate::lint::uri::scheme_and_host;

pub(super) const LINT: Lint = Lint {
    name: "incident/private-addresses",
    severity: Severity::Notice,
    citation: "Measures Art. 20 (incident bz1809382)",
    text: "证书中的地址应为依赖方能够访问的地址",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("public_host", person_sign)],
        bad: &[
            ("loopback", || with_address("http://127.0.0.1:8080/ca1.crl")),
            ("private_network", || with_address("http://192.168.1.5/ca1.crl")),
            ("host_without_domain", || with_address("http://localhost/ca1.crl")),
        ],
    },
};

#[cfg(test)]
fn with_address(text: &str) -> Example {
    person_sign().with(oid::CRL_DISTRIBUTION_POINTS, seq(&[distribution_point(&[uri(text)])]))
}

fn check(target: &Target<'_>) -> Outcome {
    let hosts =
        target.view.published_uris().into_iter().filter_map(scheme_and_host).map(|(_, host)| host);
    let wrong = hosts.into_iter().find(|host| is_private(host));
    Outcome::from_detail(wrong.map(|host| format!("“{host}”只在内部网络可达")))
}

fn is_private(host: &str) -> bool {
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        Ok(std::net::IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => {
            !host.contains('.')
                || [".local", ".internal", ".test", ".invalid"]
                    .iter()
                    .any(|end| host.ends_with(end))
        }
    }
}
