//! Following the clock: a look each second, and a question to the outside source now and then.
//! When the time stops being sure, and when it is again, that is a journal record.

use std::sync::{Arc, Weak};

use serde_json::json;
use store::{Actor, Record};
use tracing::{error, info, warn};

use super::{Inner, TimestampAuthority};
use crate::error::Error;
use crate::timestamp::clock::Doubt;

/// Keys and certificates are looked for once in this many looks.
const REFRESH_EVERY: u32 = 2;

impl TimestampAuthority {
    /// Looks at both clocks. Runs by itself.
    pub fn look(&self) -> Option<Doubt> {
        let (policy, at) = (&self.0.config.clock, self.moment());
        let mut state = self.state();
        *state = state.clone().seen(policy, at);
        state.judge(policy, at).err()
    }

    /// Asks the outside source once. Runs by itself; callers may hurry it.
    ///
    /// # Errors
    /// Why it could not be asked, in Chinese.
    pub async fn compare(&self) -> Result<(), String> {
        let Some(source) = &self.0.ports.source else {
            return Ok(());
        };
        let result = source.compare().await;
        match result {
            Ok(comparison) => {
                let mut state = self.state();
                *state = state.clone().compared(self.moment(), comparison);
                drop(state);
                *self.complaint() = None;
                Ok(())
            }
            Err(why) => {
                warn!(source = source.name(), %why, "the source of time cannot be asked");
                *self.complaint() = Some(why.clone());
                Err(why)
            }
        }
    }

    /// Both go on until the last clone of this authority is gone.
    pub(super) fn spawn_watch(&self) {
        let (weak, pause): (Weak<Inner>, _) = (Arc::downgrade(&self.0), self.0.config.look_every);
        tokio::spawn(async move {
            let (mut looks, mut told): (u32, Option<&'static str>) = (0, None);
            while let Some(inner) = weak.upgrade() {
                let authority = Self(inner);
                authority.tell(authority.look(), &mut told).await;
                looks = looks.wrapping_add(1);
                if looks.is_multiple_of(REFRESH_EVERY)
                    && let Err(error) = authority.refresh().await
                {
                    warn!(%error, "keys of timestamps cannot be looked for");
                }
                drop(authority);
                tokio::time::sleep(pause).await;
            }
        });
        if self.0.ports.source.is_some() {
            self.spawn_comparing();
        }
    }

    fn spawn_comparing(&self) {
        let (weak, pause) = (Arc::downgrade(&self.0), self.0.config.compare_every);
        tokio::spawn(async move {
            while let Some(inner) = weak.upgrade() {
                // Already logged, and kept for whoever asks how it is.
                let _ = Self(inner).compare().await;
                tokio::time::sleep(pause).await;
            }
        });
    }

    /// Records that the time is no longer sure, or is again. Before the first comparison nothing
    /// was promised, so nothing is told.
    async fn tell(&self, doubt: Option<Doubt>, told: &mut Option<&'static str>) {
        let word = doubt.filter(|doubt| *doubt != Doubt::NotCompared).map(Doubt::word);
        if word == *told {
            return;
        }
        let (kind, body) = match doubt {
            Some(doubt) => {
                error!(%doubt, "the time is not sure; no timestamps are issued");
                let body = json!({ "why": doubt.word(), "detail": doubt.to_string() });
                ("timestamp.clock-doubted", body)
            }
            None => {
                info!("the time is sure again");
                ("timestamp.clock-trusted", json!({}))
            }
        };
        *told = word;
        if let Err(error) = self.record(kind, body).await {
            warn!(%error, "the state of the clock cannot be recorded");
        }
    }

    async fn record(&self, kind: &'static str, body: serde_json::Value) -> Result<(), Error> {
        self.0
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let about = "timestamp:clock";
                    tx.append(Record::new(kind, Actor::system(), about, body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}
