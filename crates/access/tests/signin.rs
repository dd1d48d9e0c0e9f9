//! Signing in: by certificate, by passphrase and one-time code, and how failures are limited.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::world;

use access::{
    ActKind, Arrival, Error, KeyProof, NewPassphrase, NewSecret, PassphraseProof, Person, SignedIn,
    Source, Via, Way,
};
use jiff::SignedDuration;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use store::{Clock, FixedClock};
use world::{
    ORIGIN, Staff, World, arrival, code_of, new_key, new_person, secret_of, signature, source,
};
use zeroize::Zeroizing;

const PASSPHRASE: &str = "春眠不觉晓，处处闻啼鸟。";

fn code(outcome: Result<impl Sized, Error>) -> &'static str {
    outcome.err().unwrap().code()
}

fn from(address: &str) -> Arrival<'static> {
    Arrival { source: Source::new(address.parse().unwrap()), previous: None }
}

/// Somebody with a passphrase, and the secret on that person's device.
struct Typist {
    chief: Staff,
    person: Person,
    secret: Vec<u8>,
}

impl Typist {
    async fn new(world: &World) -> Self {
        let (chief, _) = world.first_people().await;
        let new = new_person("lead", "business_admin", None);
        let created = world.create(&chief, &new).await.unwrap();
        let invitation = created.invitation.unwrap();
        let secret = enrol(world, "lead", &invitation.code, PASSPHRASE).await.unwrap();
        world.clock.advance(SignedDuration::from_secs(30));
        Self { chief, person: created.person, secret }
    }

    fn code(&self, world: &World) -> String {
        code_of(world, &self.secret)
    }

    async fn try_as(
        &self,
        world: &World,
        (login, passphrase, code): (&str, &str, &str),
        arrival: Arrival<'_>,
    ) -> Result<SignedIn, Error> {
        let passphrase = &Zeroizing::new(passphrase.to_owned());
        let proof = PassphraseProof { login, passphrase, code };
        world.access.sign_in_by_passphrase(proof, arrival).await
    }

    async fn right(&self, world: &World, arrival: Arrival<'_>) -> Result<SignedIn, Error> {
        self.try_as(world, ("lead", PASSPHRASE, &self.code(world)), arrival).await
    }

    async fn wrong(&self, world: &World, arrival: Arrival<'_>) -> Result<SignedIn, Error> {
        self.try_as(world, ("lead", "床前明月光，疑是地上霜", "000000"), arrival).await
    }
}

/// Takes an invitation up; the secret of the one-time codes, as the person's device has it.
async fn enrol(world: &World, login: &str, code: &str, passphrase: &str) -> Result<Vec<u8>, Error> {
    let passphrase = &Zeroizing::new(passphrase.to_owned());
    let name = world.access.begin_enrolment().unwrap();
    let secret = secret_of(world, login, &name);
    let first_code = &code_of(world, &secret);
    let secret_set = NewSecret { passphrase, enrolment: &name, first_code };
    let new = NewPassphrase { login, code, secret: secret_set };
    world.access.enrol_passphrase(new, source()).await?;
    Ok(secret)
}

#[tokio::test]
async fn a_signed_challenge_opens_a_session() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let signed_in = world.sign_in(&chief.key, arrival()).await.unwrap();
    assert_eq!(signed_in.person.as_ref(), Some(&chief.person));
    let held = world.access.authenticate_cookie(signed_in.token.as_str()).await.unwrap();
    assert_eq!(held.person(), Some(&chief.person));
    assert!(
        matches!(held.via(), Via::Cookie(session, Way::Key) if session.id == signed_in.session)
    );
    let record = world.records("session.opened").await.pop().unwrap();
    assert_eq!(record.actor, format!("person:{}", chief.person.id));
    assert_eq!(record.body["way"], "key");
    assert_eq!(record.body["source"], "203.0.113.0/24", "never the whole address");
    assert!(!record.leaf.contains("203.0.113.77"));
}

