//! Our own records: what we issued, what we did not, and whose name is not enough.

use std::sync::Arc;

use jiff::Timestamp;
use status::verification::{
    Basis, CertificateQuestion, Check, Evidence, Outcome, Purpose, Trust, Verifier,
};

use crate::family::{Draft, Made, ca, list, user};
use crate::world::{Issuer, World, at, unit};

/// A certificate by one of our own issuers.
fn by(issuer: &Issuer, draft: Draft) -> Made {
    draft.issue(issuer.certificate.subject(), &issuer.key)
}

fn own(number: u64) -> Draft {
    user("甲").serial(number)
}

/// Writes a certificate down as `ca` does, as far as its status goes.
async fn keep(world: &World, issuer: &Issuer, made: &Made) {
    let (id, certificate) = (issuer.id, made.certificate.clone());
    let work = unit(move |tx| {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO certificate (issuer_id, serial, request_id, role, profile, \
                 profile_hash, subject, subject_der, key_hash, not_before, not_after, status, \
                 changed_at, issued_at, shard, fingerprint, issued_seq) VALUES ($1, $2, $3, \
                 'sign', 'p', $4, 's', $5, $4, 1, 4000000000, 'good', 1, 1, 0, $6, 0)",
            )
            .bind(id)
            .bind(certificate.serial().to_hex())
            .bind(certificate.serial().to_hex())
            .bind("0".repeat(64))
            .bind(vec![0x30_u8, 0])
            .bind(certificate.fingerprint())
            .execute(tx.conn())
            .await?;
            Ok(())
        })
    });
    world.store.commit(work).await.unwrap();
}

/// What the report says of the status of a certificate, by the own roots alone.
async fn status(world: &World, made: &Made, at: Option<Timestamp>) -> (Outcome, Check) {
    let verifier = Verifier::new(world.store.clone());
    let trust = Arc::new(Trust::of(verifier.own_roots().await.unwrap()).unwrap());
    let question = CertificateQuestion {
        der: made.certificate.der().to_vec(),
        evidence: Evidence::default(),
        at,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    let judged = verifier.verify_certificate(trust, question).await.unwrap().judged;
    let check = judged.checks.iter().find(|check| check.check == "status").unwrap().clone();
    (judged.verdict, check)
}

/// T-07: signed by our own key, and not in our records.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_issued_fails_however_well_it_is_signed() {
    let world = World::new().await;
    let issuer = world.mute_issuer("本机构").await;
    let issued = by(&issuer, own(1_000_003));
    keep(&world, &issuer, &issued).await;
    let (verdict, check) = status(&world, &issued, None).await;
    assert_eq!((verdict, check.code.as_str()), (Outcome::Passed, "status.good"));
    assert!(matches!(check.basis, Some(Basis::Records { as_of, .. }) if as_of == at(0)));
    for number in [1, 1_000_002, 1_000_004, u64::MAX >> 1] {
        let (verdict, check) = status(&world, &by(&issuer, own(number)), None).await;
        assert_eq!((verdict, check.code.as_str()), (Outcome::Failed, "status.not-issued"));
    }
    let twin = by(&issuer, own(1_000_003).key_of("恶意"));
    let (verdict, check) = status(&world, &twin, None).await;
    assert_eq!((verdict, check.code.as_str()), (Outcome::Failed, "status.not-the-issued"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_holds_from_its_change_to_the_next() {
    let world = World::new().await;
    let issuer = world.mute_issuer("本机构").await;
    let made = by(&issuer, own(7));
    keep(&world, &issuer, &made).await;
    let serial = made.certificate.serial();
    for (status, reason, when) in [
        ("suspended", Some(6), at(-3000)),
        ("good", None, at(-2000)),
        ("revoked", Some(1), at(-1000)),
    ] {
        world.change_at((&issuer, serial), (status, reason), when).await;
    }
    for (moment, expected, code) in [
        (-3001, Outcome::Passed, "status.revoked-later"),
        (-3000, Outcome::Failed, "status.suspended"),
        (-2001, Outcome::Failed, "status.suspended"),
        (-2000, Outcome::Passed, "status.revoked-later"),
        (-1001, Outcome::Passed, "status.revoked-later"),
        (-1000, Outcome::Failed, "status.revoked"),
        (0, Outcome::Failed, "status.revoked"),
    ] {
        let (verdict, check) = status(&world, &made, Some(at(moment))).await;
        assert_eq!((verdict, check.code.as_str()), (expected, code), "{moment}");
    }
}

/// T-15: another authority under our name, trusted by the operator: its certificates are none of ours.
#[tokio::test(flavor = "multi_thread")]
async fn another_key_under_our_name_is_not_judged_by_our_records() {
    let world = World::new().await;
    let issuer = world.mute_issuer("本机构").await;
    let namesake = ca("同名").subject(issuer.certificate.subject().clone()).self_signed();
    let leaf = own(9).by(&namesake);
    let verifier = Verifier::new(world.store.clone());
    let roots = verifier.own_roots().await.unwrap();
    let trust = Trust::of(roots.into_iter().chain([namesake.certificate.clone()]));
    let trust = Arc::new(trust.unwrap());
    for (lists, code) in
        [(vec![list(&namesake).made()], "status.list-good"), (vec![], "status.no-source")]
    {
        let question = CertificateQuestion {
            der: leaf.certificate.der().to_vec(),
            evidence: Evidence { lists, ..Evidence::default() },
            at: None,
            purpose: Purpose::Signature,
            policies: Vec::new(),
        };
        let judged = verifier.verify_certificate(trust.clone(), question).await.unwrap().judged;
        let check = judged.checks.iter().find(|check| check.check == "status").unwrap();
        assert_eq!(check.code, code, "{:#?}", judged.checks);
    }
}

/// What was read a moment ago is believed, and an authority of our own is met with the next question all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_was_just_made_is_known_to_a_verifier_that_looked_before() {
    let world = World::new().await;
    let first = world.mute_issuer("本机构").await;
    let verifier = Verifier::new(world.store.clone());
    assert_eq!(verifier.own_roots().await.unwrap(), std::slice::from_ref(&first.certificate));
    let second = world.mute_issuer("另一个").await;
    let roots = verifier.own_roots().await.unwrap();
    assert_eq!(roots, [first.certificate.clone(), second.certificate.clone()]);
    let made = by(&second, own(11));
    keep(&world, &second, &made).await;
    let question = || CertificateQuestion {
        der: made.certificate.der().to_vec(),
        evidence: Evidence::default(),
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    let trust = Arc::new(Trust::of(roots).unwrap());
    let good = verifier.verify_certificate(trust.clone(), question()).await.unwrap();
    assert_eq!(good.judged.verdict, Outcome::Passed, "{:#?}", good.judged.checks);
    let revoked = ("revoked", Some(1));
    world.change_at((&second, made.certificate.serial()), revoked, at(0)).await;
    let bad = verifier.verify_certificate(trust, question()).await.unwrap();
    assert_eq!(bad.judged.verdict, Outcome::Failed, "{:#?}", bad.judged.checks);
}
