//! Cross-certificates on the pages: on the page of trust with their state, for everybody on the page of downloads while
//! they count, and as files.

use app::cross::{take_in_cross, withdraw_cross};
use ca::RevocationReason;
use store::{Actor, Warrant};

use super::office::Office;
use crate::door;
use crate::neighbour::{half, issuing, parts, recognise};

#[tokio::test(flavor = "multi_thread")]
async fn cross_certificates_are_shown_with_their_state_and_downloaded_while_they_count() {
    let office = Office::new().await;
    let (world, seat) = (&office.world, office.seat(&office.head).await);
    assert!(seat.page("/admin/trust").await.contains("没有交叉证书"));
    assert!(!seat.page("/downloads").await.contains("交叉证书"));
    let ours = recognise(world, &issuing(), 2030).await.certificate;
    let own = world.institution.authority("issuing").await.unwrap().unwrap();
    let (given, by) = (half(world, &issuing(), &own), issuing().certificate);
    let files = (given.der(), by.der(), &*by.fingerprint());
    let store = world.institution.store();
    take_in_cross(store, files, Actor::new("person:S001")).await.unwrap();
    world.pass(60);
    let page = seat.page("/admin/trust").await;
    for told in ["邻省SM2 CA", "本机构签发给对方", "对方签发给本机构", "O=示例机构, C=CN"]
    {
        assert!(page.contains(told), "{told} in {page}");
    }
    let public = seat.page("/downloads").await;
    for one in [&ours, &given] {
        let path = format!("/ca/cross-{}.cer", one.fingerprint());
        assert!(public.contains(&path) && page.contains(&path), "{path}");
        let answer = door::get(world, &path, &[]).await;
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, one.der()));
    }
    let warrant = Warrant::new("S001", "W001", "对方机构的签发密钥已停止使用").unwrap();
    let why = (&ours.serial(), RevocationReason::CessationOfOperation);
    withdraw_cross(&parts(world), store, why, &warrant).await.unwrap();
    let page = seat.page("/admin/trust").await;
    assert!(page.contains("已撤销") && page.contains("对方机构的签发密钥已停止使用"), "{page}");
    let public = seat.page("/downloads").await;
    assert!(!public.contains(&ours.fingerprint()) && public.contains(&given.fingerprint()));
    let answer = door::get(world, "/ca/cross-0.cer", &[]).await;
    assert_eq!(answer.status.as_u16(), 404);
}
