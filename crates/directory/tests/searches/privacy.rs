//! What is never in the directory.

use directory::AttributeType as A;
use directory::message::{ResultCode, SearchRequest};
use directory::model::Filter;
use directory::rules::index::Key;
use pki::oid;

use crate::world::{
    BASE, FOLDER, World, certificates, code, eq, everything, hex, on_every_database, unit,
};

const PERSON: &str = "甄演示";
const ID: &str = "110000190001010012";

async fn people(world: &World) {
    let names =
        [(oid::ORGANIZATION, "某市大数据局"), (oid::COMMON_NAME, PERSON), (oid::SERIAL_NUMBER, ID)];
    for (number, profile) in [(50, "person-sign"), (51, "person-enc"), (52, "staff-sign")] {
        world.issue(number, profile, &names).await;
    }
    for (number, profile) in [(53, "ocsp"), (54, "subca"), (55, "root")] {
        world.issue(number, profile, &unit("某服务")).await;
    }
    world.issue(56, "unit-sign", &unit("某市大数据局")).await;
}

/// The directory publishes only what may be public. Everything that anybody can ask for is read, and
/// nothing of a natural person is in it.
#[tokio::test(flavor = "multi_thread")]
async fn natural_persons_are_nowhere_in_the_directory_nor_in_its_index() {
    on_every_database(async |world| {
        people(&world).await;
        let mut request = SearchRequest::subtree("", everything());
        world.directory.follow().await.unwrap();
        request.attributes = vec![b"*".to_vec(), b"+".to_vec()];
        let done = world.directory.search(&request, None).await;
        assert_eq!(code(&done), ResultCode::Success);
        let all = format!("{:?}", done.entries.iter().map(|one| &one.dn).collect::<Vec<_>>());
        let octets: Vec<u8> = done
            .entries
            .iter()
            .flat_map(|one| &one.attributes)
            .flat_map(|(_, values)| values.iter().flatten().copied())
            .collect();
        for secret in [PERSON, ID] {
            let is_there = octets.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there && !all.contains(secret), "{secret}");
        }
        assert_eq!(world.serials(certificates()).await, [hex(56)]);
        assert_eq!(world.directory.size().await.unwrap(), 1);
        for (key, value) in [(Key::CommonName, PERSON), (Key::Serial, &*hex(50))] {
            let found = world.directory.certificates(key, value.as_bytes()).await.unwrap();
            assert!(found.is_empty(), "{value}");
        }
        for number in [50, 52, 54] {
            let dn = format!("serialNumber={},{FOLDER}", hex(number));
            let done = world.directory.search(&SearchRequest::entry(&dn), None).await;
            assert_eq!(code(&done), ResultCode::NoSuchObject);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_not_found_even_when_a_row_of_the_index_was_slipped_in() {
    on_every_database(async |world| {
        people(&world).await;
        world.directory.follow().await.unwrap();
        world
            .tamper(
                "INSERT INTO directory_index (attribute, value, certificate_id) \
                 SELECT 'all', value, (SELECT id FROM certificate WHERE profile = 'person-sign') \
                 FROM directory_index WHERE attribute = 'all'",
            )
            .await;
        assert_eq!(world.directory.size().await.unwrap(), 2);
        assert_eq!(world.serials(certificates()).await, [hex(56)]);
        let report = world.directory.verify().await.unwrap();
        assert_eq!((report.missing, report.surplus), (0, 1));
        assert_eq!(world.directory.size().await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_and_the_attributes_kept_from_searches_select_nothing() {
    on_every_database(async |world| {
        people(&world).await;
        world.directory.follow().await.unwrap();
        let names = world.with(|config| {
            let searchable = ["cn".to_owned(), "serialNumber".to_owned()];
            let kinds = ["unit".to_owned()];
            config.policy = directory::Policy::new(&kinds, &searchable).unwrap();
        });
        names.follow().await.unwrap();
        let count = async |filter| {
            names.search(&SearchRequest::subtree(BASE, filter), None).await.entries.len()
        };
        assert_eq!(count(eq(A::CommonName, "某市大数据局")).await, 1);
        for filter in [
            eq(A::Organization, "某市大数据局"),
            Filter::Not(Box::new(eq(A::Organization, "x"))),
            Filter::Present(None),
            Filter::Not(Box::new(Filter::Present(None))),
        ] {
            assert_eq!(count(filter).await, 0);
        }
    })
    .await;
}
