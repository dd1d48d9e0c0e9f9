//! An auditor of another house: reads the file as the documentation describes it, repeats the draw from the journal with
//! OpenSSL's SM3, and has OpenSSL verify the signature. Nothing of the program's own takes part.

use app::sample::SignedReport;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use store::{Filter, Page};

use super::town::Town;
use crate::openssl::{reads, sm3};

/// Whether OpenSSL verifies the signature over exactly these octets.
pub fn is_signed(file: &SignedReport, signed: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, octets: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, octets).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let signature = STANDARD.decode(&file.signature).unwrap();
    let (key, text, signature) = (
        path("key.pem", file.key.as_bytes()),
        path("report.json", signed.as_bytes()),
        path("report.sig", &signature),
    );
    let options = ["pkeyutl", "-verify", "-pubin", "-rawin", "-digest", "sm3"];
    let more = ["-pkeyopt", "distid:1234567812345678", "-inkey", &key, "-in", &text];
    let rest = ["-sigfile", &signature];
    reads(&[&options[..], &more, &rest].concat(), b"").is_ok_and(|said| said.contains("Success"))
}

/// The serials that the report has to have drawn, in their order.
pub async fn drawn_again(town: &Town, report: &Value) -> Vec<String> {
    let text = |name: &str| report[name].as_str().unwrap().to_owned();
    let (from, until) = (text("from"), text("until"));
    let store = town.world.institution.store();
    let mut page = Page { limit: 1000, ..Page::default() };
    let (mut size, mut issued) = (0_u64, Vec::new());
    loop {
        let records = store.records(&Filter::default(), page).await.unwrap();
        let Some(last) = records.last() else { break };
        page.after = Some(last.seq);
        for record in records {
            let leaf: Value = serde_json::from_str(&record.leaf).unwrap();
            // Times in UTC sort as texts do.
            let at = leaf["at"].as_str().unwrap().to_owned();
            size += u64::from(at < until);
            if leaf["kind"] == "certificate.issued" && from <= at && at < until {
                issued.push(record.leaf);
            }
        }
    }
    assert_eq!(report["journal"]["size"], size, "the journal at the end of the week");
    let origin = report["institution"]["origin"].as_str().unwrap();
    let root = report["journal"]["root"].as_str().unwrap();
    let seed =
        sm3(format!("yinxin-weekly-sample/1\n{origin}\n{}\n{size}\n{root}\n", text("week"))
            .as_bytes());
    assert_eq!(report["seed"], seed);
    assert_eq!(report["counts"]["population"], issued.len());
    let number = |name: &str| usize::try_from(report["rule"][name].as_u64().unwrap()).unwrap();
    let share = (issued.len() * number("per_mille")).div_ceil(1000);
    let wanted = share.max(number("least")).min(number("most")).min(issued.len());
    let mut scored: Vec<(String, String)> = issued.iter().map(|leaf| scored(&seed, leaf)).collect();
    scored.sort();
    scored.into_iter().take(wanted).map(|(_, serial)| serial).collect()
}

/// The score of a record, and the serial that it is about.
fn scored(seed: &str, leaf: &str) -> (String, String) {
    let hashed = hex::decode(sm3(&[&[0], leaf.as_bytes()].concat())).unwrap();
    let score = sm3(&[hex::decode(seed).unwrap(), hashed].concat());
    let leaf: Value = serde_json::from_str(leaf).unwrap();
    let serial = leaf["subject"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    (score, serial)
}
