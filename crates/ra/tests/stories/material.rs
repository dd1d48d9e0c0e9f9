//! Files: known by content, limited, counted once, sealed.

use access::Action;
use ra::Upload;

use super::way::Way;
use super::world::{World, on_each_engine};

fn upload(name: &str, file_name: &str, content: &[u8]) -> Upload {
    Upload { name: name.into(), file_name: file_name.into(), content: content.to_vec() }
}

#[tokio::test]
async fn a_file_is_what_its_octets_say_and_comes_back_as_it_was() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        let permit = way.own(Action::CreateApplication).await;
        let html = upload("identity_document", "身份证.pdf", b"<html><script>");
        let error = world.ra.add_material(&permit, &way.application.at(), html).await.unwrap_err();
        assert_eq!(error.code(), "ra.material");
        let unknown = upload("../../etc", "a.pdf", b"%PDF-");
        let error =
            world.ra.add_material(&permit, &way.application.at(), unknown).await.unwrap_err();
        assert_eq!(error.code(), "ra.unknown");
        let png =
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0crc_\0\0\0\0IENDcrc_";
        let photo = upload("identity_document", "..\\身份证 <b>.exe", png);
        let (application, material) =
            world.ra.add_material(&permit, &way.application.at(), photo).await.unwrap();
        way.application = application;
        let reads = way.own(Action::ReadApplication).await;
        let id = &way.application.id;
        let opened = world.ra.open_material(&reads, id, &material.id).await.unwrap();
        assert_eq!(&*opened.content, png);
        assert_eq!(opened.file_name, "身份证__b.png");
        assert_eq!(opened.material.media.mime(), "image/png");
    })
    .await;
}

#[tokio::test]
async fn the_same_file_twice_is_one_material_and_twenty_are_the_most() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "person").await;
    way.attach("other", b"%PDF-1.7 same\n%%EOF").await.unwrap();
    let version = way.application.version;
    way.attach("other", b"%PDF-1.7 same\n%%EOF").await.unwrap();
    assert_eq!(way.application.version, version, "nothing happened");
    for number in 1..20 {
        way.attach("other", format!("%PDF-1.7 {number}\n%%EOF").as_bytes()).await.unwrap();
    }
    let error = way.attach("other", b"%PDF-1.7 one more\n%%EOF").await.unwrap_err();
    assert!(error.to_string().contains("20 个文件"), "{error}");
    let permit = way.own(Action::ReadApplication).await;
    let all = world.ra.materials(&permit, &way.application.id).await.unwrap();
    assert_eq!(all.len(), 20);
    let permit = way.own(Action::CreateApplication).await;
    let at = way.application.at();
    way.application = world.ra.remove_material(&permit, &at, &all[0].id).await.unwrap();
    way.attach("other", b"%PDF-1.7 one more\n%%EOF").await.unwrap();
}

#[tokio::test]
async fn nobody_changes_what_is_handed_in() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "person").await;
    way.submitted().await;
    assert_eq!(
        way.attach("other", b"%PDF-1.7\n%%EOF").await.unwrap_err().code(),
        "ra.out_of_order"
    );
    assert_eq!(way.fill(way.sample()).await.unwrap_err().code(), "ra.out_of_order");
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_is_refused() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "person").await;
    let old = way.application.clone();
    way.fill(way.sample()).await.unwrap();
    way.application = old;
    assert_eq!(way.fill(way.sample()).await.unwrap_err().code(), "ra.changed");
}
