//! Keys that the institution makes in its own device for certificates of its own (Measures Art. 20 ¶2). No chain is
//! asked for: the institution itself sees where the key is. What counts is the product certificate that the device
//! holds, as for every other key of the institution.

use gm::{Product, Term};
use jiff::Timestamp;

use super::chain::refused;
use super::products::day_in_china;
use super::{Demand, Judged, Products, Refusal};
use crate::error::Error;

impl Products {
    /// The verdict about a key that is made in the institution's own device, of this product if it is one. A
    /// device without certificate in force is refused where the register demands one, and recorded as none
    /// elsewhere.
    ///
    /// # Errors
    /// [`Error::Attestation`].
    pub fn judge_own(
        &self,
        kind: &str,
        product: Option<&Product>,
        at: Timestamp,
    ) -> Result<Judged, Error> {
        let day = day_in_china(at);
        let in_force = product.filter(|one| matches!(one.term_on(day), Term::InForce(_)));
        match (in_force, self.demand(kind)) {
            (Some(product), _) => Ok(Judged::own(product.clone())),
            (None, Demand::Recorded) => Ok(Judged::absent()),
            (None, Demand::Required) => Err(refused(Refusal::OwnDevice)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use gm::SecurityLevel;

    use super::*;
    use crate::attestation::Verdict;

    fn register(demand: &str) -> Products {
        let text = format!("[attestation]\ndevice = \"{demand}\"\n");
        Products::from_toml(&text, &BTreeMap::new()).unwrap()
    }

    fn product() -> Product {
        Product {
            maker: "示例密码设备厂".into(),
            model: "HSM-1".into(),
            certificate: "GM0099HSM1".into(),
            level: SecurityLevel::new(2).unwrap(),
            valid_from: "2026-01-01".parse().unwrap(),
            valid_until: "2030-12-31".parse().unwrap(),
        }
    }

    fn code(demand: &str, product: Option<&Product>, at: &str) -> Result<Verdict, &'static str> {
        let judged = register(demand).judge_own("device", product, at.parse().unwrap());
        judged.map(|judged| judged.verdict().clone()).map_err(|error| error.code())
    }

    #[test]
    fn a_certified_device_satisfies_the_demand_as_long_as_its_certificate_is_in_force() {
        let (product, within) = (product(), "2026-11-30T00:00:00Z");
        for demand in ["required", "recorded"] {
            let verdict = code(demand, Some(&product), within).unwrap();
            assert_eq!(verdict.product(), Some(&product), "{demand}");
            assert!(verdict.verified().is_none(), "nobody handed in an attestation");
        }
        for over in ["2025-12-31T00:00:00Z", "2031-01-01T00:00:00Z"] {
            let found = code("required", Some(&product), over);
            assert_eq!(found, Err("attestation.own-device"), "{over}");
            assert_eq!(code("recorded", Some(&product), over), Ok(Verdict::Absent), "{over}");
        }
        assert_eq!(code("required", None, within), Err("attestation.own-device"));
        assert_eq!(code("recorded", None, within), Ok(Verdict::Absent));
    }
}
