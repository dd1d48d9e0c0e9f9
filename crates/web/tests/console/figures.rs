//! Figures, plots, profiles, devices and settings: read only, without names and secrets.

use app::Act;
use gm::OsRandom;
use gm::sm2::PrivateKey;

use super::office::Office;
use crate::way::Way;

#[tokio::test(flavor = "multi_thread")]
async fn health_draws_what_was_issued_and_says_the_same_in_a_table() {
    let office = Office::new().await;
    for id in ["figure-1", "figure-2", "figure-3"] {
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let order = office.world.order(id, "person", Act::New, &key);
        office.world.institution.enrol(order).await.unwrap();
    }
    let seat = office.seat(&office.head).await;
    let page = seat.page("/admin/health?check=quick").await;
    for told in ["日志与锚点", "每日签发的证书", "每日新增的日志", "在办申请", "审核用时", "剩余"]
    {
        assert!(page.contains(told), "{told}");
    }
    let plot = page.split("id=\"plot-issued\"").nth(1).unwrap().split("</figure>").next().unwrap();
    let issued = office.world.institution.store();
    let kind = store::Filter { kind: Some("certificate.issued".into()), ..Default::default() };
    let total = issued.count(&kind).await.unwrap();
    let cells = plot.split("class=\"number\">").skip(2);
    let sum: u64 = cells.map(|cell| cell.split('<').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(sum, total, "the table says all of it");
    assert!(plot.contains("<rect") && plot.contains("aria-hidden=\"true\""));
    assert!(!seat.page("/admin/health").await.contains("情况和处理"), "only when asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_count_by_what_applications_are_and_refusals_by_their_basis() {
    let office = Office::new().await;
    for _ in 0..2 {
        Way::begin(&office.world.institution).await;
    }
    let mut way = Way::begin(&office.world.institution).await;
    way.fill_and_submit().await;
    way.proof(&office.clerk).await;
    way.approve(&office.reviewer).await.unwrap();
    let seat = office.seat(&office.head).await;
    let page = seat.page("/admin/statistics").await;
    assert!(page.contains("共 <strong>3</strong> 件"), "{page}");
    assert!(page.contains("审核 1 件，按期 1 件（100.0%），超期 0 件"), "{page}");
    assert!(page.contains("没有不予受理或者不予签发的申请"));
    let drafts = seat.page("/admin/statistics?state=draft").await;
    assert!(drafts.contains("共 <strong>2</strong> 件"));
    let file = seat.file("/admin/statistics/export.csv").await;
    let total: u64 = file
        .trim_end()
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap().trim_matches('"').parse::<u64>().unwrap())
        .sum();
    assert_eq!(total, 3, "{file}");
    let wrong = seat.get("/admin/statistics?from=昨天").await;
    assert!(wrong.status.is_client_error());
    let strip = office.seat(&office.reviewer).await.page("/desk?queue=all").await;
    let strip = strip.split("class=\"strip\"").nth(1).unwrap().split("</dl>").next().unwrap();
    let told: Vec<_> = strip.split("<dd>").skip(1).map(|dd| &dd[..1]).collect();
    assert_eq!(told, ["3", "0", "0", "1"], "begun, waiting, late, decided");
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_devices_and_settings_are_read_and_hold_no_secret() {
    let office = Office::new().await;
    let seat = office.seat(&office.head).await;
    let profile = seat.page("/admin/profiles?profile=person-sign&with=person-enc").await;
    assert!(profile.contains("处不同") && profile.contains("不能在网页上修改"), "{profile}");
    assert_eq!(seat.get("/admin/profiles?profile=none").await.status.as_u16(), 404);
    let device = seat.page("/admin/devices").await;
    for told in ["软件设备", "签发证书和撤销列表", "签名状态应答（OCSP）", "通过"]
    {
        assert!(device.contains(told), "{told}: {device}");
    }
    assert!(!device.contains("未通过"));
    assert!(!device.contains("来历不明") && !device.contains("其他"), "{device}");
    for told in ["登录和表单的校验值", "签名服务协议和文书"] {
        assert!(device.contains(told), "{told}: {device}");
    }
    let settings = seat.page("/admin/settings").await;
    for told in ["public_url", "测试认证中心", "test.example/journal", "配置文件"] {
        assert!(settings.contains(told), "{told}");
    }
    for page in [&device, &settings] {
        assert!(!page.contains("test device passphrase") && !page.contains("PRIVATE"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_finds_the_queue_again_that_was_chosen() {
    let office = Office::new().await;
    let seat = office.seat(&office.reviewer).await;
    let chosen = seat.get("/desk?queue=review&kind=unit").await;
    assert!(chosen.field("set-cookie").starts_with("yx-desk=review..unit;"));
    let search = seat.get("/desk?queue=all&field=holder_name&q=甄有印").await;
    assert_eq!(search.field("set-cookie"), "", "a name is not kept");
    let file = seat.file("/desk/export.csv?queue=review").await;
    assert_eq!(file.trim_end().lines().count(), 1, "headings alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_on_is_told_from_what_was_refused_in_queues_figures_and_files() {
    let office = Office::new().await;
    let access = office.world.institution.access();
    let mut declined = Way::begin(&office.world.institution).await;
    declined.fill_and_submit().await;
    let order = ra::DeclineOrder {
        version: declined.application.version,
        ground: "outside".into(),
        reason: "申请人要办的是另一机构的证书".into(),
    };
    let payload = serde_json::to_value(&order).unwrap();
    let subject = declined.application.subject();
    let on = (access::ActKind::DeclineApplication, &*subject);
    let (permit, act) = office.clerk.sign(access, on, &payload).await;
    declined.ra().decline(&permit, &declined.application.id, act).await.unwrap();
    let mut refused = Way::begin(&office.world.institution).await;
    refused.fill_and_submit().await;
    refused.proof(&office.clerk).await;
    let order = ra::ReviewOrder {
        version: refused.application.version,
        decision: ra::Decision::Refuse {
            reason: "材料不真实".into(),
            basis: "《电子政务电子认证服务管理办法》第二十一条".into(),
        },
    };
    let payload = serde_json::to_value(&order).unwrap();
    let subject = refused.application.subject();
    let on = (access::ActKind::ReviewApplication, &*subject);
    let (permit, act) = office.reviewer.sign(access, on, &payload).await;
    refused.ra().review(&permit, &refused.application.id, act).await.unwrap();

    let clerk = office.seat(&office.clerk).await;
    let queue = clerk.page("/desk?queue=all").await;
    let file = clerk.file("/desk/export.csv?queue=all").await;
    for (way, word) in [(&declined, "不予受理"), (&refused, "不予签发")] {
        let number = way.application.number.as_str();
        let row = queue.split("<tr>").find(|row| row.contains(number)).unwrap();
        assert!(row.contains(word), "{word}: {row}");
        let line = file.lines().find(|line| line.contains(number)).unwrap();
        assert!(line.contains(word), "{word}: {line}");
    }
    let seat = office.seat(&office.head).await;
    let page = seat.page("/admin/statistics").await;
    assert!(page.contains("<td class=\"nowrap\">不予受理</td>"), "{page}");
    assert!(page.contains("<td class=\"nowrap\">不予签发</td>"), "{page}");
    let only = seat.page("/admin/statistics?state=declined").await;
    assert!(only.contains("共 <strong>1</strong> 件"), "{only}");
    let file = seat.file("/admin/statistics/export.csv").await;
    assert!(file.contains("\"不予受理\",\"1\"") && file.contains("\"不予签发\",\"1\""), "{file}");
}
