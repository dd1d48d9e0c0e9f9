//! Applications that sign in to the directory, many at once: the right secret never locks anybody out,
//! and guesses at once tell no more than guesses one by one.

#![allow(clippy::unwrap_used)]

use crate::world;

use access::{Client, Error};
use jiff::SignedDuration;
use tokio::task::JoinSet;
use world::{World, source};
use zeroize::Zeroizing;

const NAME: &str = "业务端";

async fn with_secret() -> (World, Zeroizing<String>) {
    let world = World::new().await;
    let admin = world.admin().await;
    let asker = world.asker(&admin, NAME, "reader").await;
    let permit = world.manage(&admin).await;
    let secret = world.access.draw_directory_secret(&permit, asker.client.id).await.unwrap();
    (world, secret)
}

/// So many at once, each with its secret.
async fn at_once(world: &World, secrets: Vec<String>) -> Vec<Result<Client, Error>> {
    let mut all = JoinSet::new();
    for secret in secrets {
        let access = world.access.clone();
        all.spawn(async move { access.bind_directory(NAME, secret.as_bytes(), source()).await });
    }
    all.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_with_the_right_secret_are_all_let_in() {
    let (world, secret) = with_secret().await;
    for _ in 0..2 {
        let all = at_once(&world, vec![secret.to_string(); 50]).await;
        let refused: Vec<_> = all.iter().filter_map(|one| one.as_ref().err()).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
    let kinds = world.kinds().await;
    assert!(!kinds.iter().any(|kind| kind == "person.locked"), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_guesses_at_once_tell_as_much_as_five_one_by_one() {
    let (world, secret) = with_secret().await;
    let all = at_once(&world, (0..50).map(|at| format!("guess {at}")).collect()).await;
    let told = all.iter().filter(|one| matches!(one, Err(Error::SignIn))).count();
    let locked = all.iter().filter(|one| matches!(one, Err(Error::Locked { .. }))).count();
    assert_eq!((told, locked), (5, 45));
    assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "person.locked").count(), 1);
    let right = world.access.bind_directory(NAME, secret.as_bytes(), source()).await;
    assert!(matches!(right, Err(Error::Locked { .. })), "it waits as everybody does");
    world.clock.advance(SignedDuration::from_secs(901));
    assert!(world.access.bind_directory(NAME, secret.as_bytes(), source()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_secret_makes_up_for_slips_and_a_lock_counts_wrong_ones_alone() {
    let (world, secret) = with_secret().await;
    for _ in 0..3 {
        let four = at_once(&world, vec!["wrong".to_owned(); 4]).await;
        assert!(four.iter().all(|one| matches!(one, Err(Error::SignIn))), "{four:?}");
        let right = at_once(&world, vec![secret.to_string(); 10]).await;
        assert!(right.iter().all(Result::is_ok), "{right:?}");
    }
}
