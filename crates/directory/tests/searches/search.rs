//! What searches find, and where they stop.

use std::time::Duration;

use directory::AttributeType as A;
use directory::message::{ResultCode, Scope, SearchRequest};
use directory::model::Filter;
use pki::oid;

use crate::world::{
    BASE, FOLDER, World, certificates, code, eq, everything, hex, on_every_database, serial_of,
    starts, text, unit, values,
};

async fn three(world: &World) {
    world.issue(10, "unit-sign", &unit("某市大数据局")).await;
    world.issue(11, "unit-enc", &unit("某市大数据局")).await;
    let names = [(oid::ORGANIZATION, "某市大数据局"), (oid::COMMON_NAME, "Portal Server")];
    world.issue(12, "server-sign", &names).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_found_by_name_number_and_beginning_of_a_name() {
    on_every_database(async |world| {
        three(&world).await;
        let found = world.find(eq(A::CommonName, "portal  SERVER ")).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].dn, format!("serialNumber={},{FOLDER}", hex(12)));
        assert_eq!(text(&found[0], "o"), "某市大数据局");
        let all = [hex(10), hex(11), hex(12)];
        assert_eq!(world.serials(eq(A::Organization, "某市大数据局")).await, all);
        assert_eq!(world.serials(starts(A::Organization, "某市")).await, all);
        assert_eq!(world.serials(starts(A::CommonName, "某市大")).await, all[..2]);
        assert_eq!(world.serials(eq(A::SerialNumber, &hex(12).to_uppercase())).await, all[2..]);
        assert_eq!(world.serials(starts(A::SerialNumber, &hex(12)[..1])).await, all);
        let both = Filter::And(vec![eq(A::Organization, "某市大数据局"), eq(A::KeyUse, "enc")]);
        assert_eq!(world.serials(both).await, all[1..2]);
        assert!(world.serials(eq(A::CommonName, "某市")).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_octets_are_those_that_were_issued_and_one_is_found_by_issuer_and_number() {
    on_every_database(async |world| {
        three(&world).await;
        let certificate = world.issue(258, "device-sign", &unit("某设备")).await;
        for assertion in [
            "{ serialNumber 258, issuer rdnSequence:\"cn=ISSUING,c=CN\" }".as_bytes().to_vec(),
            "258$CN=issuing,C=CN".as_bytes().to_vec(),
            certificate.der().to_vec(),
        ] {
            let found = world.find(Filter::Equal(Some(A::UserCertificate), assertion)).await;
            assert_eq!(found.len(), 1);
            assert_eq!(values(&found[0], "userCertificate;binary"), [certificate.der()]);
        }
        let other = "258$CN=other,C=CN".as_bytes().to_vec();
        assert!(world.find(Filter::Equal(Some(A::UserCertificate), other)).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_sent_once_however_many_branches_find_it() {
    on_every_database(async |world| {
        let names = [
            (oid::ORGANIZATION, "甲局"),
            (oid::ORGANIZATIONAL_UNIT, "甲一处"),
            (oid::ORGANIZATIONAL_UNIT, "甲二处"),
            (oid::COMMON_NAME, "甲局"),
        ];
        world.issue(20, "unit-sign", &names).await;
        assert_eq!(world.serials(starts(A::Unit, "甲")).await, [hex(20)]);
        let either = Filter::Or(vec![
            eq(A::CommonName, "甲局"),
            eq(A::Organization, "甲局"),
            starts(A::Unit, "甲"),
            eq(A::SerialNumber, &hex(20)),
        ]);
        assert_eq!(world.serials(either).await, [hex(20)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_status_shows_at_once_and_only_good_encryption_certificates_are_shown() {
    on_every_database(async |world| {
        three(&world).await;
        for (number, shown_after) in [(10, true), (11, false)] {
            for (status, reason) in [("suspended", Some(6)), ("good", None), ("revoked", Some(1))] {
                world.change(number, status, reason).await;
                let found = world.find(eq(A::SerialNumber, &hex(number))).await;
                assert_eq!(text(&found[0], "certificateStatus"), status);
                let shown = values(&found[0], "userCertificate;binary").len() == 1;
                assert_eq!(shown, shown_after || status == "good", "{number} {status}");
                let has = Filter::And(vec![
                    eq(A::SerialNumber, &hex(number)),
                    Filter::Present(Some(A::UserCertificate)),
                ]);
                assert_eq!(world.find(has).await.len(), usize::from(shown));
            }
        }
        let good = Filter::And(vec![certificates(), eq(A::Standing, "good")]);
        assert_eq!(world.serials(good).await, [hex(12)]);
        world.clock.advance(jiff::SignedDuration::from_secs(366 * 86_400));
        let over = Filter::And(vec![certificates(), eq(A::Standing, "expired")]);
        assert_eq!(world.serials(over).await, [hex(12)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_reach_as_far_as_they_say() {
    on_every_database(async |world| {
        three(&world).await;
        world.directory.follow().await.unwrap();
        let count = async |base: &str, scope| {
            let request = SearchRequest { scope, ..SearchRequest::subtree(base, everything()) };
            let done = world.directory.search(&request, None).await;
            (code(&done), done.entries.len())
        };
        use ResultCode::Success;
        assert_eq!(count(BASE, Scope::Base).await, (Success, 1));
        assert_eq!(count(BASE, Scope::One).await, (Success, 2));
        // Base, two folders, issuer, three certificates.
        assert_eq!(count(BASE, Scope::Subtree).await, (Success, 7));
        assert_eq!(count("", Scope::Subtree).await, (Success, 7));
        assert_eq!(count("", Scope::One).await, (Success, 1));
        assert_eq!(count("", Scope::Base).await, (Success, 1));
        assert_eq!(count(FOLDER, Scope::One).await, (Success, 3));
        assert_eq!(count(FOLDER, Scope::Subtree).await, (Success, 4));
        assert_eq!(count(FOLDER, Scope::Base).await, (Success, 1));
        assert_eq!(count("ou=ca, O=演示中心, c=cn", Scope::One).await, (Success, 1));
        let one = format!("SERIALNUMBER={},{FOLDER}", hex(12));
        assert_eq!(count(&one, Scope::Base).await, (Success, 1));
        assert_eq!(count(&one, Scope::Subtree).await, (Success, 1));
        assert_eq!(count(&one, Scope::One).await, (Success, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_with_the_nearest_entry_above() {
    on_every_database(async |world| {
        world.directory.follow().await.unwrap();
        let ask = async |base: &str| {
            world.directory.search(&SearchRequest::entry(base), None).await.outcome
        };
        let missing = ask(&format!("serialNumber=99,{FOLDER}")).await;
        assert_eq!(missing.code, ResultCode::NoSuchObject);
        assert_eq!(missing.matched, FOLDER);
        let missing = ask(&format!("cn=a,cn=b,{BASE}")).await;
        assert_eq!((missing.code, missing.matched.as_str()), (ResultCode::NoSuchObject, BASE));
        let missing = ask("dc=example").await;
        assert_eq!((missing.code, missing.matched.as_str()), (ResultCode::NoSuchObject, ""));
        assert_eq!(ask("no name").await.code, ResultCode::InvalidDnSyntax);
        let mut request = SearchRequest::entry("");
        request.base = vec![0xff, 0xfe];
        let done = world.directory.search(&request, None).await;
        assert_eq!(code(&done), ResultCode::InvalidDnSyntax);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_limit_stops_a_search_and_what_was_found_is_sent() {
    on_every_database(async |world| {
        for number in 30..40 {
            world.issue(number, "unit-sign", &unit(&format!("单位{number}"))).await;
        }
        world.directory.follow().await.unwrap();
        let all = SearchRequest::subtree(FOLDER, certificates());
        let asked = SearchRequest { size_limit: 3, ..all.clone() };
        let done = world.directory.search(&asked, None).await;
        assert_eq!((code(&done), done.entries.len()), (ResultCode::SizeLimitExceeded, 3));
        let exact = SearchRequest { size_limit: 10, ..all.clone() };
        let done = world.directory.search(&exact, None).await;
        assert_eq!((code(&done), done.entries.len()), (ResultCode::Success, 10));
        let few = world.with(|config| config.limits.entries = 4);
        let done = few.search(&SearchRequest { size_limit: 100, ..all.clone() }, None).await;
        assert_eq!((code(&done), done.entries.len()), (ResultCode::SizeLimitExceeded, 4));
        let lazy = world.with(|config| config.limits.candidates = 5);
        let done = lazy.search(&all, None).await;
        assert_eq!((code(&done), done.entries.len()), (ResultCode::AdminLimitExceeded, 4));
        // What the index finds isn't counted against those that it doesn't.
        let one = SearchRequest::subtree(FOLDER, eq(A::CommonName, "单位39"));
        let done = lazy.search(&one, None).await;
        assert_eq!((code(&done), done.entries.len()), (ResultCode::Success, 1));
        let hasty = world.with(|config| config.limits.time = Duration::ZERO);
        assert_eq!(code(&hasty.search(&all, None).await), ResultCode::TimeLimitExceeded);
        let small = world.with(|config| config.limits.octets = 2_000);
        let done = small.search(&all, None).await;
        assert_eq!(code(&done), ResultCode::AdminLimitExceeded);
        assert!((1..10).contains(&done.entries.len()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_attributes_that_were_asked_for_are_sent() {
    on_every_database(async |world| {
        three(&world).await;
        world.directory.follow().await.unwrap();
        let ask = async |attributes: &[&str], types_only| {
            let mut request = SearchRequest::entry(&format!("serialNumber={},{FOLDER}", hex(10)));
            request.attributes = attributes.iter().map(|one| one.as_bytes().to_vec()).collect();
            request.types_only = types_only;
            let mut done = world.directory.search(&request, None).await;
            done.entries.pop().unwrap()
        };
        let one = ask(&["CN", "usercertificate"], false).await;
        let names: Vec<_> = one.attributes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["cn", "userCertificate;binary"]);
        assert!(ask(&["1.1"], false).await.attributes.is_empty());
        let types = ask(&["*", "+"], true).await;
        assert!(types.attributes.iter().all(|(_, values)| values.is_empty()));
        assert!(types.attributes.iter().any(|(name, _)| name == "modifyTimestamp"));
        let own = ask(&["+"], false).await;
        assert_eq!(text(&own, "entryDN"), own.dn);
        assert_eq!(serial_of(&ask(&[], false).await), hex(10));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_compared_without_being_sent() {
    on_every_database(async |world| {
        three(&world).await;
        world.directory.follow().await.unwrap();
        let dn = format!("serialNumber={},{FOLDER}", hex(12));
        let ask = async |attribute: &str, value: &str| {
            world
                .directory
                .compare(dn.as_bytes(), attribute.as_bytes(), value.as_bytes())
                .await
                .code
        };
        assert_eq!(ask("cn", "PORTAL server").await, ResultCode::CompareTrue);
        assert_eq!(ask("cn", "other").await, ResultCode::CompareFalse);
        assert_eq!(ask("ou", "x").await, ResultCode::NoSuchAttribute);
        assert_eq!(ask("userPassword", "x").await, ResultCode::UndefinedAttributeType);
        assert_eq!(ask("certificateNotAfter", "x").await, ResultCode::InvalidAttributeSyntax);
        let missing = world.directory.compare(b"dc=x", b"cn", b"x").await;
        assert_eq!(missing.code, ResultCode::NoSuchObject);
    })
    .await;
}
