//! Single certificates and lists over HTTP (RFC 4387).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use directory::rules::index::sha1;

use super::client::Served;
use crate::door::get;

fn key(octets: &[u8]) -> String {
    STANDARD_NO_PAD.encode(sha1(octets)).replace('+', "%2B").replace('/', "%2F")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_had_by_each_key_and_a_person_by_none() {
    let served = Served::new().await;
    let sign = &served.unit.sign.certificate;
    let enc = &served.unit.enc.as_ref().unwrap().certificate;
    let ask = async |question: &str| {
        let target = format!("/pki/certificates/search.cgi?{question}");
        get(&served.world, &target, &[]).await
    };
    let found = ask(&format!("certHash={}", key(sign.der()))).await;
    assert_eq!(found.status.as_u16(), 200);
    assert_eq!(found.field("content-type"), "application/pkix-cert");
    assert_eq!(found.body, sign.der());
    let found = ask(&format!("sKIDHash={}", key(&enc.ski().unwrap().0))).await;
    assert_eq!(found.body, enc.der());
    let both = ask(&format!("sHash={}", key(sign.subject().der()))).await;
    assert!(both.field("content-type").starts_with("multipart/mixed; boundary="));
    for certificate in [sign, enc] {
        let der = certificate.der();
        assert!(both.body.windows(der.len()).any(|part| part == der));
    }
    assert_eq!(ask("name=%E7%A4%BA%E4%BE%8B%E5%B1%80").await.body, both.body);
    let person = &served.person.sign.certificate;
    for question in [
        format!("certHash={}", key(person.der())),
        format!("sHash={}", key(person.subject().der())),
        "name=%E7%94%84%E6%BC%94%E7%A4%BA".to_owned(),
        "uri=nobody@example.cn".to_owned(),
    ] {
        assert_eq!(ask(&question).await.status.as_u16(), 404, "{question}");
    }
    for wrong in ["", "certHash=x", "nothing=x", "name=a&name=b", "iHash=AAAA"] {
        assert_eq!(ask(wrong).await.status.as_u16(), 400, "{wrong}");
    }
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_had_by_its_issuer() {
    let served = Served::new().await;
    served.world.institution.ca().publish_crl(ca::CrlKind::Full).await.unwrap();
    let issuer = served.unit.sign.certificate.issuer();
    let target = format!("/pki/crls/search.cgi?iHash={}", key(issuer.der()));
    let found = get(&served.world, &target, &[]).await;
    assert_eq!(found.field("content-type"), "application/pkix-crl");
    let same = get(&served.world, "/crl/issuing.crl", &[]).await;
    assert_eq!(found.body, same.body);
    let missing = format!("/pki/crls/search.cgi?iHash={}", key(b"nobody"));
    assert_eq!(get(&served.world, &missing, &[]).await.status.as_u16(), 404);
    served.running.stop().await;
}
