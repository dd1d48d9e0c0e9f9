//! What another ceremony left: its steps, read to be given up.

use serde_json::Value;

use super::Step;
use super::run::Made;
use crate::error::Refusal;
use crate::sql::ceremony::StepRow;

/// Which ceremonies can be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of the root's next key (ADR 15).
    Root,
    /// Of the issuing CA's next key (ADR 14).
    Issuing,
    /// A cross-certification (ADR 16).
    Cross,
}

/// A ceremony that was begun and not brought to its end.
#[derive(Debug, Clone)]
pub(super) struct Left {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The generation that it makes; of a cross-certification none.
    made: Option<Made>,
    rows: Vec<StepRow>,
}

impl Left {
    /// Out of its steps. Refuses what isn't there, what is finished or appointed a generation, and a founding: without
    /// it there is no institution.
    pub(super) fn of(name: &str, rows: Vec<StepRow>) -> Result<Self, Refusal> {
        let mut left = Self { name: name.to_owned(), kind: Kind::Cross, made: None, rows };
        let no = |text: String| Err(Refusal::Ceremony(text));
        let Some(detail) = left.detail(Step::Convened) else {
            return no(format!("没有名为“{name}”的仪式；请核对方案中的 gives_up"));
        };
        let number = |name: &str| {
            let number = detail.get(name).and_then(Value::as_u64);
            number.and_then(|number| u32::try_from(number).ok())
        };
        (left.kind, left.made) = match (number("root_generation"), number("generation")) {
            (Some(number), _) => (Kind::Root, Some(Made::root(number))),
            (None, Some(number)) => (Kind::Issuing, Some(Made::of(number))),
            (None, None) if detail.get("cross").is_some() => (Kind::Cross, None),
            (None, None) => {
                return no(format!(
                    "“{name}”不是换代仪式或交叉认证仪式，不能放弃；首次密钥仪式不再继续的，请换一个数据目录重新举行"
                ));
            }
        };
        if left.is_done(Step::Appointed) {
            return no(format!(
                "仪式“{name}”已确定新一代密钥的启用时刻，不能放弃；请用原方案续办，形成仪式记录"
            ));
        }
        if left.is_done(Step::ProtocolSigned) {
            return no(format!("仪式“{name}”已经完成，不能放弃"));
        }
        Ok(left)
    }

    pub(super) fn is_done(&self, step: Step) -> bool {
        self.row(step).is_some()
    }

    pub(super) fn row(&self, step: Step) -> Option<&StepRow> {
        self.rows.iter().find(|row| row.step == step.kind())
    }

    /// Detail of a step; `None` where it was not come to.
    pub(super) fn detail(&self, step: Step) -> Option<Value> {
        self.row(step).and_then(|row| serde_json::from_str(&row.detail).ok())
    }

    /// Request ids of the CA certificates by root keys that it orders beside a root's own.
    pub(super) fn requests(&self) -> Vec<String> {
        let what: &[&str] = match self.kind {
            Kind::Root => &["new-with-old", "old-with-new"],
            Kind::Issuing => &["issuing"],
            Kind::Cross => &["cross"],
        };
        what.iter().map(|what| self.request(what)).collect()
    }

    /// Request id of the certificate of the generation that it makes.
    pub(super) fn own_request(&self) -> Option<String> {
        match self.kind {
            Kind::Root => Some(self.request("root")),
            Kind::Issuing => Some(self.request("issuing")),
            Kind::Cross => None,
        }
    }

    fn request(&self, what: &str) -> String {
        format!("ceremony:{}:{what}", self.name)
    }

    /// The label of the key that it makes, and the step that records it.
    pub(super) fn key(&self) -> Option<(&str, Step)> {
        let step = match self.kind {
            Kind::Root => Step::RootKey,
            _ => Step::IssuingKey,
        };
        self.made.as_ref().map(|made| (made.key.as_str(), step))
    }

    /// The fingerprint of its key, once that is recorded.
    pub(super) fn stated_key(&self) -> Option<String> {
        let detail = self.detail(self.key()?.1)?;
        detail.get("key").and_then(Value::as_str).map(str::to_owned)
    }

    /// The word of protocol and command.
    pub(super) const fn chinese(&self) -> &'static str {
        match self.kind {
            Kind::Root => "根密钥换代仪式",
            Kind::Issuing => "签发密钥换代仪式",
            Kind::Cross => "交叉认证仪式",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(steps: &[(Step, &str)]) -> Result<Left, Refusal> {
        let row = |(step, detail): &(Step, &str)| StepRow {
            step: step.kind().into(),
            seq: 1,
            at: 1,
            detail: (*detail).to_owned(),
        };
        Left::of("x", steps.iter().map(row).collect())
    }

    #[test]
    fn what_is_not_begun_is_finished_or_founded_the_institution_is_not_given_up() {
        let root = (Step::Convened, r#"{"root_generation":2}"#);
        let cross = (Step::Convened, r#"{"cross":"ab"}"#);
        assert_eq!(left(&[root]).unwrap().key(), Some(("root-2", Step::RootKey)));
        assert_eq!(left(&[cross]).unwrap().own_request(), None);
        for refused in [
            vec![],
            vec![(Step::Convened, r#"{"institution":"x"}"#)],
            vec![(Step::Convened, r#"{"gives_up":"y"}"#)],
            vec![root, (Step::Appointed, "{}")],
            vec![cross, (Step::ProtocolSigned, "{}")],
        ] {
            assert!(left(&refused).is_err(), "{refused:?}");
        }
    }
}
