//! Seeds of the parsers of timestamps.

use gm::UserId;
use pki::tsp::{
    Accuracy, Draft, Failure, Format, HashAlgorithm, Imprint, Nonce, Request, granted,
};
use pki::{Oid, Serial};
use yinxin_fuzz::now;

use crate::world::World;
use crate::write::{put, put_bent};

pub fn stamps(world: &World) {
    let policy = Oid::new("1.2.156.99.8.1");
    let nonce = Nonce::new(&[5; 8]).expect("a nonce");
    let imprint = Imprint::of(HashAlgorithm::Sm3, b"data");
    let asked = Request::new(imprint, Some(policy), Some(nonce), true);
    put_bent("pki_tsp_request", "whole", asked.der());
    for algorithm in HashAlgorithm::ALL {
        let plain = Request::new(Imprint::of(algorithm, b"data"), None, None, false);
        put("pki_tsp_request", algorithm.name(), plain.der());
    }

    let (certificate, key) = world.leaf("tsa", 14);
    for (name, format) in [("gm", Format::Gm), ("rfc", Format::Rfc)] {
        let draft = Draft {
            request: &asked,
            certificate: &certificate,
            format,
            policy,
            serial: Serial::from_hex("40ab").expect("a serial"),
            at: now(),
            digits: 3,
            accuracy: Some(Accuracy::from_micros(1_002_003).expect("an accuracy")),
            is_named_by_sha1: true,
        };
        let unsigned = draft.encode().expect("a token");
        let id = UserId::default();
        let signature = key.sign_digest(&unsigned.digest(key.public_key(), &id));
        let token = unsigned.assemble(&id, &signature).expect("a token");
        put_bent("pki_tsp_reply", name, &granted(&token));
        put("pki_tsp_reply", &format!("{name}-token"), &token);
    }
    put("pki_tsp_reply", "refused", &Failure::TimeNotAvailable.der());
}
