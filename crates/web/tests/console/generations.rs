//! The generations of the issuing CA on the pages: which one issues, what the one before still signs.

use app::Parts;
use app::succession::{Succession, succeed};
use ca::ceremony::{Custodian, Participants, Person, SealedShare};
use store::Opening;

use super::office::Office;

async fn hold(office: &Office) {
    let (world, institution) = (&office.world, &office.world.institution);
    let folder = institution.layout().ceremony().join("shares");
    let person = |id: &str| Person::new(id, format!("姓名{id}"), "职务");
    let phrase = |at: usize| format!("custodian passphrase {at}").into();
    let custodian =
        |at: usize| Custodian { person: person(&format!("K{at}")), passphrase: phrase(at) };
    let share = |at: usize| SealedShare {
        path: folder.join(format!("share-{at}.json")),
        passphrase: phrase(at),
    };
    let parts = Parts {
        layout: institution.layout().clone(),
        settings: institution.settings().clone(),
        device: world.device.clone(),
        kmc_device: None,
        clock: world.clock.clone(),
        opening: Opening::Existing,
    };
    let succession = Succession {
        ceremony: "issuing-2".to_owned(),
        common_name: None,
        from: None,
        participants: Participants {
            leader: person("L1"),
            witnesses: vec![person("W1")],
            custodians: [1, 2, 3].map(custodian).to_vec(),
            officers: Vec::new(),
        },
        shares: [1, 2, 3].map(share).to_vec(),
    };
    succeed(&parts, institution.store(), succession).await.unwrap();
    institution.follow_generations().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_say_which_key_issues_and_a_list_out_of_turn_is_made_by_each() {
    let office = Office::new().await;
    let seat = office.seat(&office.head).await;
    hold(&office).await;
    let page = seat.page("/admin/ca").await;
    for told in [
        "第 1 代",
        "第 2 代",
        "签发中",
        "不再签发新证书",
        "ca-2",
        "issuing2.cer",
        "完整列表（issuing2）",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert_eq!(page.matches("<option value=\"full\"").count(), 1, "one choice for all that sign");
    let health = seat.page("/admin/health").await;
    assert!(health.contains("完整撤销列表（issuing2）"), "{health}");
    let numbers = || async {
        let lists = office.world.institution.ca().crls(10).await.unwrap();
        let newest =
            |name: &str| lists.iter().find(|list| list.issuer == name).map(|list| list.number);
        (newest("issuing").unwrap(), newest("issuing2").unwrap())
    };
    let before = numbers().await;
    office.world.pass(60);
    let fields = [("kind", "full"), ("publish-reason", "应急演练需要")];
    let path = seat.order("/admin/ca/publish", &fields).await;
    assert_eq!(seat.sign(&path).await.status.as_u16(), 303);
    let after = numbers().await;
    assert!(after.0 > before.0 && after.1 > before.1, "{before:?} {after:?}");
}
