//! A certification request (RFC 2986, GM/T 0092): name and key, signed with the key.

use std::path::Path;

use anyhow::Context;
use gm::UserId;
use gm::sm2::PrivateKey;
use pki::spki::AlgorithmIdentifier;
use pki::strict::Writer;
use pki::{Name, Spki};

use super::name;
use crate::out::{self, Outcome};

/// Writes the request as PEM to `out`, or prints it.
pub fn write(private: &PrivateKey, subject: &str, out: Option<&Path>) -> anyhow::Result<Outcome> {
    let subject = name::parse(subject)?;
    let pem = pki::pem::encode("CERTIFICATE REQUEST", &encode(private, &subject))?;
    match out {
        Some(path) => {
            std::fs::write(path, pem).with_context(|| format!("无法写入 {}", path.display()))?;
            out::note(format!("证书申请已写入 {}", path.display()));
        }
        None => out::bytes(pem.as_bytes()),
    }
    Ok(Outcome::Fine)
}

/// The request in DER.
pub fn encode(private: &PrivateKey, subject: &Name) -> Vec<u8> {
    let info = Writer::build(|w| {
        w.sequence(|w| {
            w.uint(0);
            w.raw(subject.der());
            w.raw(Spki::of(private.public_key()).der());
            w.tlv(pki::strict::Tag::context_constructed(0), &[]);
        });
    });
    let signature = private.sign(&UserId::default(), &info).to_der();
    Writer::build(|w| {
        w.sequence(|w| {
            w.raw(&info);
            AlgorithmIdentifier::bare(pki::oid::SM2_WITH_SM3).write(w);
            w.bit_string(&signature);
        });
    })
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
