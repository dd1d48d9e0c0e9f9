//! The CA's page, and what is ordered on it by a signature.

use super::office::Office;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_published_by_a_signed_order_that_is_on_record_before_it() {
    let office = Office::new().await;
    let seat = office.seat(&office.head).await;
    let number = || async {
        let lists = office.world.institution.ca().crls(1).await.unwrap();
        lists.first().map_or(0, |list| list.number)
    };
    let before = number().await;
    let silent =
        seat.post("/admin/ca/publish", &[("kind", "full"), ("publish-reason", "急")]).await;
    assert_eq!(silent.status.as_u16(), 422);
    assert!(String::from_utf8(silent.body).unwrap().contains("请写明理由"));
    let none = [("kind", "shard-9"), ("publish-reason", "应急演练需要")];
    assert_eq!(seat.post("/admin/ca/publish", &none).await.status.as_u16(), 422);
    let fields = [("kind", "full"), ("publish-reason", "应急演练需要")];
    let path = seat.order("/admin/ca/publish", &fields).await;
    assert!(seat.page(&path).await.contains("完整列表"));
    assert_eq!(number().await, before, "nothing is made before it is signed");
    let done = seat.sign(&path).await;
    assert_eq!((done.status.as_u16(), done.field("location")), (303, "/admin/ca"));
    assert!(number().await > before);
    let ordered = office.world.records("crl.ordered", "crl:issuing").await;
    assert_eq!(ordered[0].body["order"]["reason"], "应急演练需要");
    assert!(ordered[0].body["act"]["signature"].is_string());
    let page = seat.page("/admin/ca").await;
    for told in [
        "证书链",
        "还剩",
        "签发密钥各代",
        "第 1 代",
        "签发中",
        "完整列表",
        "issuing.crl",
        "数量守恒",
        "可用",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn standby_keys_are_made_by_a_signed_order_and_by_nobody_else() {
    let office = Office::new().await;
    let standby = || async { office.world.institution.kmc().unwrap().standby().await.unwrap() };
    let before = standby().await;
    let seat = office.seat(&office.head).await;
    let too_many = [("pairs", "100000"), ("refill-reason", "预计申请量增加")];
    let answer = seat.post("/admin/ca/refill", &too_many).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(String::from_utf8(answer.body).unwrap().contains("预计申请量增加"), "typed text stays");
    let fields = [("pairs", "3"), ("refill-reason", "预计申请量增加")];
    let path = seat.order("/admin/ca/refill", &fields).await;
    assert_eq!(seat.sign(&path).await.status.as_u16(), 303);
    assert_eq!(standby().await, before + 3);
    let again = seat.sign_again(&path).await;
    assert!(again.status.is_client_error(), "a signature counts once");
    assert_eq!(standby().await, before + 3);
    let other = office.seat(&office.inspector).await;
    assert_eq!(other.post("/admin/ca/refill", &fields).await.status.as_u16(), 403);
    assert!(!other.page("/admin/ca").await.contains("去签名"), "no form for who may not");
}
