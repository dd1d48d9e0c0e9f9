//! Pure decisions about time, sessions and clients.

use crate::{Client, Error, Role, Session};
use jiff::Timestamp;

/// How far the signing time may be from ours, either way.
pub const WINDOW_SECONDS: i64 = 300;
/// A session that was not used for so long is over.
pub const IDLE_SECONDS: i64 = 15 * 60;
/// No session is longer, however much it is used.
pub const ABSOLUTE_SECONDS: i64 = 8 * 60 * 60;
/// The use of a session is written down this often, not at every request.
pub const TOUCH_SECONDS: i64 = 60;

/// Whether a signature is of now: signed within the window, and not past the time that
/// the signer gave it (RFC 9421 §2.3). Returns until when its nonce must be remembered.
pub fn timely(created: i64, expires: i64, now: Timestamp) -> Result<i64, Error> {
    let off_seconds = now.as_second().saturating_sub(created);
    if off_seconds.abs() > WINDOW_SECONDS {
        return Err(Error::Clock { off_seconds, allowed_seconds: WINDOW_SECONDS });
    }
    if now.as_second() > expires {
        return Err(Error::Expired);
    }
    Ok(created.saturating_add(WINDOW_SECONDS).min(expires))
}

/// Whether a client is let in.
pub fn admitted(client: &Client) -> Result<(), Error> {
    match client.disabled_at {
        None => Ok(()),
        Some(_) => Err(Error::Disabled(client.name.to_string())),
    }
}

/// Whether a session is still open, idle time and whole time considered.
pub fn is_open(session: &Session, now: Timestamp) -> Result<(), Error> {
    let since = |instant: Timestamp| now.as_second().saturating_sub(instant.as_second());
    let over = since(session.last_used_at) >= IDLE_SECONDS
        || since(session.created_at) >= ABSOLUTE_SECONDS;
    if over { Err(Error::SessionExpired) } else { Ok(()) }
}

/// Whether the use of a session should be written down now.
pub fn is_touch_due(session: &Session, now: Timestamp) -> bool {
    now.as_second().saturating_sub(session.last_used_at.as_second()) >= TOUCH_SECONDS
}

/// Whether taking `client` away, or its role of admin, would leave nobody to manage clients.
pub fn keeps_an_admin(clients: &[Client], client: &Client) -> Result<(), Error> {
    let is_admin =
        |other: &&Client| other.disabled_at.is_none() && other.roles.contains(Role::Admin);
    let others = clients.iter().filter(is_admin).filter(|other| other.id != client.id).count();
    if others == 0 && is_admin(&client) { Err(Error::LastAdmin) } else { Ok(()) }
}
