//! Where the register of products demands a certified device, keys of applications are made in the institution's
//! own if it is one, and are not made otherwise (Measures Art. 20 ¶2; ADR 11).

use std::path::Path;
use std::sync::Arc;

use access::ActKind;
use app::setup::{Devices, found_on};
use app::signing::Confirmation;
use app::{Institution, Layout, Parts};
use pki::attestation::Verdict;
use store::{Clock as _, FixedClock, Opening, SystemClock};
use testkit::product::{ProductDevice, product};
use testkit::scratch::Scratch;

use super::desk::{Desk, KEY, People, act};
use crate::way;
use crate::world::{founding, settings};

fn demand(layout: &Layout) {
    let path = layout.products();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "[attestation]\ndevice = \"required\"\n").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_product_certificate_is_refused_already_at_the_order() {
    let Desk { world, staff } = Desk::over(String::new()).await;
    demand(world.institution.layout());
    let world = world.restarted(|_| ()).await.unwrap();
    let by = (&staff.head, ActKind::OrderSigning);
    let refused = act(&world.institution, by, "signing-key:new", &staff.order(&["data"])).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "attestation.own-device");
    assert!(refused.to_string().contains("第二十条第二款"), "{refused}");
}

/// On a device with a product certificate of this term; founded long enough ago.
async fn on_product(folder: &Path) -> (Institution, People) {
    let layout = Layout::new(folder.join("data"));
    let settings = settings(|settings| settings.institution.credit_code = way::CODE.into());
    let key = way::key();
    let term = ("2020-01-01", "2049-12-31");
    let device = |model| Arc::new(ProductDevice::new(Scratch::new(), product(model, term)));
    let (own, centre) = (device("HSM-1"), device("HSM-2"));
    let devices = Devices { own: own.clone(), centre: Some(centre.clone()) };
    let founding = founding(layout.root().into(), settings.clone(), &key);
    let client = found_on(founding, devices).await.unwrap().client.unwrap();
    demand(&layout);
    let now = SystemClock.now().as_second() + 60;
    let clock = FixedClock::new(jiff::Timestamp::from_second(now).unwrap());
    let institution = Institution::open(Parts {
        layout,
        settings,
        device: own,
        kmc_device: Some(centre),
        clock: Arc::new(clock),
        opening: Opening::Existing,
    })
    .await
    .unwrap();
    institution.recover().await.unwrap();
    let people = People::of(&institution, (&client.id, &key)).await;
    (institution, people)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_certified_device_satisfies_the_demand_and_the_record_says_by_what() {
    let folder = tempfile::tempdir().unwrap();
    let (institution, staff) = on_product(folder.path()).await;
    let order = staff.order(&["data"]);
    let by = (&staff.head, ActKind::OrderSigning);
    act(&institution, by, "signing-key:new", &order).await.unwrap();
    let decision = Confirmation { order, decision: "confirm".into(), reason: String::new() };
    let by = (&staff.guard, ActKind::ConfirmSigning);
    act(&institution, by, "signing-key:1", &decision).await.unwrap();
    let permit = staff.permit(&institution).await;
    institution.sign_data(&permit, KEY, b"x").await.unwrap();
    let judged = institution.attestation_of_order("signing:1").await.unwrap().unwrap();
    let Verdict::Own { product } = judged.verdict() else { panic!("{:?}", judged.verdict()) };
    assert_eq!(product.model, "HSM-1");
    assert!(judged.evidence().is_none(), "nothing is claimed that there isn't");
    let filter = store::Filter { kind: Some("enrolment.accepted".into()), ..Default::default() };
    let records = institution.store().records(&filter, store::Page::default()).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&records[0].leaf).unwrap();
    assert_eq!(body["body"]["attestation"]["verdict"], "own", "{body:#}");
}
