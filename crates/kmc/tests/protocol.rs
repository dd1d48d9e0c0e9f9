//! GM/T 0014 end to end: a CA elsewhere and the centre, and what the centre refuses.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex};

use common::{World, name_der, on_each_engine, opened, order, person, restore, serial};
use gm::sm2::PrivateKey;
use gm::{Device as _, KeyKind, KeyLabel, PublicKey, UserId};
use jiff::{SignedDuration, Timestamp};
use kmc::{KeyCentre, Kmc, Local, Remote, RemoteConfig, Text, Transport};
use pki::Spki;
use pki::km::{
    ApplyKey, ApplyUser, CaRequest, EntityName, KmRespond, KsRequest, KsRespond,
    PrivateKeyEnvelope, Request, Respond, RevokeKey, TaskNumber,
};

/// A CA with its own device that talks to the centre through a closure.
struct Far {
    world: World,
    device: Arc<gm::soft::SoftDevice>,
    _folder: tempfile::TempDir,
}

impl Far {
    async fn of(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stretch = gm::soft::Stretch::FAST_FOR_TESTS;
        let device = gm::soft::SoftDevice::create(folder.path(), b"ca", stretch).unwrap();
        let label = KeyLabel::new("ca").unwrap();
        let key = device.session().unwrap().generate(&label, KeyKind::Sm2Sign).unwrap();
        let name = Text::parse("name", "远方机构").unwrap();
        world.kmc.register_ca(name, key.public_key.unwrap(), common::actor()).await.unwrap();
        world.kmc.refill().await.unwrap();
        Self { world, device: Arc::new(device), _folder: folder }
    }

    async fn centre(&self, transport: Transport, centre_key: PublicKey) -> Remote {
        let config = RemoteConfig {
            ca_name_der: name_der("远方机构"),
            ca_certificate_serial: serial(9),
            signing_label: KeyLabel::new("ca").unwrap(),
            centre_key,
        };
        Remote::new(self.device.clone(), self.world.clock.clone(), transport, config).await.unwrap()
    }

    async fn direct(&self) -> Remote {
        self.centre(direct(&self.world.kmc), *self.world.kmc.public_key()).await
    }
}

fn direct(kmc: &Kmc) -> Transport {
    let kmc = kmc.clone();
    Arc::new(move |request| {
        let kmc = kmc.clone();
        Box::pin(async move { kmc.handle(&request).await.map_err(|error| error.to_string()) })
    })
}

/// The whole life of a key, in whichever way the centre is reached.
async fn life_of_a_key(centre: &dyn KeyCentre) {
    let (old, new) = (person(), person());
    let first = centre.apply(order(1, old.public_key())).await.unwrap();
    let key = opened(&first, &old);
    let again = centre.apply(order(1, old.public_key())).await.unwrap();
    assert_eq!(again.public_key, first.public_key);
    let taken = centre.apply(order(1, new.public_key())).await;
    assert_eq!(taken.unwrap_err().code(), "kmc.serial_taken");
    let refused = centre.restore(restore(1, old.public_key())).await;
    assert_eq!(refused.unwrap_err().code(), "kmc.restore_needs_new_key");
    let restored = centre.restore(restore(1, new.public_key())).await.unwrap();
    assert_eq!(*opened(&restored, &new).to_bytes(), *key.to_bytes());
    centre.revoke(serial(1)).await.unwrap();
    centre.revoke(serial(1)).await.unwrap();
    let ended = centre.apply(order(1, new.public_key())).await;
    assert_eq!(ended.unwrap_err().code(), "kmc.key_ended");
    let unknown = centre.revoke(serial(2)).await;
    assert_eq!(unknown.unwrap_err().code(), "kmc.unknown_certificate");
}

