//! What an order for another round is about, for whoever signs it: which messages, and to whom, as far
//! as it takes to recognise them (PIPL Art. 6; GM/T 0034 §6).

use access::{Action, Permit};

use super::{Channel, Content, MOST_CHOSEN, sql};
use crate::error::Error;
use crate::institution::Institution;

/// A message by what it is for and to whom it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTold {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub kind: String,
    /// How it goes.
    pub channel: Channel,
    /// What it is about.
    pub subject: String,
    /// Telephone number or mail address, masked; nothing where it went out and was erased.
    pub to: Option<String>,
}

impl Institution {
    /// The messages that an order names; a name that means none is left out.
    pub async fn messages_told(
        &self,
        permit: &Permit,
        chosen: &[String],
    ) -> Result<Vec<MessageTold>, Error> {
        permit.covers(Action::RequeueMessages)?;
        let mut told = Vec::new();
        for id in chosen.iter().take(MOST_CHOSEN) {
            let row = sql::by_id(&mut *self.store().read().await?, id).await?;
            let Some(row) = row else { continue };
            told.push(MessageTold {
                to: self.recipient(&row.blob).await.map(|to| masked(&to)),
                id: row.id,
                kind: row.kind,
                channel: row.channel,
                subject: row.subject,
            });
        }
        Ok(told)
    }

    async fn recipient(&self, blob: &str) -> Option<String> {
        let sealed = self.store().open_blob(blob).await.ok()?;
        let content: Content = serde_json::from_slice(&sealed).ok()?;
        Some(content.to)
    }
}

/// `130****0000`, `z***@example.cn`: enough to recognise, not enough to use.
fn masked(to: &str) -> String {
    let stars = |count: usize| "*".repeat(count.max(1));
    if let Some((local, domain)) = to.split_once('@') {
        let first: String = local.chars().take(1).collect();
        return format!("{first}{}@{domain}", stars(local.chars().count().saturating_sub(1)));
    }
    let letters: Vec<char> = to.chars().collect();
    let (head, tail) = if letters.len() > 7 { (3, 4) } else { (1, 0) };
    let hidden = letters.len().saturating_sub(head + tail);
    let first: String = letters.iter().take(head).collect();
    let last: String = letters.iter().skip(letters.len().saturating_sub(tail)).collect();
    format!("{first}{}{last}", stars(hidden))
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_recipient_can_be_recognised_and_not_written_to() {
        for (to, shown) in [
            ("13000000000", "130****0000"),
            ("zhen@example.cn", "z***@example.cn"),
            ("a@example.cn", "a*@example.cn"),
            ("1300000", "1******"),
            ("", "*"),
        ] {
            assert_eq!(masked(to), shown);
        }
    }
}
