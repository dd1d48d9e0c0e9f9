//! Filters of `ldapsearch` and what they find; what is found is what was issued.

use std::process::Stdio;

use app::Background;
use app::lifecycle::Change;
use store::Actor;

use super::client::{FOLDER, Served, tool};

/// Names of what is found, sorted: `u` the unit, `d` the device, twice for both certificates.
fn shape(served: &Served, answer: &super::client::Answer) -> String {
    let unit = served.unit.sign.certificate.subject().common_name().unwrap().as_bytes().to_vec();
    let device = served.device.sign.certificate.subject().common_name().unwrap();
    let letter = |name: Vec<u8>| match name {
        name if name == unit => 'u',
        name if name == device.as_bytes() => 'd',
        name => panic!("{}", String::from_utf8_lossy(&name)),
    };
    let certificates =
        answer.entries.iter().filter(|entry| entry.iter().any(|(name, _)| name == "serialNumber"));
    let names = certificates.map(|entry| {
        entry.iter().find(|(name, _)| name == "cn").map(|(_, value)| letter(value.clone())).unwrap()
    });
    let mut letters: Vec<_> = names.collect();
    letters.sort();
    letters.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_they_say_and_hostile_ones_nothing() {
    let served = Served::new().await;
    let serial = served.unit.enc.as_ref().unwrap().record.serial.to_hex();
    let issuer = served.unit.sign.certificate.issuer().to_string();
    let exact = format!(
        "(userCertificate={{ serialNumber '{serial}'H, issuer rdnSequence:\"{issuer}\" }})"
    );
    let stranger = format!(
        "(userCertificate={{ serialNumber '{serial}'H, issuer rdnSequence:\"CN=other,C=CN\" }})"
    );
    let by_number = format!("(serialNumber={})", serial.to_uppercase());
    let storm = format!("(cn={}*)", "*示".repeat(200));
    let long = format!("(cn={})", "示".repeat(10_000));
    for (filter, expected) in [
        ("(cn=示例局)", "uu"),
        ("(cn=GATEWAY  one)", "dd"),
        ("(commonName=\\e7\\a4\\ba\\e4\\be\\8b\\e5\\b1\\80)", "uu"),
        ("(cn=示*)", "uu"),
        ("(cn=*way*)", "dd"),
        ("(cn=g*e)", "dd"),
        ("(o=示例局)", "dduu"),
        ("(2.5.4.11=信息处)", "uu"),
        ("(&(o=示例局)(certificateUsage=enc))", "du"),
        ("(|(cn=示例局)(cn=Gateway One)(cn=甄演示))", "dduu"),
        ("(&(serialNumber=*)(!(cn=示例局)))", "dd"),
        (&by_number, "u"),
        (&exact, "u"),
        (&stranger, ""),
        ("(userCertificate;binary=*)", "dduu"),
        ("(certificateNotAfter>=20200101000000Z)", "dduu"),
        ("(certificateNotAfter<=20200101000000Z)", ""),
        ("(&(certificateKind=device)(certificateStatus=good))", "dd"),
        ("(cn~=gateway one)", "dd"),
        ("(cn:caseExactMatch:=Gateway One)", "dd"),
        ("(cn:caseExactMatch:=gateway one)", ""),
        ("(&(serialNumber=*)(o:dn:=测试认证中心))", "dduu"),
        ("(&(serialNumber=*)(objectClass=pkiUser))", "dduu"),
        ("(&(&)(serialNumber=*))", "dduu"),
        ("(|)", ""),
        // Hostile, or about what is not public.
        ("(cn=甄演示)", ""),
        ("(cn=甄*)", ""),
        ("(identifyCode=110000190001010012)", ""),
        ("(!(identifyCode=110000190001010012))", ""),
        ("(userPassword=*)", ""),
        ("(!(nothing=here))", ""),
        ("(cn=\\00)", ""),
        ("(cn=\\ff\\fe)", ""),
        ("(!(cn=\\ff\\fe))", ""),
        ("(cn=示例局\\00)", "uu"),
        ("(cn=*\\2a*)", ""),
        ("(certificateNotAfter>=tomorrow)", ""),
        ("(cn;lang-zh=示例局)", ""),
        ("(certificateRevocationList=x)", ""),
        ("(entryDN=o=测试认证中心,c=CN)", ""),
        (&storm, ""),
        (&long, ""),
    ] {
        let Some(answer) = served.search(&[filter]).await else { return };
        assert_eq!(answer.code, 0, "{filter}: {}", answer.errors);
        assert_eq!(shape(&served, &answer), expected, "{filter}");
    }
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_lists_come_back_byte_for_byte_and_openssl_reads_them() {
    let served = Served::new().await;
    served.world.institution.ca().publish_crl(ca::CrlKind::Full).await.unwrap();
    let Some(answer) = served.search(&["(o=示例局)", "userCertificate"]).await else { return };
    let mut expected: Vec<_> = [&served.unit, &served.device]
        .into_iter()
        .flat_map(|pair| [&pair.sign, pair.enc.as_ref().unwrap()])
        .map(|one| one.certificate.der().to_vec())
        .collect();
    expected.sort();
    assert_eq!(answer.values("userCertificate;binary"), expected);
    for der in &expected {
        assert!(openssl(&["x509", "-inform", "DER", "-noout", "-subject"], der).await);
    }
    let answer = served.search(&["(objectClass=pkiCA)"]).await.unwrap();
    let issuing = served.world.institution.authority("issuing").await.unwrap().unwrap();
    assert!(answer.values("cACertificate;binary").contains(&issuing.der().to_vec()));
    let name = status::ListName { issuer: "issuing".into(), kind: status::ListKind::Full };
    let list = served.world.institution.lists().current(&name).await.unwrap().unwrap();
    assert_eq!(answer.values("certificateRevocationList;binary"), [list.der.to_vec()]);
    assert!(openssl(&["crl", "-inform", "DER", "-noout", "-issuer"], &list.der).await);
    served.running.stop().await;
}

async fn openssl(arguments: &[&str], input: &[u8]) -> bool {
    use std::io::Write;
    let mut child = std::process::Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait().unwrap().success()
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_scopes_and_limits_are_those_of_the_question() {
    let served = Served::new().await;
    let Some(dse) = served.search(&["-s", "base", "-b", "", "(objectClass=*)", "+"]).await else {
        return;
    };
    assert_eq!(dse.values("supportedLDAPVersion"), [b"3"]);
    assert_eq!(dse.values("namingContexts"), [super::client::BASE.as_bytes()]);
    let schema = ["-s", "base", "-b", "cn=Subschema", "(objectClass=subschema)", "attributeTypes"];
    let schema = served.search(&schema).await.unwrap();
    assert!(schema.values("attributeTypes").len() > 20, "{}", schema.text);
    let none = served.search(&["(serialNumber=*)", "1.1"]).await.unwrap();
    assert_eq!((none.entries.len(), none.entries[0].len()), (4, 1));
    let types = served.search(&["-A", "(cn=Gateway One)", "cn"]).await.unwrap();
    assert_eq!(types.values("cn"), [b"".to_vec(), b"".to_vec()]);
    let one = served.search(&["-s", "one", "(objectClass=*)", "ou"]).await.unwrap();
    assert_eq!(one.values("ou"), [b"CA".to_vec(), b"Certificates".to_vec()]);
    let few = served.search(&["-z", "2", "-b", FOLDER, "(serialNumber=*)"]).await.unwrap();
    assert_eq!((few.code, few.entries.len()), (4, 2), "{}", few.errors);
    let missing = served.search(&["-b", "cn=nobody,o=测试认证中心,c=CN"]).await.unwrap();
    assert_eq!(missing.code, 32);
    let paged = ["-E", "pr=3/noprompt", "-b", FOLDER, "(serialNumber=*)", "serialNumber"];
    let paged = served.search(&paged).await.unwrap();
    assert_eq!((paged.code, paged.entries.len()), (0, 4), "{}", paged.errors);
    let unknown = served.search(&["-E", "!1.2.3.4.5", "(cn=示例局)"]).await.unwrap();
    assert_eq!((unknown.code, unknown.entries.len()), (12, 0), "{}", unknown.errors);
    let ignored = served.search(&["-E", "1.2.3.4.5", "(cn=示例局)"]).await.unwrap();
    assert_eq!((ignored.code, ignored.entries.len()), (0, 2), "{}", ignored.errors);
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_and_nobody_writes() {
    let served = Served::new().await;
    let url = served.url();
    let code = async |program: &str, arguments: &[&str]| {
        let mut all = vec!["-x", "-H", &url];
        all.extend(arguments);
        tool(program, &all).await.map(|output| output.status.code().unwrap())
    };
    let Some(signed_in) = code("ldapwhoami", &["-D", "cn=admin", "-w", "secret"]).await else {
        return;
    };
    assert_eq!(signed_in, 49);
    assert_eq!(code("ldapwhoami", &[]).await, Some(0));
    assert_eq!(code("ldapdelete", &[FOLDER]).await, Some(53));
    assert_eq!(code("ldapmodrdn", &[FOLDER, "ou=Other"]).await, Some(53));
    let dn = format!("serialNumber={},{FOLDER}", served.device.sign.record.serial.to_hex());
    assert_eq!(code("ldapcompare", &[&dn, "cn:gateway one"]).await, Some(6));
    assert_eq!(code("ldapcompare", &[&dn, "cn:other"]).await, Some(5));
    served.running.stop().await;
}

/// A certificate that is issued or changes is seen by itself, without anybody asking for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_issued_and_what_changes_shows_by_itself() {
    let served = Served::new().await;
    let background = Background::start(&served.world.institution);
    let key = gm::sm2::PrivateKey::generate(&mut gm::OsRandom).unwrap();
    let mut order = served.world.order("late", "device", app::Act::New, &key);
    order.subject = pki::SubjectInput {
        organization: Some("后来局".into()),
        ..pki::SubjectInput::named("后来设备")
    };
    let late = served.world.institution.enrol(order).await.unwrap();
    let begin = std::time::Instant::now();
    let mut seen = 0;
    while seen < 2 && begin.elapsed().as_secs() < 60 {
        let Some(answer) = served.search(&["(cn=后来设备)", "certificateStatus"]).await else {
            background.stop().await;
            return;
        };
        seen = answer.entries.len();
    }
    eprintln!("issued certificates were seen after {} ms", begin.elapsed().as_millis());
    assert_eq!(seen, 2);
    let serial = late.sign.record.serial;
    let actor = Actor::client("test");
    served.world.institution.change(serial, Change::Suspend, actor).await.unwrap();
    let answer = served.search(&["(cn=后来设备)"]).await.unwrap();
    assert_eq!(answer.values("certificateStatus"), [b"suspended", b"suspended"]);
    // Nobody may encrypt to it any more.
    assert_eq!(answer.values("userCertificate;binary"), [late.sign.certificate.der()]);
    background.stop().await;
    served.running.stop().await;
}
