//! What the pages say of a call that came to nothing (Measures Art. 18; T-31).

#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use axum::body::Body;
use axum::http::Request;
use pki::Serial;
use ra::RevocationDecision;

use crate::desk::Desk;
use crate::door::ask;
use crate::staffed::Comer;

async fn page(desk: &Desk, comer: &Comer, path: &str) -> String {
    let request = Request::builder().uri(path).header("accept", "text/html");
    let request = request.header("cookie", &comer.cookie).body(Body::empty()).unwrap();
    let answer = ask(&desk.world, request).await;
    assert_eq!(answer.status, 200, "{path}");
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_whether_something_else_holds_the_certificate_or_its_key_leaked() {
    let desk = Desk::new("").await;
    let reviewer = desk.reviewer.session(&desk.world).await;
    let institution = &desk.world.institution;
    for leaked in [false, true] {
        let serial = desk.certificate().await;
        let call = desk.call(&serial).await.unwrap();
        if leaked {
            let found = institution.ca().find(&Serial::from_hex(&serial).unwrap()).await;
            let key = found.unwrap().unwrap().certificate.public_key().unwrap();
            let ca = institution.ca().clone();
            let unit = institution.store().commit(move |tx| {
                Box::pin(async move { ca.block_key(tx, &key, &store::Actor::system()).await })
            });
            unit.await.unwrap();
        } else {
            desk.orders_hold(0, "ordered-hold", &serial).await.unwrap();
        }
        desk.decides(&call.id, RevocationDecision::Reject).await.unwrap();
        desk.sweep().await;
        let sheet = page(&desk, &reviewer, &format!("/desk/revocations/{}", call.id)).await;
        assert_eq!(sheet.contains("密钥已证明失密，先行暂停没有解除"), leaked, "{sheet}");
        assert_eq!(sheet.contains("证书另因其他事由暂停"), !leaked, "{sheet}");
        let list = page(&desk, &reviewer, "/desk/revocations?state=refused").await;
        assert_eq!(list.contains("密钥失密，没有解除"), leaked, "{list}");
        assert!(list.contains("仍在暂停"), "{list}");
    }
}
