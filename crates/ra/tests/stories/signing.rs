//! The agreement and the applicant's key.

use access::Action;
use gm::sm2::PrivateKey;
use ra::ApplicantSignature;

use super::services::about;
use super::way::Way;
use super::world::{new_key, on_each_engine, signature};

#[tokio::test]
async fn the_agreement_is_with_the_institution_and_signed_by_both_sides() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.reviewed().await;
        let permit = way.own(Action::AgreeApplication).await;
        let at = way.application.at();
        let text = world.ra.draw_agreement(&permit, &at).await.unwrap();
        assert!(text.text().contains("甲方（电子政务电子认证服务机构）：示例电子认证服务有限公司"));
        assert!(text.text().contains("甄有印") && text.text().contains("110101190001010014"));
        assert!(text.text().contains("第二十七条　") && !text.text().contains('{'));
        assert_eq!(world.ra.draw_agreement(&permit, &at).await.unwrap(), text);
        let (statement, stranger) = (text.statement(), new_key());
        let by_applicant = |key: &PrivateKey, text: &str| ApplicantSignature::Key {
            public_key: *way.key.public_key(),
            signature: signature(key, text),
        };
        let by_stranger = by_applicant(&stranger, &statement);
        let right = || signature(&world.agreement_key, &statement);
        let other_text = by_applicant(&way.key, "另一文本");
        let good = by_applicant(&way.key, &statement);
        for (institution, applicant) in [
            (signature(&stranger, &statement), good),
            (right(), by_stranger),
            (right(), other_text),
        ] {
            let error = way.agree_as(institution, applicant).await.unwrap_err();
            assert_eq!(error.code(), "ra.agreement_signature");
        }
        way.agree().await.unwrap();
        // The key that signed is the key that is certified.
        let signed_with = std::mem::replace(&mut way.key, new_key());
        assert_eq!(way.request().await.unwrap_err().code(), "ra.key_differs");
        way.key = signed_with;
        way.request().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_handwritten_signature_needs_two_witnesses() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.reviewed().await;
        let permit = way.own(Action::AgreeApplication).await;
        let text = world.ra.draw_agreement(&permit, &way.application.at()).await.unwrap();
        let institution = || signature(&world.agreement_key, &text.statement());
        let paper = |first: &str, second: &str, scan: &[u8]| ApplicantSignature::Handwritten {
            scan: scan.to_vec(),
            witnesses: [first.into(), second.into()],
        };
        for (first, second) in [("易可验", ""), ("易可验", "易可验"), ("甄有印", "易可验")]
        {
            let applicant = paper(first, second, b"%PDF-1.7\n%%EOF");
            let error = way.agree_as(institution(), applicant).await.unwrap_err();
            assert_eq!(error.code(), "ra.witnesses", "{first} {second}");
        }
        let applicant = paper("易可验", "石清签", b"<html>");
        let error = way.agree_as(institution(), applicant).await.unwrap_err();
        assert_eq!(error.code(), "ra.material");
        way.agree_as(institution(), paper("易可验", "石清签", b"%PDF-1.7\n%%EOF")).await.unwrap();
        way.request().await.unwrap();
        way.issue().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_key_is_used_once() {
    on_each_engine(|world| async move {
        let mut one = Way::begin(&world, "person").await;
        one.requested().await;
        let mut two = Way::begin(&world, "unit").await;
        two.reviewed().await;
        two.key = PrivateKey::from_bytes(&one.key.to_bytes()).unwrap();
        two.agree().await.unwrap();
        assert_eq!(two.request().await.unwrap_err().code(), "ra.key_used");
        let mut three = Way::begin(&world, "device").await;
        three.reviewed().await;
        three.agree().await.unwrap();
        let fingerprint = three.key.public_key().fingerprint();
        world.keys.0.lock().unwrap().insert(fingerprint, ra::Certified::Ended);
        let error = three.request().await.unwrap_err();
        assert_eq!(error.code(), "ra.key_used");
        assert!(error.to_string().contains("《电子签名法》第十三条"), "{error}");
    })
    .await;
}

/// ESL Art. 13: a renewal keeps the key of its own certificate; every other key is new, and nobody else's.
#[tokio::test]
async fn a_renewal_keeps_its_own_key_and_takes_no_other_that_is_in_use() {
    on_each_engine(|world| async move {
        let mut rekeyed = about(&world, "rekey", new_key()).await;
        rekeyed.reviewed().await;
        rekeyed.agree().await.unwrap();
        let same = rekeyed.request().await.unwrap_err();
        assert_eq!(same.code(), "ra.key_used", "a new key is what was applied for");
        let mut one = Way::begin(&world, "unit").await;
        one.requested().await;
        let mut renewed = about(&world, "renew", new_key()).await;
        let own = std::mem::replace(
            &mut renewed.key,
            PrivateKey::from_bytes(&one.key.to_bytes()).unwrap(),
        );
        renewed.reviewed().await;
        renewed.agree().await.unwrap();
        let strange = renewed.request().await.unwrap_err();
        assert_eq!(strange.code(), "ra.key_used", "that is the unit's");
        let mut kept = about(&world, "renew", own).await;
        kept.requested().await;
    })
    .await;
}
