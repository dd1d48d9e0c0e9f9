//! crossCertificatePair as clients meet it (RFC 4523 §2.5): `ldapsearch` fetches it, OpenSSL takes both halves out of it.

use std::path::Path;
use std::process::Command;

use app::cross::{take_in_cross, withdraw_cross};
use ca::RevocationReason;
use store::{Actor, Warrant};

use super::client::{BASE, Served, tool};
use crate::neighbour::{half, issuing, parts, recognise};

/// The certificates in a value, by number of their tag, as OpenSSL finds them.
fn halves(value: &[u8], folder: &Path) -> Vec<(u8, Vec<u8>)> {
    let file = folder.join("pair.der");
    std::fs::write(&file, value).unwrap();
    let asn1parse = |more: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["asn1parse", "-inform", "DER", "-in"]).arg(&file).args(more);
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let mut found = Vec::new();
    let mut number = 0;
    for line in asn1parse(&[]).lines() {
        // The tag says which half it is, the certificate is inside of it.
        if let Some((_, rest)) = line.split_once("cont [ ").filter(|_| line.contains("d=1 ")) {
            number = rest.split_once(' ').unwrap().0.parse().unwrap();
        }
        if !line.contains("d=2 ") {
            continue;
        }
        let offset = line.trim().split_once(':').unwrap().0;
        let out = folder.join("half.der");
        asn1parse(&["-strparse", offset, "-noout", "-out", out.to_str().unwrap()]);
        let read = Command::new("openssl")
            .args(["x509", "-inform", "DER", "-outform", "DER", "-in"])
            .arg(&out)
            .output()
            .unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        found.push((number, read.stdout));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_has_its_cross_certificates_as_pairs_and_openssl_takes_them_apart() {
    let served = Served::new().await;
    let (world, folder) = (&served.world, tempfile::tempdir().unwrap());
    let store = world.institution.store();
    let ask = async |of: &str| {
        let base = format!("cn={of},ou=CA,{BASE}");
        let wanted =
            ["-b", &base, "-s", "base", "(crossCertificatePair=*)", "crossCertificatePair"];
        served.search(&wanted).await.map(|answer| answer.values("crossCertificatePair;binary"))
    };
    let Some(none) = ask("root").await else { return };
    assert!(none.is_empty());
    let ours = recognise(world, &issuing(), 2030).await.certificate;
    let [alone] = ask("root").await.unwrap().try_into().unwrap();
    assert_eq!(halves(&alone, folder.path()), [(1, ours.der().to_vec())]);
    // The neighbour's CA recognises the key that recognised it: one value. Its half for our issuing CA stands alone.
    let by = issuing().certificate;
    let mut given = Vec::new();
    for name in ["root", "issuing"] {
        let own = world.institution.authority(name).await.unwrap().unwrap();
        let half = half(world, &issuing(), &own);
        let files = (half.der(), by.der(), &*by.fingerprint());
        take_in_cross(store, files, Actor::new("person:S001")).await.unwrap();
        given.push(half.der().to_vec());
    }
    let [pair] = ask("root").await.unwrap().try_into().unwrap();
    assert_eq!(halves(&pair, folder.path()), [(0, given[0].clone()), (1, ours.der().to_vec())]);
    let [other] = ask("issuing").await.unwrap().try_into().unwrap();
    assert_eq!(halves(&other, folder.path()), [(0, given[1].clone())]);
    // What was withdrawn is gone, the other half stays.
    let warrant = Warrant::new("S001", "W001", "对方机构的签发密钥已停止使用").unwrap();
    let why = (&ours.serial(), RevocationReason::CessationOfOperation);
    withdraw_cross(&parts(world), store, why, &warrant).await.unwrap();
    let [left] = ask("root").await.unwrap().try_into().unwrap();
    assert_eq!(halves(&left, folder.path()), [(0, given[0].clone())]);
    // The schema says what it is.
    let url = served.url();
    let schema = [
        "-LLL",
        "-o",
        "ldif-wrap=no",
        "-x",
        "-H",
        &url,
        "-b",
        "cn=Subschema",
        "-s",
        "base",
        "attributeTypes",
    ];
    let schema = tool("ldapsearch", &schema).await.unwrap();
    let schema = String::from_utf8(schema.stdout).unwrap();
    assert!(
        schema.contains(
            "( 2.5.4.40 NAME 'crossCertificatePair' SYNTAX 1.3.6.1.4.1.1466.115.121.1.10 )"
        )
    );
}
