//! The proof on a record's page, recomputed from the page alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Signature, UserId, sm2, sm3};

use super::office::{Office, element, elements};

fn sm3_of(parts: &[&[u8]]) -> Vec<u8> {
    hex::decode(sm3::hash(&parts.concat()).to_hex()).unwrap()
}

/// From the text of the leaf up to the root, by what the page says and nothing else.
fn climbed(page: &str, leaf: &str) -> String {
    let mut hash = sm3_of(&[&[0], leaf.as_bytes()]);
    let sides = elements(page, "proof-side");
    for (sibling, side) in elements(page, "proof-sibling").iter().zip(&sides) {
        let sibling = hex::decode(sibling).unwrap();
        hash = match side.as_str() {
            "在左" => sm3_of(&[&[1], &sibling, &hash]),
            _ => sm3_of(&[&[1], &hash, &sibling]),
        };
    }
    hex::encode(hash)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_holds_when_it_is_recomputed_from_the_page_alone() {
    let office = Office::new().await;
    let store = office.world.institution.store();
    let seat = office.seat(&office.watch).await;
    let size = store.size().await.unwrap();
    for seq in [0, 1, size / 2, size - 1] {
        let page = seat.page(&format!("/admin/journal/{seq}")).await;
        assert!(page.contains("证明成立"), "{page}");
        let leaf = element(&page, "leaf");
        assert!(leaf.contains(&format!("\"seq\":{seq}")), "{leaf}");
        let root = element(&page, "tree-root");
        assert_eq!(climbed(&page, &leaf), root, "record {seq}");
        assert_eq!(hex::encode(sm3_of(&[&[0], leaf.as_bytes()])), element(&page, "leaf-hash"));
        let changed = leaf.replace("\"seq\":", "\"seq\": ");
        assert_ne!(climbed(&page, &changed), root, "another text has another root");

        // The root is the one that was signed, by the key that the institution names.
        let note = element(&page, "checkpoint");
        let (text, lines) = note.rsplit_once("\n\n").unwrap();
        let text = format!("{text}\n");
        let told: Vec<_> = text.lines().collect();
        assert_eq!(told[1], element(&page, "tree-size"));
        assert_eq!(hex::encode(STANDARD.decode(told[2]).unwrap()), root);
        let signature = STANDARD.decode(lines.trim().rsplit(' ').next().unwrap()).unwrap();
        let signature = Signature::from_raw(signature[4..].try_into().unwrap()).unwrap();
        let (key, _) = store.checkpoint_key();
        assert!(page.contains(&hex::encode(key.to_sec1())));
        sm2::verify(&key, &UserId::default(), text.as_bytes(), &signature).unwrap();
    }
    assert_eq!(seat.get("/admin/journal/99999999").await.status.as_u16(), 404);
    assert_eq!(seat.get("/admin/journal/x").await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_checkpoints_are_compared_in_words() {
    let office = Office::new().await;
    let store = office.world.institution.store();
    let old = store.checkpoint().await.unwrap().checkpoint.size;
    // Another hour: of each hour only the last checkpoint is kept.
    office.world.pass(7_200);
    office.chief.appoint(store_access(&office), "another", "archivist").await;
    let new = store.checkpoint().await.unwrap().checkpoint.size;
    assert!(old < new);
    let seat = office.seat(&office.inspector).await;
    let page = seat.page(&format!("/admin/journal/consistency?old={old}&new={new}")).await;
    assert!(
        page.contains("一致。") && page.contains(&format!("追加了 {} 条", new - old)),
        "{page}"
    );
    let turned = seat.get(&format!("/admin/journal/consistency?old={new}&new={old}")).await;
    assert_eq!(turned.status.as_u16(), 422);
    let none = seat.get(&format!("/admin/journal/consistency?old={}&new={new}", old - 1)).await;
    assert_eq!(none.status.as_u16(), 404);
}

fn store_access(office: &Office) -> &access::Access {
    office.world.institution.access()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_paged_and_written_as_a_file() {
    let office = Office::new().await;
    let seat = office.seat(&office.watch).await;
    for _ in 0..30 {
        // Two records each: who signed in, and who left.
        let secret = office.clerk.token(store_access(&office)).await;
        store_access(&office).sign_out(&secret).await.unwrap();
    }
    let first = seat.page("/admin/journal").await;
    let older = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let older = super::office::unescaped(older.split('"').next().unwrap());
    let second = seat.page(&older).await;
    let newer = second.split("rel=\"prev\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let newer = super::office::unescaped(newer.split('"').next().unwrap());
    assert_eq!(numbers(&seat.page(&newer).await), numbers(&first), "a step back");
    let (above, below) = (numbers(&first), numbers(&second));
    assert_eq!(above.last().unwrap() - 1, below[0], "pages join");

    let only = seat.page("/admin/journal?kind=person.created&actor=head").await;
    assert!(only.contains("新增人员") && !only.contains("<td>会话"), "{only}");
    assert_eq!(numbers(&only).len(), 2, "the clerk and the reviewer: {only}");
    let file = seat.file("/admin/journal/export.csv?kind=person.created").await;
    // chief, watch, two heads, inspector, clerk, reviewer; one line of headings.
    assert_eq!(file.trim_end().lines().count(), 1 + 7, "{file}");
    let today = seat.get("/admin/journal?from=2030-01-01&to=2029-01-01").await;
    assert_eq!(today.status.as_u16(), 422);
    let whole = seat.get("/admin/journal/export.jsonl").await;
    assert!(whole.status.is_success() && whole.body.starts_with(b"{"));
    let outsider = office.seat(&office.clerk).await;
    for path in ["/admin/journal", "/admin/journal/0", "/admin/journal/export.csv"] {
        assert_eq!(outsider.get(path).await.status.as_u16(), 403, "{path}");
    }
}

/// The numbers of the records of a page.
fn numbers(page: &str) -> Vec<u64> {
    let parts = page.split("href=\"/admin/journal/").skip(1);
    let numbers = parts.filter_map(|part| part.split('"').next()?.parse().ok());
    numbers.collect()
}
