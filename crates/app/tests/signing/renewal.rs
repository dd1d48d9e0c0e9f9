//! Certificates are renewed in good time for the same signing key, with overlap; whoever uses the key does
//! nothing (ADR 12).

use app::signing::{MessageOrder, StopCause};
use ca::Status;
use gm::{OsRandom, Signature, UserId, sm2};
use pki::Certificate;
use pki::message::EnvelopedData;

use super::desk::{Desk, KEY, on_each_engine};

const DAY: i64 = 86_400;

fn holds(certificate: &Certificate, content: &[u8], der: &[u8]) -> bool {
    let (key, signature) = (certificate.public_key().unwrap(), Signature::from_der(der).unwrap());
    sm2::verify(&key, &UserId::default(), content, &signature).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_last_third_another_pair_follows_and_nobody_has_to_do_anything() {
    on_each_engine(|url| async move {
        let desk = Desk::with_key(url).await;
        let institution = &desk.world.institution;
        let (old, old_enc) = desk.certificates().await;
        let e = sm2::digest(&old.public_key().unwrap(), &UserId::default(), b"content");
        let seal = |to: &Certificate| EnvelopedData::seal(b"secret", &[to], &mut OsRandom).unwrap();
        let before = seal(&old_enc);
        desk.world.pass(240 * DAY);
        institution.renew_signing_keys().await.unwrap();
        assert_eq!(desk.view().await.certificates.len(), 1, "not yet");
        desk.world.pass(5 * DAY);
        // Cut off behind the first step, the same pair is gone on with.
        desk.changed(
            "INSERT INTO signing_pair (number, generation, state, begun_at) \
             SELECT 1, 2, 'making', MAX(begun_at) FROM signing_pair",
        )
        .await;
        institution.keep_signing_keys().await.unwrap();
        let view = desk.view().await;
        assert_eq!(view.certificates.len(), 2);
        assert_eq!((view.certificates[0].generation, view.certificates[0].is_in_force), (2, false));
        assert_eq!(desk.certificates().await.0, old, "a new one rests for a day");
        desk.world.pass(DAY);
        let (new, new_enc) = desk.certificates().await;
        assert_ne!(new, old);
        assert_eq!(new.public_key().unwrap(), old.public_key().unwrap(), "the same signing key");
        assert_eq!(new.subject(), old.subject());
        assert_ne!(new_enc.public_key().unwrap(), old_enc.public_key().unwrap());
        assert!(new.not_after() > old.not_after());
        // Answers carry the one in force; what was computed for the old one holds under both.
        let permit = desk.permit().await;
        let signed = institution.sign_value(&permit, KEY, e).await.unwrap();
        assert_eq!(signed.certificate, new);
        assert!(holds(&old, b"content", &signed.octets) && holds(&new, b"content", &signed.octets));
        let message = (KEY, b"content".to_vec());
        let permit = desk.permit().await;
        let message = institution.sign_message(&permit, message, MessageOrder::default()).await;
        assert_eq!(message.unwrap().certificate, new);
        // Envelopes to both are opened, those from before too.
        let now = seal(&new_enc);
        for envelope in [before, now] {
            let permit = desk.permit().await;
            let opened = institution.open_envelope(&permit, (KEY, envelope)).await.unwrap();
            assert_eq!(opened.as_slice(), b"secret");
        }
        assert!(desk.statuses().await.iter().all(|one| *one == Status::Good), "they overlap");
        assert_eq!(desk.count("signing.renewed").await, 1);
        desk.world.pass(2 * 3_600);
        institution.keep_signing_keys().await.unwrap();
        assert_eq!(desk.count("signing.renewed").await, 1, "once");
        // A stop ends both.
        desk.stop(&desk.staff.guard, StopCause::Cessation).await.unwrap();
        let statuses = desk.statuses().await;
        assert_eq!(statuses.len(), 4);
        assert!(statuses.iter().all(|one| matches!(one, Status::Suspended { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_suspended_is_not_followed_by_another() {
    let desk = Desk::with_key(String::new()).await;
    let institution = &desk.world.institution;
    desk.turned(&desk.certificates().await.0, app::lifecycle::Change::Suspend).await;
    desk.world.pass(300 * DAY);
    institution.renew_signing_keys().await.unwrap();
    assert_eq!(desk.view().await.certificates.len(), 1);
    let late = desk.told_of_keys().await;
    assert_eq!(late.level, app::doctor::Level::Good, "the last sixth begins at 304 days");
    desk.world.pass(10 * DAY);
    assert_eq!(desk.told_of_keys().await.level, app::doctor::Level::Warning);
}

/// T-31: the signing key serves for as long as one certificate of its profile may last, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_renewed_for_five_years_and_then_somebody_is_told() {
    let desk = Desk::with_key(String::new()).await;
    let institution = &desk.world.institution;
    let last = desk.view().await.last_day.unwrap();
    for _ in 0..16 {
        desk.world.pass(125 * DAY);
        institution.renew_signing_keys().await.unwrap();
    }
    let view = desk.view().await;
    assert!(view.certificates.len() > 4, "{}", view.certificates.len());
    let ends: Vec<_> = view.certificates.iter().map(|one| one.sign.not_after).collect();
    assert_eq!(ends.iter().max(), Some(&last));
    assert!(desk.world.now() > last);
    let keys: std::collections::BTreeSet<_> =
        view.certificates.iter().map(|one| one.sign.key_hash.clone()).collect();
    assert_eq!(keys.len(), 1);
    let check = desk.told_of_keys().await;
    assert_eq!(check.level, app::doctor::Level::Warning, "{}", check.detail);
    assert!(check.detail.contains("另设签名密钥"), "{}", check.detail);
}
