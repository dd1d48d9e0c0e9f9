//! The counter of the demonstration: its people sign in by key and sign what they do, as they would
//! in a browser with the signing assistant.

use std::path::PathBuf;

use access::{Access, ActKind, Arrival, KeyProof, Principal, Source};
use app::{Institution, Layout};
use gm::UserId;
use gm::sm2::PrivateKey;
use serde::Serialize;

use super::world::key;

/// The institution, with the keys of its people at hand.
pub struct Desk<'i> {
    /// The institution.
    pub institution: &'i Institution,
    layout: &'i Layout,
    origin: String,
}

/// Where the key file of a person is.
pub fn key_file(layout: &Layout, login: &str) -> PathBuf {
    layout.demo_secrets().join("staff").join(format!("{login}.key.pem"))
}

/// Where everybody of the demonstration comes from.
pub fn arrival() -> Arrival<'static> {
    Arrival { source: Source::new([127, 0, 0, 1].into()), previous: None }
}

impl<'i> Desk<'i> {
    /// Over an institution that is open in this process.
    pub fn new(institution: &'i Institution, layout: &'i Layout) -> Self {
        let origin = institution.settings().server.public_url.trim_end_matches('/').to_owned();
        Self { institution, layout, origin }
    }

    /// People and sessions.
    pub fn access(&self) -> &'i Access {
        self.institution.access()
    }

    /// Signs in by the key of a person.
    pub async fn sign_in(&self, login: &str) -> anyhow::Result<(Principal, PrivateKey)> {
        let (access, key) = (self.access(), key(&key_file(self.layout, login))?);
        let challenge = access.begin_challenge(&self.origin)?;
        let proof = KeyProof {
            origin: &self.origin,
            challenge: &challenge.id,
            fingerprint: &key.public_key().fingerprint(),
            signature: &key.sign(&UserId::default(), challenge.text.as_bytes()),
        };
        let signed_in = access.sign_in_by_key(proof, arrival()).await?;
        Ok((access.authenticate_cookie(signed_in.token.as_str()).await?, key))
    }

    /// Prepares an act, signs it and has it carried out.
    pub async fn act(
        &self,
        login: &str,
        (kind, object): (ActKind, &str),
        payload: &impl Serialize,
    ) -> anyhow::Result<()> {
        let (principal, key) = self.sign_in(login).await?;
        let payload = serde_json::to_value(payload)?;
        let pending = self.access().prepare_act(&principal, kind, object, &payload).await?;
        let signature = key.sign(&UserId::default(), pending.statement.as_bytes()).to_der();
        self.institution.complete_act(&principal, (&pending.id, &signature)).await?;
        Ok(())
    }
}
