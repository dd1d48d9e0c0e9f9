//! Art. 19 (3): the certificate states its serial number (check C19-3).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/serial-number",
    severity: Severity::Error,
    citation: "Measures Art. 19 (3)",
    text: "证书应当载明证书序列号",
    effective: source::MEASURES,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("serial_of_sixteen_octets", person_sign)],
        bad: &[
            ("serial_without_octets", || person_sign().serial(&[])),
            ("serial_zero", || person_sign().serial(&[0])),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let octets = target.view.serial;
    Outcome::broken_if(octets.iter().all(|octet| *octet == 0), || "序列号为空或为零".to_owned())
}
