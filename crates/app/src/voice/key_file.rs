//! Whether a piece of evidence is nothing but a private key that leaked. Asked while it is received, for a report with a
//! proof; only the key of that proof is known again.

use gm::PublicKey;
use gm::sm2::PrivateKey;
use zeroize::Zeroizing;

/// More than a key file has.
const MOST_OCTETS: usize = 4_096;
/// Names of private keys in PEM, and how each is read.
const LABELS: [(&str, Read); 3] = [
    ("PRIVATE KEY", PrivateKey::from_pkcs8_der),
    ("EC PRIVATE KEY", PrivateKey::from_sec1_der),
    ("SM2 PRIVATE KEY", PrivateKey::from_sec1_der),
];

type Read = fn(&[u8]) -> Result<PrivateKey, gm::KeyError>;

/// Whether this is the private half of the key, in the clear, and nothing besides.
pub(super) fn is_private_key(content: &[u8], public: &PublicKey) -> bool {
    if content.len() > MOST_OCTETS {
        return false;
    }
    let is_half = |key: &PrivateKey| key.public_key() == public;
    let whole = [PrivateKey::from_pkcs8_der(content), PrivateKey::from_sec1_der(content)];
    if whole.into_iter().flatten().any(|key| is_half(&key)) {
        return true;
    }
    if !is_one_block(content) {
        return false;
    }
    LABELS.into_iter().any(|(label, read)| {
        let found = Zeroizing::new(pki::pem::blocks(content, label).unwrap_or_default());
        found.first().and_then(|der| read(der).ok()).is_some_and(|key| is_half(&key))
    })
}

/// Armour from its first sign to its last, of one block.
fn is_one_block(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let text = text.trim();
    text.starts_with("-----BEGIN ")
        && text.ends_with(" KEY-----")
        && text.matches("-----BEGIN ").count() == 1
}

#[cfg(test)]
mod tests {
    use gm::OsRandom;

    use super::*;

    #[test]
    fn only_the_key_itself_and_nothing_besides_is_taken_for_it() {
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let other = PrivateKey::generate(&mut OsRandom).unwrap();
        let (der, sec1) = (key.to_pkcs8_der().unwrap(), key.to_sec1_der().unwrap());
        let pem = pki::pem::encode("PRIVATE KEY", &der).unwrap();
        let old = pki::pem::encode("EC PRIVATE KEY", &sec1).unwrap();
        let is = |content: &[u8]| is_private_key(content, key.public_key());
        assert!(is(&der) && is(&sec1) && is(pem.as_bytes()) && is(old.as_bytes()));
        assert!(!is_private_key(&der, other.public_key()), "another key");
        for more in [
            format!("在服务器 10.0.0.1 上找到：\n{pem}"),
            format!("{pem}联系人：某某"),
            format!("{pem}{old}"),
            "-----BEGIN".to_owned(),
        ] {
            assert!(!is(more.as_bytes()), "{more}");
        }
        assert!(!is(&[&der[..], &[0; 5_000]].concat()));
    }
}
