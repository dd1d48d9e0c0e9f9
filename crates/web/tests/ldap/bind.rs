//! Applications that sign in by name and secret.

use std::process::Output;

use app::Settings;

use super::client::{BASE, Served, message, tlv, tool};
use crate::door::signed;

const NAME: &str = "cn=测试";

/// Signing in is on, here without TLS too; anybody else gets one entry.
fn open(settings: &mut Settings) {
    settings.directory.clients.enabled = true;
    settings.directory.clients.clear_on_loopback = true;
    settings.directory.max_entries = 1;
    settings.directory.searchable.retain(|one| one != "c");
}

async fn secret(served: &Served) -> String {
    let id = &served.world.client.id;
    let target = format!("/api/v1/clients/{id}/directory-secret");
    let drawn = signed(&served.world, "POST", &target, b"").await;
    assert_eq!(drawn.status.as_u16(), 201);
    assert_eq!(drawn.field("cache-control"), "no-store");
    drawn.json()["secret"].as_str().unwrap().to_owned()
}

async fn run(served: &Served, program: &str, arguments: &[&str]) -> Option<Output> {
    let url = served.url();
    let all = [&["-x", "-H", &url], arguments].concat();
    tool(program, &all).await
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_signs_in_and_gets_limits_of_its_own() {
    let served = Served::with(open).await;
    let secret = secret(&served).await;
    let whole = format!("{NAME},{BASE}");
    for name in [NAME, &whole] {
        let Some(who) = run(&served, "ldapwhoami", &["-D", name, "-w", &secret]).await else {
            return;
        };
        assert_eq!(String::from_utf8_lossy(&who.stdout).trim(), "u:测试");
    }
    let search = ["-LLL", "-b", BASE, "(cn=示例局)", "cn"];
    let nobody = run(&served, "ldapsearch", &search).await.unwrap();
    assert_eq!(nobody.status.code(), Some(4), "one entry for anybody");
    let known = [&["-D", NAME, "-w", &secret], &search[..]].concat();
    let known = run(&served, "ldapsearch", &known).await.unwrap();
    assert_eq!(known.status.code(), Some(0), "{}", said(&known));
    assert_eq!(said(&known).matches("dn:").count(), 2);
    // Further attributes in filters, by policy; persons stay where they are.
    let by_country = ["-LLL", "-b", BASE, "(&(c=CN)(serialNumber=*))", "1.1"];
    let nobody = run(&served, "ldapsearch", &by_country).await.unwrap();
    assert_eq!(said(&nobody).matches("dn:").count(), 0);
    let known = [&["-D", NAME, "-w", &secret], &by_country[..]].concat();
    let known = run(&served, "ldapsearch", &known).await.unwrap();
    assert_eq!(said(&known).matches("dn:").count(), 4, "{}", said(&known));
    // The journal tells of it, once an hour.
    let id = served.world.client.id.to_string();
    let records = served.world.records("client.directory-bound", &format!("client:{id}")).await;
    assert_eq!(records.len(), 1);
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_a_name_from_another_and_failures_make_wait() {
    let served = Served::with(open).await;
    let secret = secret(&served).await;
    let Some(_) = run(&served, "ldapwhoami", &[]).await else { return };
    let mut answers = Vec::new();
    for (name, word) in [(NAME, "wrong"), ("cn=nobody", &*secret), ("uid=x,c=CN", "x"), ("x", "y")]
    {
        let done = run(&served, "ldapwhoami", &["-D", name, "-w", word]).await.unwrap();
        answers.push((done.status.code(), said(&done)));
    }
    assert_eq!(answers[0].0, Some(49), "{answers:?}");
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    // A fifth failure of one name from one address makes it wait, and the right secret too.
    let mut last = Some(49);
    for _ in 0..5 {
        last =
            run(&served, "ldapwhoami", &["-D", NAME, "-w", "wrong"]).await.unwrap().status.code();
    }
    assert_eq!(last, Some(51));
    let right = run(&served, "ldapwhoami", &["-D", NAME, "-w", &secret]).await.unwrap();
    assert_eq!(right.status.code(), Some(51), "{}", said(&right));
    served.world.pass(901);
    let right = run(&served, "ldapwhoami", &["-D", NAME, "-w", &secret]).await.unwrap();
    assert_eq!(right.status.code(), Some(0), "{}", said(&right));
    // Searching anonymously goes on all the while.
    let search = run(&served, "ldapsearch", &["-b", BASE, "-s", "base"]).await.unwrap();
    assert_eq!(search.status.code(), Some(0));
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_in_the_clear_nowhere_and_counts_only_while_it_is_there() {
    let served = Served::with(|settings| settings.directory.clients.enabled = true).await;
    let first = secret(&served).await;
    let Some(clear) = run(&served, "ldapwhoami", &["-D", NAME, "-w", &first]).await else { return };
    assert_eq!(clear.status.code(), Some(13), "{}", said(&clear));
    let world = served.world.restarted(open).await.unwrap();
    served.running.stop().await;
    let running = web::ldap::serve(&world.institution).await.unwrap().unwrap();
    let served = Served { world, running, ..served };
    let bind = async |secret: &str| {
        run(&served, "ldapwhoami", &["-D", NAME, "-w", secret]).await.unwrap().status.code()
    };
    assert_eq!(bind(&first).await, Some(0));
    let second = secret(&served).await;
    assert_eq!((bind(&first).await, bind(&second).await), (Some(49), Some(0)));
    let target = format!("/api/v1/clients/{}/directory-secret", served.world.client.id);
    assert_eq!(signed(&served.world, "DELETE", &target, b"").await.status.as_u16(), 204);
    assert_eq!(bind(&second).await, Some(49));
    served.running.stop().await;
}

/// After a failed attempt a connection is nobody's, whoever it was before.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_bind_ends_the_one_before() {
    let served = Served::with(open).await;
    let secret = secret(&served).await;
    let bind = |secret: &str| {
        let parts = [tlv(2, &[3]), tlv(4, NAME.as_bytes()), tlv(0x80, secret.as_bytes())];
        message(&tlv(0x60, &parts.concat()))
    };
    let who = message(&tlv(0x77, &tlv(0x80, b"1.3.6.1.4.1.4203.1.11.3")));
    let mut raw = served.connect();
    let octets = [bind(&secret), who.clone(), bind("wrong"), who].concat();
    raw.send(&octets);
    let answers = tokio::task::spawn_blocking(move || {
        (0..4).map(|_| raw.read().unwrap()).collect::<Vec<_>>()
    });
    let answers = answers.await.unwrap();
    let has = |answer: &[u8]| answer.windows(6).any(|part| part == "测试".as_bytes());
    assert!(has(&answers[1]) && !has(&answers[3]));
    served.running.stop().await;
}
