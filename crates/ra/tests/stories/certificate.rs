//! Requests for certificates, as an applicant's tool makes them, and the register of certified devices.

use std::collections::BTreeMap;

use gm::UserId;
use gm::sm2::PrivateKey;
use pki::attestation::Products;
use pki::csr::{CertificationRequest, ProofOfPossession, request_info, signed_request};
use pki::name::Name;
use testkit::maker::{MAKER, Maker};

/// A request for this key, with the proof that somebody has it.
pub fn possession(key: &PrivateKey) -> ProofOfPossession {
    let id = UserId::default();
    let name = Name::from_attributes([]);
    let info = request_info(&name, key.public_key());
    let der = signed_request(&info, &key.sign(&id, &info));
    CertificationRequest::from_der(&der).unwrap().prove_possession(&id).unwrap()
}

/// The register with one product of a maker, KEY-200; `demands`: for which kinds a key has to be in such a device.
pub fn products(maker: &Maker, demands: &str) -> Products {
    let text = format!(
        "[attestation]\n{demands}\n[[product]]\nmaker = \"{MAKER}\"\nmodel = \"KEY-200\"\n\
         certificate = \"GM0099\"\nlevel = 2\nvalid_from = \"2020-01-01\"\n\
         valid_until = \"2049-12-31\"\nuses = [\"subscriber\"]\nroot = \"maker.der\"\n"
    );
    let root = maker.root.certificate.der().to_vec();
    Products::from_toml(&text, &BTreeMap::from([("maker.der".to_owned(), root)])).unwrap()
}
