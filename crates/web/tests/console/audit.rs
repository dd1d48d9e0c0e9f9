//! Audit marks: made by auditors alone, signed, one behind the other (GM/T 0034).

use gm::{Signature, UserId, sm2};
use serde_json::Value;
use store::Seq;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::office::Office;

const PATH: &str = "/admin/journal/audits";

fn to(last: u64) -> Vec<(&'static str, String)> {
    vec![("last", last.to_string()), ("verdict", "clear".into()), ("finding", String::new())]
}

fn fields<'f>(owned: &'f [(&'static str, String)]) -> Vec<(&'f str, &'f str)> {
    owned.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_marks_what_was_audited_by_signing_and_the_next_range_begins_behind_it() {
    let office = Office::new().await;
    let store = office.world.institution.store();
    let seat = office.seat(&office.inspector).await;
    assert!(seat.page(PATH).await.contains("未审计：第 0 号"));
    let form = to(4);
    let path = seat.order(PATH, &fields(&form)).await;
    assert_eq!(store.next_audit().await.unwrap(), Seq(0), "nothing is marked before it is signed");
    let waiting = seat.page(&path).await;
    assert!(waiting.contains("审计至第几号记录") && waiting.contains("未见异常"), "{waiting}");
    let done = seat.sign(&path).await;
    assert_eq!((done.status.as_u16(), done.field("location")), (303, PATH));
    assert_eq!(store.next_audit().await.unwrap(), Seq(5));

    let page = seat.page(PATH).await;
    assert!(
        page.contains("第 0 至 4 号")
            && page.contains("inspector 先生")
            && page.contains("第 5 号至")
    );
    let file = seat.file(&format!("{PATH}/export.csv")).await;
    assert!(file.contains("\"0\",\"4\",\"未见异常\"") && file.contains("inspector 先生"), "{file}");
    assert_eq!(file.trim_end().lines().count(), 2);
    assert!(seat.page("/admin/journal/4").await.contains("已审计"));
    assert!(!seat.page("/admin/journal/5").await.contains("已审计"));
    let records = office.world.records("journal.audited", "journal").await;
    let act = &records[0].body["act"];
    let text = |name: &str| act[name].as_str().unwrap().to_owned();
    let signature = Signature::from_der(&STANDARD.decode(text("signature")).unwrap()).unwrap();
    let key = office.inspector.0.public_key();
    sm2::verify(key, &UserId::default(), text("statement").as_bytes(), &signature).unwrap();
    let root = store.root_through(Seq(4)).await.unwrap().to_string();
    assert_eq!(records[0].body["root"], Value::String(root), "the tree that was seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_marks_from_one_place_the_second_is_refused_and_tells_where_to_begin() {
    let office = Office::new().await;
    let store = office.world.institution.store();
    let (one, other) = (office.seat(&office.inspector).await, office.seat(&office.watch).await);
    let (short, long) = (to(3), to(9));
    let first = one.order(PATH, &fields(&short)).await;
    let second = other.order(PATH, &fields(&long)).await;
    assert_eq!(one.sign(&first).await.status.as_u16(), 303);
    let refused = other.sign(&second).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    assert!(String::from_utf8(refused.body).unwrap().contains("第 4 号记录开始"));
    assert_eq!(store.next_audit().await.unwrap(), Seq(4), "no gap and no overlap");
    let third = other.order(PATH, &fields(&long)).await;
    assert_eq!(other.sign(&third).await.status.as_u16(), 303);
    assert_eq!(store.next_audit().await.unwrap(), Seq(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_auditors_mark_and_a_wrong_form_keeps_what_was_typed() {
    let office = Office::new().await;
    let form = to(2);
    for staff in [&office.head, &office.chief, &office.clerk] {
        let seat = office.seat(staff).await;
        assert_eq!(seat.post(PATH, &fields(&form)).await.status.as_u16(), 403);
    }
    let seat = office.seat(&office.watch).await;
    let typed = "第二号记录缺少依据，已通知整改";
    for wrong in [
        vec![("last", "二"), ("verdict", "clear"), ("finding", typed)],
        vec![("last", "2"), ("verdict", ""), ("finding", typed)],
        vec![("last", "99999999"), ("verdict", "findings"), ("finding", typed)],
    ] {
        let answer = seat.post(PATH, &wrong).await;
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status.as_u16(), 422, "{wrong:?}");
        assert!(text.contains(typed) && text.contains("处需要改正"), "{text}");
    }
    let silent = seat.post(PATH, &[("last", "2"), ("verdict", "findings")]).await;
    assert_eq!(silent.status.as_u16(), 422, "a finding is told");
}
