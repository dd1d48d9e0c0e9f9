//! The page of the trust list: what is followed, how it is doing, and that a list is fetched when it is asked for.

use super::office::Office;

/// An address at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:9/other.crl";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_followed_unless_the_settings_say_so_and_the_page_says_how() {
    let office = Office::new().await;
    let seat = office.seat(&office.head).await;
    let page = seat.page("/admin/trust").await;
    for told in ["测试认证中心根CA", "没有开通", "trust/sources.toml", "快照"] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("现在取"));
    let answer = seat.post("/admin/trust/fetch", &[("address", NOBODY)]).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_shown_with_its_trouble_and_fetched_again_when_asked_for() {
    let office = Office::with(|settings| settings.verification.follow.enabled = true).await;
    let institution = &office.world.institution;
    let folder = institution.layout().trust();
    std::fs::create_dir_all(&folder).unwrap();
    let root = institution.authority("root").await.unwrap().unwrap();
    std::fs::write(folder.join("other.pem"), root.to_pem().unwrap()).unwrap();
    let text = format!(
        "[[authority]]\nname = \"他省中心\"\ncertificates = [\"other.pem\"]\n\
         lists = [{{ address = \"{NOBODY}\" }}]\n\
         responder = {{ address = \"http://127.0.0.1:9/ocsp\" }}\n"
    );
    std::fs::write(folder.join("sources.toml"), text).unwrap();
    let seat = office.seat(&office.head).await;
    assert!(seat.page("/admin/trust").await.contains("还没有取过"));
    institution.follow_foreign().await.unwrap();
    let page = seat.page("/admin/trust").await;
    for told in [
        "他省中心",
        NOBODY,
        "没有取到",
        "连接被拒绝",
        "完整列表",
        "http://127.0.0.1:9/ocsp",
        "没有开通询问",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("几秒之内"), "it waits");
    let fields = [("address", NOBODY)];
    let other = office.seat(&office.inspector).await;
    assert_eq!(other.post("/admin/trust/fetch", &fields).await.status.as_u16(), 403);
    assert!(!other.page("/admin/trust").await.contains("现在取"), "no form for who may not");
    let done = seat.post("/admin/trust/fetch", &fields).await;
    assert_eq!((done.status.as_u16(), done.field("location")), (303, "/admin/trust"));
    assert!(seat.page("/admin/trust").await.contains("几秒之内"));
    let stranger = [("address", "http://127.0.0.1:10/")];
    assert!(seat.post("/admin/trust/fetch", &stranger).await.status.is_client_error());
    // A file that can't be read is said, and nothing is fetched by it.
    std::fs::write(folder.join("sources.toml"), "[[authority]]\n").unwrap();
    assert!(seat.page("/admin/trust").await.contains("内容有误"));
}