/// A clock that does something once, when it is looked at for the so manieth time.
struct Turning {
    inner: Arc<FixedClock>,
    looks: AtomicUsize,
    when: usize,
    act: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Clock for Turning {
    fn now(&self) -> jiff::Timestamp {
        if self.looks.fetch_add(1, Ordering::SeqCst) == self.when
            && let Some(act) = self.act.lock().unwrap().take()
        {
            act();
        }
        self.inner.now()
    }
}

/// The world with somebody whose key ends when the clock is looked at for the so manieth time; whether it did
/// before the end of signing in, and what came of that.
async fn ended_at_look(when: usize) -> (bool, Result<SignedIn, Error>) {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let challenge = world.access.begin_challenge(ORIGIN).unwrap();
    let fingerprint = chief.key.public_key().fingerprint();
    let (store, ended) = (world.store.clone(), Arc::new(AtomicBool::new(false)));
    let (handle, of, noted) =
        (tokio::runtime::Handle::current(), fingerprint.clone(), ended.clone());
    let end = move || {
        // On a thread of its own: this one belongs to whoever signs in.
        let thread = std::thread::spawn(move || {
            let done = store.commit(move |tx| {
                Box::pin(async move {
                    let text = "UPDATE access_person_key SET ended_at = 1 WHERE fingerprint = $1";
                    sqlx::query::<sqlx::Any>(text).bind(of).execute(tx.conn()).await.unwrap();
                    Ok::<_, Error>(())
                })
            });
            handle.block_on(done).unwrap();
        });
        thread.join().unwrap();
        noted.store(true, Ordering::SeqCst);
    };
    let inner = world.clock.clone();
    let (looks, act) = (AtomicUsize::new(0), Mutex::new(Some(Box::new(end) as Box<_>)));
    let gate = world.by_clock(Arc::new(Turning { inner, looks, when, act }));
    let proof = KeyProof {
        origin: ORIGIN,
        challenge: &challenge.id,
        fingerprint: &fingerprint,
        signature: &signature(&chief.key, &challenge.text),
    };
    let outcome = gate.sign_in_by_key(proof, arrival()).await;
    (ended.load(Ordering::SeqCst), outcome)
}

/// What was read before the unit that opens the session was only true then.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_ends_at_any_moment_of_signing_in_opens_no_session() {
    let mut ended = 0;
    for when in 0..12 {
        match ended_at_look(when).await {
            (true, outcome) => {
                assert_eq!(code(outcome), "access.sign-in", "at look {when}");
                ended += 1;
            }
            (false, outcome) => assert!(outcome.is_ok(), "nothing happened"),
        }
    }
    assert!(ended >= 3, "{ended}: before the key is read, and after");
}

#[tokio::test]
async fn a_challenge_is_one_line_that_names_the_site_and_differs_each_time() {
    let world = World::new().await;
    let [one, two] = [(); 2].map(|()| world.access.begin_challenge(ORIGIN).unwrap());
    assert!(one.text.contains(ORIGIN) && one.text.contains("2026-11-23T09:00:00Z"));
    assert!(!one.text.contains('\n'));
    assert_ne!(one.text, two.text);
    assert!(world.access.begin_challenge("https://a\nb").is_err());
}

async fn sign_in_with(
    world: &World,
    key: &gm::sm2::PrivateKey,
    (id, text): (&str, &str),
    origin: &str,
) -> Result<SignedIn, Error> {
    let proof = KeyProof {
        origin,
        challenge: id,
        fingerprint: &key.public_key().fingerprint(),
        signature: &signature(key, text),
    };
    world.access.sign_in_by_key(proof, arrival()).await
}

#[tokio::test]
async fn a_challenge_is_answered_once_on_any_node() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let made = world.access.begin_challenge(ORIGIN).unwrap();
    let pair = (made.id.as_str(), made.text.as_str());
    assert!(sign_in_with(&world, &chief.key, pair, ORIGIN).await.is_ok());
    assert_eq!(code(sign_in_with(&world, &chief.key, pair, ORIGIN).await), "access.challenge-over");
    let proof = KeyProof {
        origin: ORIGIN,
        challenge: &made.id,
        fingerprint: &chief.key.public_key().fingerprint(),
        signature: &signature(&chief.key, &made.text),
    };
    let elsewhere = world.other_node().sign_in_by_key(proof, arrival()).await;
    assert_eq!(code(elsewhere), "access.challenge-over");
}

#[tokio::test]
async fn a_challenge_of_another_site_or_time_or_hand_is_refused() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let made = world.access.begin_challenge("https://evil.example").unwrap();
    let pair = (made.id.as_str(), made.text.as_str());
    let refused = sign_in_with(&world, &chief.key, pair, ORIGIN).await;
    assert_eq!(code(refused), "access.challenge-over");

    let made = world.access.begin_challenge(ORIGIN).unwrap();
    for id in ["", ".", "a.b.c", &made.id[1..], &format!("{}0", made.id), &made.id.replace('.', "")]
    {
        let refused = sign_in_with(&world, &chief.key, (id, &made.text), ORIGIN).await;
        assert_eq!(code(refused), "access.challenge-over", "{id}");
    }
    world.clock.advance(SignedDuration::from_secs(301));
    let pair = (made.id.as_str(), made.text.as_str());
    let late = sign_in_with(&world, &chief.key, pair, ORIGIN).await;
    assert_eq!(code(late), "access.challenge-over");
}

