//! The public key that checkpoints of the journal are signed with: whoever holds an export judges it with
//! this key, and needs neither our program running nor our word (GM/T 0009; docs/operations.md).

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::api::App;
use crate::pages::answer::Answer;
use crate::pages::words;

/// The key as pages show it.
pub struct JournalKey {
    /// The name that stands in checkpoints.
    pub name: String,
    /// The short identifier before each signature (C2SP signed-note).
    pub id: String,
    /// SM3 over the public key, 04 ‖ x ‖ y.
    pub fingerprint: String,
}

impl JournalKey {
    /// Of this institution.
    pub fn of(app: &App) -> Self {
        let (key, note) = app.store().checkpoint_key();
        Self {
            name: note.name().to_owned(),
            id: words::groups(&hex::encode(note.id())),
            fingerprint: words::groups(&key.fingerprint()),
        }
    }
}

/// `GET /journal/key.pem`: the key as SubjectPublicKeyInfo.
pub async fn download(State(app): State<App>) -> Answer {
    let (key, _) = app.store().checkpoint_key();
    let pem = pki::pem::encode("PUBLIC KEY", pki::Spki::of(&key).der());
    let pem = pem.map_err(app::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal-key.pem\""),
    ];
    Ok((headers, pem).into_response())
}
