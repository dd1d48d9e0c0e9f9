//! The timestamp service within an institution: opened as the settings say, its key and
//! certificate kept in good time (RFC 3161, GM/T 0033).
//!
//! | file | holds |
//! | --- | --- |
//! | `settings` | `[timestamp]` of `yinxin.toml` |
//! | `check` | what the doctor says |
//! | `key` | keys and certificates of the authority, renewed with overlap |
//! | `servers`, `chrony` | outside sources of time |

mod check;
mod chrony;
mod key;
mod servers;
mod settings;

use std::sync::Arc;

use status::timestamp::{Ports, SystemSteady, TimeSource, TimestampAuthority};
use store::{Clock, Store};

pub(crate) use key::SERVICE;
pub use settings::{SourceKind, TimestampSettings};

use crate::error::Error;
use crate::institution::Parts;

/// The service, where it is switched on.
pub(crate) async fn open(
    parts: &Parts,
    store: &Store,
) -> Result<Option<TimestampAuthority>, Error> {
    let settings = &parts.settings.timestamp;
    if !settings.enabled {
        return Ok(None);
    }
    let config = settings.config()?;
    let ports = Ports {
        device: parts.device.clone(),
        steady: Arc::new(SystemSteady::default()),
        source: source(settings, &parts.clock),
    };
    Ok(Some(TimestampAuthority::open(store.clone(), ports, config).await?))
}

fn source(settings: &TimestampSettings, clock: &Arc<dyn Clock>) -> Option<Arc<dyn TimeSource>> {
    match settings.source {
        SourceKind::None => None,
        SourceKind::Ntp => {
            let servers = servers::Servers::new(settings.servers.clone(), clock.clone());
            Some(Arc::new(servers))
        }
        SourceKind::Chrony => Some(Arc::new(chrony::Chrony::new(settings.chronyc.clone()))),
    }
}