#[tokio::test]
async fn another_key_or_another_text_signs_nobody_in() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let made = world.access.begin_challenge(ORIGIN).unwrap();
    let stranger = world.sign_in(&new_key(), arrival()).await;
    assert_eq!(code(stranger), "access.sign-in");
    let pair = (made.id.as_str(), "another text");
    assert_eq!(code(sign_in_with(&world, &chief.key, pair, ORIGIN).await), "access.sign-in");
    let proof = KeyProof {
        origin: ORIGIN,
        challenge: &made.id,
        fingerprint: &watch.key.public_key().fingerprint(),
        signature: &signature(&chief.key, &made.text),
    };
    assert_eq!(code(world.access.sign_in_by_key(proof, arrival()).await), "access.sign-in");
}

#[tokio::test]
async fn passphrase_and_code_open_a_session_and_nothing_secret_is_stored() {
    let world = World::new().await;
    let typist = Typist::new(&world).await;
    let signed_in = typist.right(&world, arrival()).await.unwrap();
    assert_eq!(signed_in.person.as_ref(), Some(&typist.person));
    let held = world.access.authenticate_cookie(signed_in.token.as_str()).await.unwrap();
    assert!(matches!(held.via(), Via::Cookie(_, Way::Passphrase)));
    world.store.checkpoint().await.unwrap();
    assert!(!world.files_hold(PASSPHRASE.as_bytes()));
    assert!(!world.files_hold(&typist.secret));
    assert!(!world.files_hold(signed_in.token.as_str().trim_start_matches("yxc_").as_bytes()));
    assert!(world.files_hold(signed_in.session.as_bytes()), "the search finds what is there");
}

#[tokio::test]
async fn a_code_is_used_once() {
    let world = World::new().await;
    let typist = Typist::new(&world).await;
    let used = typist.code(&world);
    assert!(typist.right(&world, arrival()).await.is_ok());
    let again = typist.try_as(&world, ("lead", PASSPHRASE, &used), arrival()).await;
    assert_eq!(code(again), "access.sign-in");
    world.clock.advance(SignedDuration::from_secs(30));
    assert!(typist.right(&world, arrival()).await.is_ok());
    let older = typist.try_as(&world, ("lead", PASSPHRASE, &used), arrival()).await;
    assert_eq!(code(older), "access.sign-in", "an earlier step is not taken after a later one");
}

#[tokio::test]
async fn passphrase_code_and_login_are_all_needed_and_the_answer_does_not_say_which_failed() {
    let world = World::new().await;
    let typist = Typist::new(&world).await;
    let good = typist.code(&world);
    let cases = [
        ("lead", PASSPHRASE, "000000"),
        ("lead", "床前明月光，疑是地上霜", good.as_str()),
        ("nobody", PASSPHRASE, good.as_str()),
        ("", "", ""),
    ];
    for (at, case) in cases.into_iter().enumerate() {
        let refused = typist.try_as(&world, case, from(&format!("198.51.100.{at}"))).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::SignIn), "{case:?}: {refused}");
    }
}

#[tokio::test]
async fn five_failures_lock_login_and_source_for_a_quarter_of_an_hour_on_every_node() {
    let world = World::new().await;
    let typist = Typist::new(&world).await;
    for _ in 0..5 {
        assert_eq!(code(typist.wrong(&world, arrival()).await), "access.sign-in");
    }
    let locked = typist.right(&world, arrival()).await.unwrap_err();
    assert!(matches!(locked, Error::Locked { wait_seconds: 900 }), "{locked}");
    let passphrase = &Zeroizing::new(PASSPHRASE.to_owned());
    let code_now = typist.code(&world);
    let proof = PassphraseProof { login: "lead", passphrase, code: &code_now };
    let elsewhere = world.other_node().sign_in_by_passphrase(proof, arrival()).await;
    assert_eq!(code(elsewhere), "access.locked");

    let records = world.records("person.locked").await;
    assert_eq!(records.len(), 1, "one record for the burst");
    assert_eq!(records[0].subject, format!("person:{}", typist.person.id));
    assert_eq!(records[0].body["source"], "203.0.113.0/24");

    assert!(typist.right(&world, from("198.51.100.9")).await.is_ok(), "others go on");
    world.clock.advance(SignedDuration::from_mins(15));
    assert!(typist.right(&world, arrival()).await.is_ok());
}

#[tokio::test]
async fn an_unknown_login_is_locked_like_a_known_one_and_is_not_written_down() {
    let world = World::new().await;
    let typist = Typist::new(&world).await;
    for _ in 0..5 {
        let refused = typist.try_as(&world, ("hunter2-typed-here", "x", "1"), arrival()).await;
        assert_eq!(code(refused), "access.sign-in");
    }
    let locked = typist.try_as(&world, ("hunter2-typed-here", "x", "1"), arrival()).await;
    assert_eq!(code(locked), "access.locked");
    assert_eq!(world.records("person.locked").await[0].subject, "person:unknown");
    assert!(!world.files_hold(b"hunter2-typed-here"));
}

