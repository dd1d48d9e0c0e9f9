//! StartTLS and LDAPS with a transport certificate of ECDSA, made by OpenSSL.

use std::path::Path;
use std::process::Command;

use super::client::{BASE, Raw, Served, message, tlv, tool_with};

/// A self-signed certificate for 127.0.0.1 and its key.
fn transport(folder: &Path) -> (String, String) {
    let (certificate, key) = (folder.join("ldap.pem"), folder.join("ldap.key.pem"));
    let done = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "3650", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    (certificate.display().to_string(), key.display().to_string())
}

async fn secured(folder: &Path) -> Served {
    let (certificate, key) = transport(folder);
    Served::with(|settings| {
        settings.directory.listen_tls = "127.0.0.1:0".to_owned();
        settings.directory.certificate = certificate;
        settings.directory.key = key;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_read_within_tls_by_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let served = secured(folder.path()).await;
    let authority = folder.path().join("ldap.pem").display().to_string();
    let environment = [("LDAPTLS_CACERT", authority.as_str()), ("LDAPTLS_REQCERT", "demand")];
    let filter = "(cn=示例局)";
    let (plain, secure) = (served.url(), served.running.tls_address().unwrap());
    let secure = format!("ldaps://{secure}");
    for arguments in [vec!["-ZZ", "-H", &plain], vec!["-H", &secure]] {
        let mut all = vec!["-LLL", "-x", "-b", BASE];
        all.extend(arguments);
        all.extend([filter, "cn"]);
        let Some(output) = tool_with("ldapsearch", &all, &environment).await else { return };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(text.matches("dn:").count(), 2, "{text}");
    }
    // The doctor reads the end of such a certificate, of whatever algorithm.
    let checks = served.world.institution.examine(false).await;
    let ends = checks.iter().find(|check| check.name == "ends").unwrap();
    assert_eq!(ends.level, app::doctor::Level::Good, "{}", ends.detail);
    served.running.stop().await;
}

/// What is sent in the clear behind StartTLS would count as said within TLS.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_slipped_in_before_tls_begins() {
    let folder = tempfile::tempdir().unwrap();
    let served = secured(folder.path()).await;
    let start = message(&tlv(0x77, &tlv(0x80, b"1.3.6.1.4.1.1466.20037")));
    let mut raw = Raw::to(served.address());
    raw.send(&[start.clone(), message(&tlv(0x42, &[]))].concat());
    let ends = tokio::task::spawn_blocking(move || (raw.result(), raw.read()));
    assert_eq!(ends.await.unwrap(), (Some((0x78, 1)), None));
    let mut raw = Raw::to(served.address());
    raw.send(&start);
    assert_eq!(raw.result(), Some((0x78, 0)));
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_certificate_there_is_no_tls_and_a_broken_one_stops_the_start() {
    let served = Served::new().await;
    let mut raw = served.connect();
    raw.send(&message(&tlv(0x77, &tlv(0x80, b"1.3.6.1.4.1.1466.20037"))));
    assert_eq!(raw.result(), Some((0x78, 2)));
    served.running.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.pem");
    std::fs::write(&file, "no certificate").unwrap();
    let broken = file.display().to_string();
    let world = served.world.restarted(|settings| {
        settings.directory.certificate.clone_from(&broken);
        settings.directory.key = broken;
    });
    let world = world.await.unwrap();
    let error = web::ldap::serve(&world.institution).await.err().unwrap().to_string();
    assert!(error.contains("broken.pem"), "{error}");
}
