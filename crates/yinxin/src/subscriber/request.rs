//! A certification request (RFC 2986, GM/T 0092): name and key, signed with the key.

use std::path::Path;

use anyhow::Context;
use gm::UserId;
use gm::sm2::PrivateKey;
use pki::{Name, csr};

use super::name;
use crate::out::{self, Outcome};

/// Writes the request as PEM to `out`, or prints it.
pub fn write(private: &PrivateKey, subject: &str, out: Option<&Path>) -> anyhow::Result<Outcome> {
    let pem = pem(private, subject)?;
    match out {
        Some(path) => {
            std::fs::write(path, pem).with_context(|| format!("无法写入 {}", path.display()))?;
            out::note(format!("证书申请已写入 {}", path.display()));
        }
        None => out::bytes(pem.as_bytes()),
    }
    Ok(Outcome::Fine)
}

/// The request as PEM.
pub fn pem(private: &PrivateKey, subject: &str) -> anyhow::Result<String> {
    let subject = name::parse(subject)?;
    Ok(pki::pem::encode("CERTIFICATE REQUEST", &encode(private, &subject))?)
}

/// The request in DER.
pub fn encode(private: &PrivateKey, subject: &Name) -> Vec<u8> {
    let info = csr::request_info(subject, private.public_key());
    csr::signed_request(&info, &private.sign(&UserId::default(), &info))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_proves_possession_of_its_key() {
        let private = PrivateKey::generate(&mut gm::OsRandom).unwrap();
        let subject = name::parse("C=CN,O=测试单位,CN=测试").unwrap();
        let der = encode(&private, &subject);
        let request = pki::CertificationRequest::from_der(&der).unwrap();
        let proof = request.prove_possession(&UserId::default()).unwrap();
        assert_eq!(proof.public_key(), private.public_key());
    }
}