#[tokio::test]
async fn many_sources_make_a_login_wait_but_not_where_its_owner_is_known() {
    let world = World::new().await;
    let typist = Typist::new(&world).await;
    assert!(typist.right(&world, arrival()).await.is_ok());
    world.clock.advance(SignedDuration::from_secs(30));
    for at in 0..12 {
        let refused = typist.wrong(&world, from(&format!("198.51.{at}.1"))).await;
        assert_eq!(code(refused), "access.sign-in", "{at}");
        world.clock.advance(SignedDuration::from_secs(3));
    }
    let strange = typist.right(&world, from("192.0.2.1")).await;
    assert_eq!(code(strange), "access.locked");
    assert!(typist.right(&world, arrival()).await.is_ok(), "the owner's own place");
    world.clock.advance(SignedDuration::from_secs(60));
    assert!(typist.right(&world, from("192.0.2.1")).await.is_ok(), "a minute at most");
}

#[tokio::test]
async fn a_certificate_is_never_asked_for_failures_of_a_passphrase() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let passphrase = &Zeroizing::new("wrong".to_owned());
    for at in 0..20 {
        let proof = PassphraseProof { login: "chief", passphrase, code: "000000" };
        let from = from(&format!("198.51.{at}.1"));
        let _ = world.access.sign_in_by_passphrase(proof, from).await;
    }
    assert!(world.sign_in(&chief.key, arrival()).await.is_ok());
}

#[tokio::test]
async fn a_source_that_tries_many_logins_is_locked() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    for _ in 0..30 {
        assert_eq!(code(world.sign_in(&new_key(), arrival()).await), "access.sign-in");
    }
    assert_eq!(code(world.sign_in(&chief.key, arrival()).await), "access.locked");
    assert!(world.sign_in(&chief.key, from("198.51.100.9")).await.is_ok());
}

#[tokio::test]
async fn an_invitation_is_good_once_for_three_days_and_only_for_its_person() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let invite = async |login: &str| {
        let created = world.create(&chief, &new_person(login, "compliance", None)).await.unwrap();
        created.invitation.unwrap().code
    };
    let (one, two) = (invite("one").await, invite("two").await);
    assert_eq!(code(enrol(&world, "one", &two, PASSPHRASE).await), "access.invitation-over");
    assert_eq!(code(enrol(&world, "one", "", PASSPHRASE).await), "access.invitation-over");
    assert_eq!(code(enrol(&world, "nobody", &one, PASSPHRASE).await), "access.invitation-over");
    let typed = one.to_lowercase().replace('-', " ");
    assert!(enrol(&world, "one", &typed, PASSPHRASE).await.is_ok());
    assert_eq!(code(enrol(&world, "one", &one, PASSPHRASE).await), "access.invitation-over");
    world.clock.advance(SignedDuration::from_hours(72));
    assert_eq!(code(enrol(&world, "two", &two, PASSPHRASE).await), "access.invitation-over");
}

#[tokio::test]
async fn a_new_invitation_ends_the_old_passphrase_and_the_sessions() {
    let world = World::new().await;
    let typist = Typist::new(&world).await;
    let token = typist.right(&world, arrival()).await.unwrap().token;
    let id = typist.person.id.clone();
    let (permit, signed) =
        world.signed(&typist.chief, ActKind::InvitePerson, &id.object(), &json!({})).await.unwrap();
    let again = world.access.invite_person(&permit, signed, id).await.unwrap();
    assert_eq!(code(world.access.authenticate_cookie(token.as_str()).await), "access.session-over");
    world.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(code(typist.right(&world, arrival()).await), "access.sign-in");
    let invitation = again.invitation.unwrap();
    assert!(enrol(&world, "lead", &invitation.code, PASSPHRASE).await.is_ok());
}

#[tokio::test]
async fn weak_passphrases_are_refused() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let created = world.create(&chief, &new_person("officer", "compliance", None)).await.unwrap();
    let invitation = created.invitation.unwrap();
    for weak in [
        "short pass",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "Password-1234",
        "1qaz 2wsx 3edc",
        "the officer is in",
        &"长".repeat(129),
    ] {
        let refused = enrol(&world, "officer", &invitation.code, weak).await;
        assert_eq!(code(refused), "access.weak-passphrase", "{weak}");
    }
    assert!(enrol(&world, "officer", &invitation.code, PASSPHRASE).await.is_ok());
}
