//! What needs the inside: published examples with their k, and every k that must be refused.

use super::encryption::encrypt_with;
use super::*;
use crate::Error;
use crate::limbs;
use crate::point;
use crate::scalar::{N, Scalar};

const D: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const K: &str = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21";

fn octets<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::from_bytes(&octets(D)).unwrap()
}

fn k() -> Scalar {
    Scalar::from_be(&octets(K)).unwrap()
}

/// GB/T 32918.5 Annex A.
#[test]
fn the_signature_of_the_standard() {
    let key = key();
    let public = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
        ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
    assert_eq!(hex::encode(key.public_key().to_sec1()), public);
    let z = key.public_key().z(DEFAULT_ID).unwrap();
    assert_eq!(hex::encode(z), "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3");
    let e = key.digest(DEFAULT_ID, b"message digest").unwrap();
    assert_eq!(hex::encode(e), "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
    let signature = key.sign_with(&e, &k()).unwrap();
    let raw = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
        b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    assert_eq!(hex::encode(signature.to_raw()), raw);
    verify(key.public_key(), &e, &signature).unwrap();
}

/// GB/T 32918.5 Annex C.
#[test]
fn the_ciphertext_of_the_standard() {
    let key = key();
    let ciphertext = encrypt_with(key.public_key(), b"encryption standard", &k()).unwrap();
    let raw = "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73\
        e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0\
        59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766\
        21886ca989ca9c7d58087307ca93092d651efa";
    assert_eq!(hex::encode(ciphertext.to_raw()), raw);
    assert_eq!(key.decrypt(&ciphertext).unwrap().as_slice(), b"encryption standard");
}

/// GB/T 32918.2 §6.1 A5, A6: r = 0, r + k = n, s = 0. e is solved for: r = e + x₁.
#[test]
fn every_forbidden_nonce_is_refused() {
    let key = key();
    let k = k();
    let x = PublicKey::from_jacobian(&point::mul_base(k.limbs())).unwrap();
    let x = Scalar::reduced(x.x());
    // s = 0 where k = r·d.
    let ratio = k.mul(&key.d.invert());
    for r in [Scalar::ZERO, k.negate(), ratio] {
        let e = r.sub(&x).to_be();
        assert_eq!(key.sign_with(&e, &k), None);
        // The neighbour is signed.
        let e = r.add(&Scalar::ONE).sub(&x).to_be();
        verify(key.public_key(), &e, &key.sign_with(&e, &k).unwrap()).unwrap();
    }
}

/// The sum of the verifier is infinity, or its x is right and t = 0.
#[test]
fn signatures_that_lead_nowhere_are_refused() {
    let key = key();
    let e = [7; 32];
    let s = Scalar::from_be(&[1; 32]).unwrap();
    let opposite = Signature::of_nonzero(s.negate(), s);
    assert_eq!(verify(key.public_key(), &e, &opposite), Err(Error::Signature));
    // s·G + t·P = 0 where t = −s/d.
    let t = s.mul(&key.d.invert()).negate();
    let nowhere = Signature::of_nonzero(t.sub(&s), s);
    assert_eq!(verify(key.public_key(), &e, &nowhere), Err(Error::Signature));
    assert_eq!(PreparedKey::new(key.public_key()).verify(&e, &nowhere), Err(Error::Signature));
}

/// x₁ of n..p, which is x₁ − n in r, is found by the second comparison. A k with such an x₁ is
/// not known (one in 2³² of them has it): the point is made up from its x.
#[test]
fn an_abscissa_above_n_is_still_the_same_mod_n() {
    use crate::field::Fe;
    use crate::point::Jacobian;
    let above = limbs::add(&N, &[5, 0, 0, 0]).0;
    let point = |limbs| Jacobian { x: Fe::from_limbs(limbs), y: Fe::ONE, z: Fe::ONE };
    let wanted = Scalar::from_be(&limbs::to_be(&[5, 0, 0, 0])).unwrap();
    assert!(verification::has_abscissa(&point(&above), &wanted));
    assert!(verification::has_abscissa(&point(&[5, 0, 0, 0]), &wanted));
    assert!(!verification::has_abscissa(&point(&[6, 0, 0, 0]), &wanted));
    // wanted + n of p and above is no abscissa, though it is one mod p.
    let gap = limbs::sub(&crate::field::P, &N).0;
    let wanted = Scalar::from_be(&limbs::to_be(&gap)).unwrap();
    assert!(!verification::has_abscissa(&point(&[0; 4]), &wanted));
    assert!(verification::has_abscissa(&point(&gap), &wanted));
}

#[test]
fn a_batch_makes_the_same_signatures() {
    let key = key();
    let digests: Vec<[u8; 32]> = (0u8..40).map(|at| [at; 32]).collect();
    let single: Vec<_> = digests.iter().map(|e| key.sign(e, b"fresh")).collect();
    assert_eq!(key.sign_batch(&digests, b"fresh"), single);
    assert!(key.sign_batch(&[], b"").is_empty());
}

/// GB/T 32918.5 Annex B.
#[test]
fn the_exchange_of_the_standard() {
    let private = |text| PrivateKey::from_bytes(&octets(text)).unwrap();
    let ephemeral = |text| Ephemeral::from_bytes(&octets(text)).unwrap();
    let a = private("81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029");
    let b = private("785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5");
    let ra = ephemeral("d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3");
    let rb = ephemeral("7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6");
    let (za, zb) = (a.public_key().z(DEFAULT_ID).unwrap(), b.public_key().z(DEFAULT_ID).unwrap());
    let peer_b = Peer { key: b.public_key(), z: &zb, ephemeral: rb.public_key() };
    let peer_a = Peer { key: a.public_key(), z: &za, ephemeral: ra.public_key() };
    let at_a = a.agree(Role::Initiator, &za, &ra, &peer_b).unwrap();
    let at_b = b.agree(Role::Responder, &zb, &rb, &peer_a).unwrap();
    assert_eq!(hex::encode(at_a.key(16)), "6c89347354de2484c60b4ab1fde4c6e5");
    assert_eq!(at_a.key(100), at_b.key(100));
    assert_eq!(
        hex::encode(at_a.confirmation(Role::Responder)),
        "d3a0fe15dee185ceae907a6b595cc32a266ed7b3367e9983a896dc32fa20f8eb"
    );
    assert_eq!(
        hex::encode(at_b.confirmation(Role::Initiator)),
        "18c7894b3816df16cf07b05c5ec0bef5d655d58f779cc1b400a4f3884644db88"
    );
    // Another Z leads to another key.
    let other = Peer { z: &[1; 32], ..peer_b };
    let elsewhere = a.agree(Role::Initiator, &za, &ra, &other).unwrap();
    assert_ne!(elsewhere.key(16), at_a.key(16));
}

/// P_B = −x̄·R_B: who sends that knows the key of neither, and gets none.
#[test]
fn an_exchange_that_leads_to_infinity_is_refused() {
    let rb = Ephemeral::from_bytes(&[5; 32]).unwrap();
    let x = limbs::from_be(rb.public_key().x());
    let half = Scalar::from_limbs_reduced(&[x[0], x[1] | 1 << 63, 0, 0]);
    let d = half.mul(&rb.r).negate();
    let b = PrivateKey::from_bytes(&d.to_be()).unwrap();
    let peer = Peer { key: b.public_key(), z: &[0; 32], ephemeral: rb.public_key() };
    let ra = Ephemeral::from_bytes(&[6; 32]).unwrap();
    let refused = key().agree(Role::Initiator, &[1; 32], &ra, &peer);
    assert_eq!(refused.unwrap_err(), Error::Agreement);
    // One's own t = 0 is refused as well.
    let x = limbs::from_be(ra.public_key().x());
    let half = Scalar::from_limbs_reduced(&[x[0], x[1] | 1 << 63, 0, 0]);
    let own = PrivateKey::from_bytes(&half.mul(&ra.r).negate().to_be()).unwrap();
    let key = key();
    let peer = Peer { key: key.public_key(), z: &[0; 32], ephemeral: rb.public_key() };
    assert_eq!(own.agree(Role::Initiator, &[1; 32], &ra, &peer).unwrap_err(), Error::Agreement);
}
