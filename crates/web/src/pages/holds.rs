//! The holds that stand on a certificate, for pages: since when, on whose word, who lifts each and whom to ask
//! (Measures Art. 18). Nothing about the case is on them.

use ra::{Catalogue, Hold, Source};

use super::words;

/// One hold.
pub struct HoldLine {
    /// Its name in addresses.
    pub id: String,
    /// Why, by its kind.
    pub title: String,
    /// On whose word.
    pub source: &'static str,
    /// Since when.
    pub since: String,
    /// Who lifts it, and whom to ask.
    pub lifted_by: &'static str,
    /// The same to the holder.
    pub lifted_by_you: &'static str,
    /// Whether an administrator of the institution lifts it, by order or by registering a document.
    pub is_ordered: bool,
}

/// Holds as lines, the oldest first.
pub fn lines(holds: &[Hold], catalogue: &Catalogue) -> Vec<HoldLine> {
    let line = |hold: &Hold| HoldLine {
        id: hold.id.to_string(),
        title: hold.title(Some(catalogue)),
        source: hold.source.chinese(),
        since: words::minute(hold.since),
        lifted_by: hold.lifted_by(),
        lifted_by_you: match hold.source {
            Source::Holder | Source::Present => "您可以申请证书恢复，经核验身份和审核后解除",
            Source::Phone => {
                "来电撤销复核未通过或者逾期没有复核的，由系统解除；您也可以申请证书恢复"
            }
            _ => hold.lifted_by(),
        },
        is_ordered: !matches!(hold.source, Source::Holder | Source::Present | Source::Phone),
    };
    holds.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_told_by_kind_date_and_who_lifts_it() {
        let catalogue = Catalogue::embedded().unwrap();
        let hold = |source, ground: Option<&str>| Hold {
            id: "h1".parse().unwrap(),
            serial: "0a".into(),
            source,
            ground: ground.map(str::to_owned),
            origin: "act:1".into(),
            set_by: "person:a".into(),
            since: jiff::Timestamp::UNIX_EPOCH,
        };
        let told = lines(
            &[hold(Source::Authority, Some("ordered-hold")), hold(Source::Holder, None)],
            &catalogue,
        );
        assert!(told[0].title.contains("有权机关") && told[0].is_ordered);
        assert!(told[0].lifted_by.contains("作出决定的机关"));
        assert_eq!(told[1].title, "持有人申请暂停");
        assert!(!told[1].is_ordered, "what the holder holds the holder lifts");
        assert!(told[1].lifted_by_you.contains("您可以申请"), "the holder is told so");
        assert_eq!(told[0].lifted_by_you, told[0].lifted_by);
    }
}
