//! Challenges: a line of text that only the holder of a key can sign, once.
//!
//! A challenge is not stored when it is made, so that opening the page costs nothing: its
//! identifier carries nonce and time under a MAC of the device. It is used up when it is signed.

use crate::{Access, Error, sql};
use gm::{PublicKey, Signature, UserId, sm2};
use jiff::Timestamp;
use store::Tx;

/// A challenge is good for so long.
pub const CHALLENGE_SECONDS: i64 = 300;

/// What is to be signed to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Comes back with the signature.
    pub id: String,
    /// One line of UTF-8: purpose, origin, nonce, time. Signed as it is, with SM2 and SM3 and
    /// the default user ID 1234567812345678 (GM/T 0009 §10).
    pub text: String,
    nonce: String,
    until: i64,
}

/// That a challenge was answered with the right key. To be used up in the unit that lets in.
#[derive(Debug)]
pub(crate) struct Answered {
    nonce: String,
    until: i64,
}

impl Access {
    /// Makes a challenge for the pages at an origin (`https://ra.example.cn`): a signature made
    /// for another site is of no use here.
    pub fn begin_challenge(&self, origin: &str) -> Result<Challenge, Error> {
        let nonce = hex::encode(self.random::<16>()?);
        self.challenge(origin, &nonce, self.now().as_second())
    }

    /// The challenge that an identifier stands for, if it was made here for this origin and is
    /// not too old.
    pub fn challenge_again(&self, origin: &str, id: &str) -> Result<Challenge, Error> {
        let over = || Error::ChallengeOver;
        let (nonce, rest) = id.split_once('.').ok_or_else(over)?;
        let (time, _) = rest.split_once('.').ok_or_else(over)?;
        let time: i64 = time.parse().map_err(|_| over())?;
        let age = self.now().as_second().saturating_sub(time);
        if id.len() > 128 || !(0..=CHALLENGE_SECONDS).contains(&age) {
            return Err(over());
        }
        let again = self.challenge(origin, nonce, time)?;
        match crate::service::same(again.id.as_bytes(), id.as_bytes()) {
            true => Ok(again),
            false => Err(over()),
        }
    }

    fn challenge(&self, origin: &str, nonce: &str, time: i64) -> Result<Challenge, Error> {
        let at = Timestamp::from_second(time).map_err(|_| Error::ChallengeOver)?;
        let text = format!("印信登录 yinxin-sign-in/1 origin={origin} nonce={nonce} time={at}");
        if text.contains(char::is_control) {
            return Err(Error::ChallengeOver);
        }
        let mac = self.mac("challenge", text.as_bytes())?;
        let until = time.saturating_add(CHALLENGE_SECONDS);
        Ok(Challenge { id: format!("{nonce}.{time}.{mac}"), text, nonce: nonce.into(), until })
    }

    /// Checks the signature over a challenge.
    pub(crate) fn answered(
        &self,
        challenge: &Challenge,
        key: &PublicKey,
        signature: &Signature,
    ) -> Result<Answered, Error> {
        sm2::verify(key, &UserId::default(), challenge.text.as_bytes(), signature)
            .map_err(|_| Error::SignIn)?;
        Ok(Answered { nonce: challenge.nonce.clone(), until: challenge.until })
    }
}

impl Answered {
    /// Refused the second time.
    pub(crate) async fn use_up(self, tx: &mut Tx) -> Result<(), Error> {
        let now = tx.now();
        match sql::use_challenge(tx.conn(), &self.nonce, self.until, now).await? {
            true => Ok(()),
            false => Err(Error::ChallengeOver),
        }
    }
}
