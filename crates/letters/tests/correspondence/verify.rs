//! Genuine, changed, unknown: by code and by file.

use letters::{LetterKind, SignedLetter, Verdict};

use crate::world::{World, draft, draft_about, on_each_engine};

async fn verify(world: &World, file: &[u8]) -> &'static str {
    match world.letters.verify_file(file).await.unwrap() {
        Verdict::Genuine(found) => {
            assert!(found.signature_holds);
            "genuine"
        }
        Verdict::Changed(_) => "changed",
        Verdict::Unknown => "unknown",
    }
}

#[tokio::test]
async fn number_and_code_together_open_a_letter_and_neither_alone_does() {
    on_each_engine(|world| async move {
        let issued = world.letters.issue(&draft(LetterKind::Receipt, 1)).await.unwrap();
        let other = world.letters.issue(&draft_about(7)).await.unwrap();
        let code = world.letters.read(&issued.id).await.unwrap().sheet.code;
        for (number, typed) in [
            (issued.number.as_str(), code.clone()),
            ("受(2026)000001", code.to_lowercase()),
            (" 受［2026］000001号 ", code.replace('-', " ")),
        ] {
            let found = world.letters.verify_code(number, &typed).await.unwrap();
            let Verdict::Genuine(found) = found else { panic!("{number} {typed}") };
            assert!(
                found.signature_holds && found.letter.sheet.addressee.as_deref() == Some("甄有印")
            );
        }
        let wrong = "0000-0000-0000-0000-0000";
        for (number, code) in [
            (issued.number.as_str(), wrong),
            (issued.number.as_str(), ""),
            (other.number.as_str(), code.as_str()),
            ("受〔2026〕000009号", code.as_str()),
            ("", ""),
        ] {
            let found = world.letters.verify_code(number, code).await.unwrap();
            assert_eq!(found, Verdict::Unknown, "{number} {code}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_downloaded_file_is_genuine_and_any_change_of_it_is_seen() {
    on_each_engine(|world| async move {
        let issued = world.letters.issue(&draft(LetterKind::Delivery, 1)).await.unwrap();
        let file = world.letters.data(&issued.id).await.unwrap();
        assert_eq!(verify(&world, &file).await, "genuine");
        let change = |change: &dyn Fn(&mut SignedLetter)| {
            let mut signed = SignedLetter::from_file(&file).unwrap();
            change(&mut signed);
            signed.to_file().unwrap()
        };
        let said = change(&|file| file.signed = file.signed.replace("甄有印", "甄假印"));
        assert_eq!(verify(&world, &said).await, "changed");
        let spaced = change(&|file| file.signed = file.signed.replace("\",\"", "\", \""));
        assert_eq!(verify(&world, &spaced).await, "changed");
        let unsigned = change(&|file| file.signature = "AAAA".into());
        assert_eq!(verify(&world, &unsigned).await, "changed");
        // The key in the file is for convenience: which key counts is known here.
        let keyed = change(&|file| file.key = "-----BEGIN PUBLIC KEY-----".into());
        assert_eq!(verify(&world, &keyed).await, "genuine");
        let number = change(&|file| file.signed = file.signed.replace("000001号", "000777号"));
        assert_eq!(verify(&world, &number).await, "unknown");
    })
    .await;
}

#[tokio::test]
async fn a_pdf_is_genuine_to_the_last_octet_or_unknown() {
    on_each_engine(|world| async move {
        let issued = world.letters.issue(&draft(LetterKind::Receipt, 1)).await.unwrap();
        let pdf = world.letters.keep_pdf(&issued.id, b"%PDF-1.7 letter".to_vec()).await.unwrap();
        assert_eq!(verify(&world, &pdf).await, "genuine");
        assert_eq!(verify(&world, b"%PDF-1.7 lettre").await, "unknown");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_letter_is_refused_in_words() {
    let world = World::new().await;
    for file in [
        &b""[..],
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b"{\"format\":\"yinxin-signed-letter/2\",\"signed\":\"\",\"signature\":\"\",\"key\":\"\"}",
    ] {
        let error = world.letters.verify_file(file).await.unwrap_err();
        assert_eq!(error.code(), "letters.file");
    }
}
