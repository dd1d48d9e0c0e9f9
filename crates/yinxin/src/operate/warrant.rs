//! Acts that set a safeguard back: they need two people, a reason, and a phrase that shows that the
//! officer has read what is about to happen.

use store::Warrant;

use crate::out::{self, Unusable};

/// Who answers, who saw it, why.
#[derive(Debug, clap::Args)]
pub struct WarrantArgs {
    /// 负责人的人员编号（安全管理人员）
    #[arg(long, value_name = "编号")]
    officer: String,
    /// 在场见证人的人员编号（审计人员，不得与负责人为同一人）
    #[arg(long, value_name = "编号")]
    witness: String,
    /// 理由：查到了什么，为什么可以恢复
    #[arg(long, value_name = "文字")]
    reason: String,
    /// 确认语；先不给出，程序会说明将要发生什么，并给出应写的确认语
    #[arg(long, value_name = "确认语")]
    confirm: Option<String>,
}

impl WarrantArgs {
    /// The two people and the reason.
    pub fn warrant(&self) -> anyhow::Result<Warrant> {
        Warrant::new(&self.officer, &self.witness, &self.reason)
            .map_err(|error| Unusable::error(error.to_string()))
    }

    /// Whether the phrase is the one that belongs to what would happen now; says what to do if not.
    pub fn is_confirmed(&self, phrase: &str) -> bool {
        if self.confirm.as_deref() == Some(phrase) {
            return true;
        }
        if self.confirm.is_some() {
            out::line("确认语不符。");
        }
        out::line("未作任何更改。负责人和见证人核对以上情况后，在同一命令后加上：");
        out::line(format!("  --confirm '{phrase}'"));
        false
    }
}
