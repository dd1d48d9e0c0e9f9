//! StartTLS with a `slapd` that has a transport certificate, and one that nobody vouches for.

use std::path::Path;
use std::process::Command;

use super::slapd::Slapd;
use super::{enrol, health, into, publish};
use crate::world::World;

/// A self-signed transport certificate for 127.0.0.1 and its key.
fn transport(folder: &Path, name: &str) -> (String, String) {
    let place = |end: &str| folder.join(format!("{name}{end}")).display().to_string();
    let (certificate, key) = (place(".pem"), place(".key.pem"));
    let done = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "3650", "-subj", "/CN=localhost", "-addext", "basicConstraints=CA:FALSE"])
        .arg("-addext")
        .args(["subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", &key, "-out", &certificate])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    (certificate, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_go_out_within_tls_and_to_nobody_who_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = transport(folder.path(), "own");
    let (other, _) = transport(folder.path(), "other");
    let more = format!(
        "TLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\nsecurity update_tls=1\n"
    );
    // What others have in it is loaded in the clear, before that is forbidden.
    let Some(mut slapd) = Slapd::start_with("") else { return };
    slapd.stop();
    let conf = slapd.folder().join("slapd.conf");
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(&conf, text.replace("modulepath", &format!("{more}modulepath"))).unwrap();
    slapd.resume();
    let secure = |trust: &str| {
        let (inner, trust) = (into(&slapd), trust.to_owned());
        move |settings: &mut app::Settings| {
            inner(settings);
            settings.directory.replica.start_tls = true;
            settings.directory.replica.trust = trust;
        }
    };
    let world = World::with(secure(&other)).await;
    let unit = enrol(&world, "unit-1", "unit").await.sign.certificate;
    publish(&world).await;
    let trouble = health(&world).await.trouble.unwrap();
    assert!(trouble.contains("TLS"), "{trouble}");
    assert!(slapd.certificate(&unit.serial().to_hex()).is_none());
    let world = world.restarted(secure(&certificate)).await.unwrap();
    publish(&world).await;
    assert_eq!(health(&world).await.trouble, None);
    assert!(slapd.certificate(&unit.serial().to_hex()).is_some());
    // In the clear the server takes nothing now.
    let world = world.restarted(into(&slapd)).await.unwrap();
    enrol(&world, "unit-2", "unit").await;
    publish(&world).await;
    assert!(health(&world).await.trouble.unwrap().contains("13"));
}
