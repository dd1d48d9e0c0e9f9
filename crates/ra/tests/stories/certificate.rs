//! Requests for certificates, as an applicant's tool makes them.

use gm::UserId;
use gm::sm2::PrivateKey;
use pki::csr::{CertificationRequest, ProofOfPossession, request_info, signed_request};
use pki::name::Name;

/// A request for this key, with the proof that somebody has it.
pub fn possession(key: &PrivateKey) -> ProofOfPossession {
    let id = UserId::default();
    let name = Name::from_attributes([]);
    let info = request_info(&name, key.public_key());
    let der = signed_request(&info, &key.sign(&id, &info));
    CertificationRequest::from_der(&der).unwrap().prove_possession(&id).unwrap()
}
