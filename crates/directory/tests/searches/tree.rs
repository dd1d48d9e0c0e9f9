//! The entries that are always there.

use directory::AttributeType as A;
use directory::message::{Scope, SearchRequest};
use directory::model::Filter;
use directory::port::List;

use crate::world::{BASE, World, everything, on_every_database, text, values};

async fn entry(world: &World, base: &str) -> directory::Found {
    let mut request = SearchRequest::entry(base);
    request.attributes = vec![b"*".to_vec(), b"+".to_vec()];
    let mut done = world.directory.search(&request, None).await;
    done.entries.pop().unwrap()
}

fn publish(world: &World, issuer: &str, list: List, octets: &'static [u8]) {
    world.lists.put((issuer, list), octets);
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_have_their_certificate_and_the_lists_in_force() {
    on_every_database(async |world| {
        let root = world.issuer("root", 0).await;
        world.issuer("sharded", 3).await;
        publish(&world, "root", List::Full, b"of authorities");
        publish(&world, "issuing", List::Full, b"full");
        publish(&world, "issuing", List::Delta, b"delta");
        publish(&world, "sharded", List::Shard(2), b"third");
        let found = entry(&world, &format!("cn=root,ou=CA,{BASE}")).await;
        assert_eq!(values(&found, "cACertificate;binary"), [root.der()]);
        assert_eq!(values(&found, "authorityRevocationList;binary"), [b"of authorities"]);
        assert!(values(&found, "certificateRevocationList;binary").is_empty());
        let found = entry(&world, &format!("cn=issuing,ou=CA,{BASE}")).await;
        assert_eq!(values(&found, "certificateRevocationList;binary"), [b"full"]);
        assert_eq!(values(&found, "deltaRevocationList;binary"), [b"delta"]);
        assert_eq!(text(&found, "hasSubordinates"), "FALSE");
        let found = entry(&world, &format!("cn=crl-2,cn=sharded,ou=CA,{BASE}")).await;
        assert_eq!(values(&found, "certificateRevocationList;binary"), [b"third"]);
        assert!(values(&found, "objectClass").contains(&&b"cRLDistributionPoint"[..]));
        // By what lists there are, whether or not they are sent.
        let has = Filter::Present(Some(A::CertificateList));
        let mut request = SearchRequest::subtree(BASE, has);
        request.attributes = vec![b"cn".to_vec()];
        let done = world.directory.search(&request, None).await;
        let names: Vec<_> = done.entries.iter().map(|one| text(one, "cn")).collect();
        assert_eq!(names, ["issuing", "crl-2"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_entry_says_what_the_server_can_do() {
    on_every_database(async |world| {
        let root = entry(&world, "").await;
        assert_eq!(text(&root, "namingContexts"), BASE);
        assert_eq!(text(&root, "supportedLDAPVersion"), "3");
        assert_eq!(text(&root, "subschemaSubentry"), "cn=Subschema");
        assert_eq!(text(&root, "supportedControl"), "1.2.840.113556.1.4.319");
        let start_tls = b"1.3.6.1.4.1.1466.20037".as_slice();
        assert!(!values(&root, "supportedExtension").contains(&start_tls));
        let secure = world.with(|config| config.tls = true);
        let mut request = SearchRequest::entry("");
        request.attributes = vec![b"supportedExtension".to_vec()];
        let done = secure.search(&request, None).await;
        assert!(values(&done.entries[0], "supportedExtension").contains(&start_tls));
    })
    .await;
}

/// Every attribute that is sent is in the schema, and every entry has what its classes ask for.
#[tokio::test(flavor = "multi_thread")]
async fn entries_are_what_the_schema_says() {
    on_every_database(async |world| {
        world.issuer("sharded", 1).await;
        world.issue(1000, "unit-sign", &crate::world::unit("某局")).await;
        world.directory.follow().await.unwrap();
        let schema = entry(&world, "cn=subschema").await;
        let types: Vec<_> = values(&schema, "attributeTypes")
            .into_iter()
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
            .collect();
        let request =
            SearchRequest { scope: Scope::Subtree, ..SearchRequest::subtree("", everything()) };
        let done = world.directory.search(&request, None).await;
        assert_eq!(done.entries.len(), 7);
        for found in &done.entries {
            let mut allowed = Vec::new();
            for class in values(found, "objectClass") {
                let name = std::str::from_utf8(class).unwrap();
                let class = directory::model::ObjectClass::find(name).unwrap();
                for must in class.must {
                    let has = !values(found, &must.description()).is_empty();
                    assert!(has, "{}: {name} wants {}", found.dn, must.name());
                }
                allowed.extend(class.must.iter().chain(class.may).map(|one| one.description()));
            }
            for (description, _) in &found.attributes {
                assert!(allowed.contains(description), "{}: {description}", found.dn);
                let name = description.trim_end_matches(";binary");
                assert!(types.iter().any(|line| line.contains(&format!("'{name}'"))), "{name}");
            }
        }
    })
    .await;
}