/// GM/T 0014 §5.2: apply, restore, revoke; the same rules as in the same process.
#[tokio::test(flavor = "multi_thread")]
async fn near_and_far_a_centre_behaves_the_same() {
    on_each_engine(async |world| {
        world.ca("甲机构").await;
        let far = Far::of(world).await;
        life_of_a_key(&Local::new(far.world.kmc.clone(), "甲机构").await.unwrap()).await;
        life_of_a_key(&far.direct().await).await;
        far.world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again() {
    let far = Far::of(World::sqlite().await).await;
    let kmc = far.world.kmc.clone();
    let calls = Arc::new(Mutex::new(0));
    let lossy: Transport = Arc::new(move |request| {
        let (kmc, calls) = (kmc.clone(), calls.clone());
        Box::pin(async move {
            let answer = kmc.handle(&request).await.map_err(|error| error.to_string())?;
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            if *calls == 1 { Err("连接中断".to_owned()) } else { Ok(answer) }
        })
    });
    let centre = far.centre(lossy, *far.world.kmc.public_key()).await;
    let subscriber = person();
    let lost = centre.apply(order(1, subscriber.public_key())).await;
    assert_eq!(lost.unwrap_err().code(), "kmc.unreachable");
    opened(&centre.apply(order(1, subscriber.public_key())).await.unwrap(), &subscriber);
    assert_eq!(far.world.kmc.statistics().await.unwrap().in_use(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_somebody_else_is_not_believed() {
    let far = Far::of(World::sqlite().await).await;
    let centre = far.centre(direct(&far.world.kmc), *person().public_key()).await;
    let refused = centre.apply(order(1, person().public_key())).await;
    assert_eq!(refused.unwrap_err().code(), "kmc.bad_answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_answer_does_not_fit_a_new_request() {
    let far = Far::of(World::sqlite().await).await;
    let kmc = far.world.kmc.clone();
    let kept: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let replaying: Transport = Arc::new(move |request| {
        let (kmc, kept) = (kmc.clone(), kept.clone());
        Box::pin(async move {
            let old = kept.lock().unwrap().clone();
            if let Some(old) = old {
                return Ok(old);
            }
            let answer = kmc.handle(&request).await.map_err(|error| error.to_string())?;
            *kept.lock().unwrap() = Some(answer.clone());
            Ok(answer)
        })
    });
    let centre = far.centre(replaying, *far.world.kmc.public_key()).await;
    let subscriber = person();
    centre.apply(order(1, subscriber.public_key())).await.unwrap();
    let refused = centre.apply(order(1, subscriber.public_key())).await;
    assert_eq!(refused.unwrap_err().code(), "kmc.bad_answer");
}

/// A CA that writes its requests by hand.
struct Hand {
    world: World,
    key: PrivateKey,
}

impl Hand {
    async fn new() -> Self {
        let world = World::sqlite().await;
        let (_, key) = world.ca("手工机构").await;
        world.kmc.refill().await.unwrap();
        Self { world, key }
    }

    fn body(&self, requests: Vec<Request>, task: u8) -> KsRequest {
        KsRequest {
            ca: EntityName::new(&name_der("手工机构"), self.key.public_key(), serial(3)),
            requests,
            time: common::now(),
            task: TaskNumber::from_magnitude(&[task]).unwrap(),
        }
    }

    async fn send(&self, body: KsRequest, signer: &PrivateKey) -> KsRespond {
        let sign = |der: &[u8]| Ok::<_, pki::Error>(signer.sign(&UserId::default(), der));
        let request = CaRequest::sign(body, sign).unwrap().to_der();
        let answer = self.world.kmc.handle(&request).await.unwrap();
        let answer = KmRespond::from_der(&answer).unwrap();
        answer.verify(self.world.kmc.public_key(), &UserId::default()).unwrap().clone()
    }

    async fn refused(&self, body: KsRequest, signer: &PrivateKey) -> u64 {
        let answer = self.send(body, signer).await;
        let [Respond::Error(error)] = answer.responds.as_slice() else {
            panic!("{:?}", answer.responds)
        };
        assert!(error.text.as_ref().is_some_and(|text| !text.is_empty()));
        error.number
    }
}

fn apply(number: u32, signing_key: &PublicKey) -> ApplyKey {
    ApplyKey::sm2(ApplyUser {
        cert_serial: serial(number),
        signing_key: Spki::of(signing_key),
        not_before: common::now(),
        not_after: common::now() + SignedDuration::from_hours(24),
        user_name: None,
        ds_code: None,
        extend_info: None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_may_carry_several_requests() {
    let hand = Hand::new().await;
    let (first, second) = (person(), person());
    let revoke = Request::Revoke(RevokeKey { cert_serial: serial(7) });
    let requests = vec![
        Request::Apply(apply(1, first.public_key())),
        revoke,
        Request::Apply(apply(2, second.public_key())),
    ];
    let body = hand.body(requests, 200);
    let answer = hand.send(body.clone(), &hand.key).await;
    assert_eq!(answer.task, body.task);
    let [Respond::Apply(one), Respond::Error(none), Respond::Apply(two)] =
        answer.responds.as_slice()
    else {
        panic!("{:?}", answer.responds)
    };
    assert_eq!(none.number, 14);
    for (key, owner) in [(one, &first), (two, &second)] {
        let envelope = PrivateKeyEnvelope::from_der(&key.private_key).unwrap();
        envelope.verify(hand.world.kmc.public_key(), &UserId::default()).unwrap();
        let public_key = key.public_key.public_key().unwrap();
        let inner = pki::envelope::unwrap(&envelope.into_enveloped(public_key), owner).unwrap();
        assert_eq!(*inner.public_key(), public_key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_the_registered_key_did_not_sign_is_refused() {
    let hand = Hand::new().await;
    let requests = || vec![Request::Apply(apply(1, person().public_key()))];
    assert_eq!(hand.refused(hand.body(requests(), 1), &person()).await, 2);
    let stranger = person();
    let mut unknown = hand.body(requests(), 1);
    unknown.ca = EntityName::new(&name_der("手工机构"), stranger.public_key(), serial(3));
    assert_eq!(hand.refused(unknown, &stranger).await, 1);
    assert_eq!(hand.world.kmc.statistics().await.unwrap().in_use(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_or_stale_request_is_refused() {
    let hand = Hand::new().await;
    let requests = || vec![Request::Apply(apply(1, hand.key.public_key()))];
    let answer = hand.send(hand.body(requests(), 1), &hand.key).await;
    assert!(matches!(answer.responds.as_slice(), [Respond::Apply(_)]));
    assert_eq!(hand.refused(hand.body(requests(), 1), &hand.key).await, 4);
    for minutes in [-6, 6] {
        let mut late = hand.body(requests(), 2);
        late.time += SignedDuration::from_mins(minutes);
        assert_eq!(hand.refused(late, &hand.key).await, 3, "{minutes} minutes");
    }
    hand.world.clock.advance(SignedDuration::from_mins(30));
    let mut fresh = hand.body(requests(), 1);
    fresh.time = hand.world.clock_now();
    assert_eq!(hand.send(fresh, &hand.key).await.responds.len(), 1);
}

impl World {
    fn clock_now(&self) -> Timestamp {
        use store::Clock as _;
        self.clock.now()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_centre_cannot_make_is_refused_by_number() {
    let hand = Hand::new().await;
    let good = apply(1, person().public_key());
    let short = ApplyKey { key_bits: 512, ..good.clone() };
    assert_eq!(hand.refused(hand.body(vec![Request::Apply(short)], 1), &hand.key).await, 6);
    let mut rsa = good.clone();
    rsa.key_type = pki::oid::RSA;
    assert_eq!(hand.refused(hand.body(vec![Request::Apply(rsa)], 2), &hand.key).await, 6);
    let mut off_curve = good.clone();
    let mut spki = off_curve.user.signing_key.der().to_vec();
    let last = spki.len() - 1;
    spki[last] ^= 1;
    off_curve.user.signing_key = Spki::from_der(&spki).unwrap();
    assert_eq!(hand.refused(hand.body(vec![Request::Apply(off_curve)], 3), &hand.key).await, 7);
    assert_eq!(hand.refused(hand.body(Vec::new(), 4), &hand.key).await, 5);
    let twice = vec![Request::Apply(good.clone()), Request::Apply(good)];
    assert_eq!(hand.refused(hand.body(twice, 5), &hand.key).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_serial_for_another_key_is_refused_by_number() {
    let hand = Hand::new().await;
    let apply_for = |task| {
        let key = person();
        hand.body(vec![Request::Apply(apply(1, key.public_key()))], task)
    };
    hand.send(apply_for(1), &hand.key).await;
    assert_eq!(hand.refused(apply_for(2), &hand.key).await, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_request_are_an_error_and_not_an_answer() {
    let hand = Hand::new().await;
    for bytes in [&b""[..], b"0\x80\0\0", &[0; 1000], &vec![0x30; 10 << 20]] {
        let refused = hand.world.kmc.handle(bytes).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.message");
    }
}
