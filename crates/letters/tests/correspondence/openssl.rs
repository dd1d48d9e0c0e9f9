//! OpenSSL judges the signature of a letter, over exactly the octets that `docs/letters.md` names.

use std::process::Command;

use letters::{LetterKind, SignedLetter};

use crate::world::{World, draft};

/// The command of `docs/letters.md`.
fn judge(folder: &std::path::Path) -> bool {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(["pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-digest", "sm3"])
        .args(["-in", "letter.json", "-sigfile", "letter.sig"])
        .args(["-pkeyopt", "distid:1234567812345678"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success() && said.contains("Successfully")
}

#[tokio::test]
async fn openssl_verifies_the_octets_that_are_documented_and_no_others() {
    if Command::new("openssl").arg("version").output().is_err() {
        // `./check` installs the judges: there none may be missing.
        assert!(std::env::var_os("YINXIN_JUDGES_PYTHON").is_none(), "openssl is missing");
        eprintln!("skipped: no openssl here");
        return;
    }
    let world = World::new().await;
    let issued = world.letters.issue(&draft(LetterKind::Agreement, 1)).await.unwrap();
    let file = SignedLetter::from_file(&world.letters.data(&issued.id).await.unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets);
    write("key.pem", file.key.as_bytes()).unwrap();
    write("letter.json", file.signed.as_bytes()).unwrap();
    write("letter.b64", file.signature.as_bytes()).unwrap();
    let decoded = Command::new("openssl")
        .current_dir(folder.path())
        .args(["base64", "-d", "-A", "-in", "letter.b64", "-out", "letter.sig"])
        .status()
        .unwrap();
    assert!(decoded.success());
    assert!(judge(folder.path()), "OpenSSL verifies what we signed");
    let changed = file.signed.replacen("2026", "2027", 1);
    write("letter.json", changed.as_bytes()).unwrap();
    assert!(!judge(folder.path()), "and sees a change");
}
