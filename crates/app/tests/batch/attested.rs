//! Attestations in the rows of a sheet: judged when the row is taken, kept with its request, and a row whose
//! attestation proves nothing goes back with the reason (Measures Art. 20 ¶2; check C20-1).

use access::Action;
use gm::sm2::PrivateKey;
use store::{Filter, Page};
use testkit::maker::{MAKER, Maker};

use crate::unit::{begun_with, counts, id_number, request, work, worked};
use crate::way::{self, key};
use crate::world::World;

/// A row: its key, and what stands in the cell of its attestation.
type Row = (PrivateKey, String);

fn sheet(world: &World, rows: &[Row]) -> Vec<u8> {
    let ra = world.institution.registration().unwrap();
    let kind = ra.catalogue().kind("staff").unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let labels = kind.fields.iter().map(|field| field.label.as_str());
    writer.write_record(labels.chain(["证书请求", "设备证明"])).unwrap();
    for (at, (key, attestation)) in rows.iter().enumerate() {
        let at = u32::try_from(at).unwrap();
        let value = |field: &ra::catalogue::Field| match field.name.as_str() {
            "id_number" => id_number(7000 + at),
            "phone" => format!("132{at:08}"),
            "email" => format!("attested-{at}@example.gov.cn"),
            _ => field.shown(&field.sample).to_owned(),
        };
        let cells = kind.fields.iter().map(value);
        writer.write_record(cells.chain([request(key), attestation.clone()])).unwrap();
    }
    writer.into_inner().unwrap()
}

fn register(world: &World, maker: &Maker) {
    let path = world.institution.layout().products();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path.with_file_name("maker.der"), maker.root.certificate.der()).unwrap();
    let text = format!(
        "[[product]]\nmaker = \"{MAKER}\"\nmodel = \"KEY-200\"\ncertificate = \"GM0099\"\nlevel = 2\n\
         valid_from = \"2020-01-01\"\nvalid_until = \"2049-12-31\"\nuses = [\"subscriber\"]\n\
         root = \"maker.der\"\n"
    );
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn an_attestation_in_a_row_is_verified_and_one_that_proves_nothing_sends_the_row_back() {
    let maker = Maker::new();
    let (world, clerk, reviewer) = way::world().await;
    register(&world, &maker);
    let world = world.restarted(|_| ()).await.unwrap();
    let device = maker.device("KEY-200", "SN-0001");
    let keys = [key(), key(), key()];
    let good = *keys[0].public_key();
    let [first, bare, wrong] = keys;
    let rows = [
        // Spreadsheets join lines.
        (first, device.attest(&good).replace('\n', " ")),
        (bare, String::new()),
        (wrong, device.attest(&good)),
    ];
    let batch = begun_with(&world, &clerk, sheet(&world, &rows)).await;
    work(&world.institution).await;
    let access = world.institution.access();
    let permit = clerk.permit(access, Action::ImportBatch).await;
    let ra = world.institution.registration().unwrap();
    let (_, bad) = ra.bad_rows(&permit, &batch.id, 1).await.unwrap();
    let bad = String::from_utf8(bad).unwrap();
    assert!(bad.contains("设备证明：") && bad.contains("公钥与证书请求的公钥不同"), "{bad}");
    let batch = worked(&world, (&clerk, &reviewer), batch).await;
    work(&world.institution).await;
    assert_eq!(counts(&world, &clerk, &batch).await.get("delivered"), Some(&2));
    let kind = Some("application.requested".to_owned());
    let filter = Filter { kind, ..Filter::default() };
    let records = world.institution.store().records(&filter, Page::default()).await.unwrap();
    let verdicts = records.iter().map(|one| {
        let key = one.body["key"].as_str().unwrap() == good.fingerprint();
        (key, one.body["attestation"]["verdict"].as_str().unwrap().to_owned())
    });
    let mut verdicts: Vec<_> = verdicts.collect();
    verdicts.sort();
    assert_eq!(verdicts, [(false, "absent".into()), (true, "verified".into())]);
}
