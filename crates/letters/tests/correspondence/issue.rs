//! Letters are issued once, numbered without gaps, and leave their record.

use letters::{Block, LetterKind};
use testkit::together::{at_once, call};

use crate::world::{APPLICATION, draft, draft_about, on_each_engine};

#[tokio::test]
async fn a_letter_of_every_kind_says_what_it_has_to_and_leaves_its_record() {
    on_each_engine(|world| async move {
        for kind in LetterKind::ALL {
            let issued = world.letters.issue(&draft(*kind, 1)).await.unwrap();
            assert_eq!(issued.number, format!("{}〔2026〕000001号", kind.prefix()));
            let letter = world.letters.read(&issued.id).await.unwrap();
            let body = serde_json::to_string(&letter.sheet.blocks).unwrap();
            for said in kind.places().iter().chain(kind.inserts()) {
                assert!(body.contains(&format!("〔{said}〕")), "{}: {said}", kind.word());
            }
            assert!(!body.contains('{') || !body.contains("{institution"), "{body}");
            if kind.refuses() {
                for remedy in ["/complaints", "监督电话", "民事诉讼", "不适用行政复议"]
                {
                    assert!(body.contains(remedy), "{}: {remedy}", kind.word());
                }
            }
            assert_eq!(letter.sheet.signature, ["示例电子认证服务有限公司", "2026年11月22日"]);
        }
        let records = world.records("letter.issued").await;
        assert_eq!(records.len(), LetterKind::ALL.len());
        let all = format!("{records:?}");
        assert!(!all.contains("甄有印"), "nothing personal in the journal");
        let listed = world.letters.of_application(APPLICATION).await.unwrap();
        assert_eq!(listed.len(), LetterKind::ALL.len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_twice_even_by_two_processes_at_once_there_is_one_letter() {
    on_each_engine(|world| async move {
        let beside = world.beside();
        let receipt = draft(LetterKind::Receipt, 1);
        let both = [&world.letters, &beside].map(|letters| call(letters.issue(&receipt)));
        let made: Vec<_> = at_once(both.into()).into_iter().map(Result::unwrap).collect();
        assert_eq!(made[0], made[1]);
        let one = made[0].clone();
        assert_eq!(world.letters.issue(&receipt).await.unwrap(), one);
        assert_eq!(world.records("letter.issued").await.len(), 1);
        let world = world.restarted().await;
        assert_eq!(world.letters.issue(&receipt).await.unwrap(), one);
    })
    .await;
}

#[tokio::test]
async fn numbers_have_no_gaps_whoever_asks_and_begin_anew_with_the_year() {
    on_each_engine(|world| async move {
        let beside = world.beside();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 1..=20 {
            let letters = if number % 2 == 0 { beside.clone() } else { world.letters.clone() };
            tasks.spawn(async move { letters.issue(&draft_about(number)).await.unwrap().number });
        }
        let mut numbers = tasks.join_all().await;
        numbers.sort();
        let expected: Vec<_> = (1..=20).map(|n| format!("受〔2026〕{n:06}号")).collect();
        assert_eq!(numbers, expected);
        // 1 January 2027, 00:00 in Shanghai.
        let until = "2026-12-31T16:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let now = "2026-11-22T02:00:00Z".parse::<jiff::Timestamp>().unwrap();
        world.clock.advance(until.duration_since(now));
        let issued = world.letters.issue(&draft_about(99)).await.unwrap();
        assert_eq!(issued.number, "受〔2027〕000001号");
    })
    .await;
}

#[tokio::test]
async fn a_letter_that_lacks_a_fact_is_not_issued_and_takes_no_number() {
    on_each_engine(|world| async move {
        let mut poor = draft(LetterKind::Supplement, 1);
        poor.facts = letters::Facts::default().blocks("items", vec![Block::List { items: vec![] }]);
        let error = world.letters.issue(&poor).await.unwrap_err();
        assert_eq!(error.code(), "letters.missing");
        assert!(world.records("letter.issued").await.is_empty());
        let issued = world.letters.issue(&draft(LetterKind::Supplement, 1)).await.unwrap();
        assert_eq!(issued.number, "补〔2026〕000001号");
    })
    .await;
}

#[tokio::test]
async fn the_first_pdf_that_is_kept_is_the_file_from_then_on() {
    on_each_engine(|world| async move {
        let issued = world.letters.issue(&draft(LetterKind::Receipt, 1)).await.unwrap();
        assert_eq!(world.letters.pdf(&issued.id).await.unwrap(), None);
        let first = world.letters.keep_pdf(&issued.id, b"%PDF-1".to_vec()).await.unwrap();
        let second = world.letters.keep_pdf(&issued.id, b"%PDF-2".to_vec()).await.unwrap();
        assert_eq!((first, second), (b"%PDF-1".to_vec(), b"%PDF-1".to_vec()));
        let world = world.restarted().await;
        assert_eq!(world.letters.pdf(&issued.id).await.unwrap().unwrap(), b"%PDF-1");
        assert!(world.letters.find(&issued.id).await.unwrap().has_pdf);
        assert_eq!(world.records("letter.typeset").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn no_column_holds_what_a_letter_says() {
    on_each_engine(|world| async move {
        let issued = world.letters.issue(&draft(LetterKind::Receipt, 1)).await.unwrap();
        let code = world.letters.read(&issued.id).await.unwrap().code;
        let mut reader = world.store.read().await.unwrap();
        let text = "SELECT kind || number || application || text || code_index || content_index \
             || blob FROM letter";
        let row: String = sqlx::query_scalar(text).fetch_one(&mut *reader).await.unwrap();
        assert!(!row.contains("甄有印") && !row.contains(&code), "{row}");
    })
    .await;
}
