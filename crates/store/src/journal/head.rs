//! The head of the journal: its size, its root, and a seal that only the device can make.

use sqlx::{AnyConnection, Row as _};
use tlog::{CompactRange, Hash};

use super::report::{Finding, FindingKind};
use crate::core::Core;
use crate::{Engine, Error, Schema, StoreConfig};

const FORM: &str = "yinxin-journal-head/1";

/// A head that is known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) range: CompactRange,
    pub(crate) root: Hash,
    /// Unix seconds of the last record.
    pub(crate) last_at: i64,
    pub(crate) mac: [u8; 32],
}

impl Head {
    /// Seals a new head.
    pub(crate) async fn seal(
        core: &Core,
        range: CompactRange,
        last_at: i64,
    ) -> Result<Self, Error> {
        let root = range.root();
        let statement = Statement::new(&core.config, range.size(), last_at, root);
        let mac = core.mac(statement.text()).await?.0;
        Ok(Self { range, root, last_at, mac })
    }

    /// Of a journal that could not be opened; nothing is ever appended to it.
    pub(crate) fn nowhere() -> Self {
        let range = CompactRange::new();
        Self { root: range.root(), range, last_at: 0, mac: [0; 32] }
    }

    pub(crate) fn size(&self) -> u64 {
        self.range.size()
    }

    /// What the anchor holds when it holds this head.
    pub(crate) fn anchor_text(&self, config: &StoreConfig) -> String {
        let statement = Statement::new(config, self.size(), self.last_at, self.root);
        format!("{}{}\n", statement.text(), hex::encode(self.mac))
    }
}

/// What a head says; the same text is sealed for the database and for the anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    origin: String,
    schema: Schema,
    pub(crate) size: u64,
    pub(crate) last_at: i64,
    pub(crate) root: Hash,
}

impl Statement {
    pub(crate) fn new(config: &StoreConfig, size: u64, last_at: i64, root: Hash) -> Self {
        Self { origin: config.origin.clone(), schema: config.schema, size, last_at, root }
    }

    pub(crate) fn text(&self) -> String {
        let Self { origin, schema, size, last_at, root } = self;
        format!("{FORM}\n{origin}\n{}\n{size}\n{last_at}\n{root}\n", schema.name())
    }

    /// Reads what the anchor holds and checks that the device sealed it for this journal.
    pub(crate) async fn open(core: &Core, text: &str) -> Result<Option<Self>, Error> {
        let Some((statement, mac)) = Self::parse(&core.config, text) else {
            return Ok(None);
        };
        let sealed = core.mac(statement.text()).await?.0 == mac;
        Ok(sealed.then_some(statement))
    }

    /// The lines in their one form, or nothing.
    fn parse(config: &StoreConfig, text: &str) -> Option<(Self, [u8; 32])> {
        let lines: Vec<_> = text.lines().collect();
        let &[_, _, _, size, last_at, root, mac] = lines.as_slice() else {
            return None;
        };
        let root = Hash::from_slice(&hex::decode(root).ok()?).ok()?;
        let statement = Self::new(config, size.parse().ok()?, last_at.parse().ok()?, root);
        let mac = hex::decode(mac).ok()?.try_into().ok()?;
        let same = format!("{}{}\n", statement.text(), hex::encode(mac)) == text;
        same.then_some((statement, mac))
    }
}

/// The head as the database holds it; nothing about it is known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadRow {
    origin: String,
    size: i64,
    last_at: i64,
    root: Vec<u8>,
    frontier: Vec<u8>,
    mac: Vec<u8>,
}

impl HeadRow {
    pub(crate) async fn load(conn: &mut AnyConnection) -> Result<Option<Self>, Error> {
        Self::select(
            conn,
            "SELECT origin, size, last_at, root, frontier, mac FROM journal_head WHERE id = 1",
        )
        .await
    }

    /// The same, and keeps other writers away until the end of the transaction.
    pub(crate) async fn lock(
        conn: &mut AnyConnection,
        engine: Engine,
    ) -> Result<Option<Self>, Error> {
        match engine {
            Engine::Sqlite => Self::load(conn).await,
            Engine::Postgres => {
                Self::select(
                    conn,
                    "SELECT origin, size, last_at, root, frontier, mac FROM journal_head \
                     WHERE id = 1 FOR UPDATE",
                )
                .await
            }
        }
    }

    async fn select(conn: &mut AnyConnection, sql: &'static str) -> Result<Option<Self>, Error> {
        let Some(row) = sqlx::query(sql).fetch_optional(conn).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            origin: row.try_get(0)?,
            size: row.try_get(1)?,
            last_at: row.try_get(2)?,
            root: row.try_get(3)?,
            frontier: row.try_get(4)?,
            mac: row.try_get(5)?,
        }))
    }

    pub(crate) fn is(&self, head: &Head) -> bool {
        u64::try_from(self.size) == Ok(head.size())
            && self.last_at == head.last_at
            && self.root == head.root.0
            && self.mac == head.mac
            && self.frontier == head.range.to_bytes()
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.size).unwrap_or(0)
    }

    /// Checks that this head belongs to this journal, hangs together and was sealed by the device.
    pub(crate) async fn open(&self, core: &Core) -> Result<Result<Head, Finding>, Error> {
        let edited = |what: &str| Ok(Err(Finding::new(FindingKind::Head, None, what)));
        if self.origin != core.config.origin {
            return edited("数据库的日志属于另一机构或另一系统");
        }
        let (Ok(size), Ok(mac)) = (u64::try_from(self.size), self.mac.as_slice().try_into()) else {
            return edited("日志头的格式有误");
        };
        let Ok(range) = CompactRange::from_bytes(size, &self.frontier) else {
            return edited("日志头的大小与前沿不符");
        };
        let root = range.root();
        if self.root != root.0 {
            return edited("日志头的根与前沿不符");
        }
        let text = Statement::new(&core.config, size, self.last_at, root).text();
        if core.mac(text).await?.0 != mac {
            return edited("日志头未经本机密码设备认证，曾被改写");
        }
        Ok(Ok(Head { range, root, last_at: self.last_at, mac }))
    }
}

/// The size that the head in the database states.
pub(crate) async fn size(conn: &mut AnyConnection) -> Result<u64, Error> {
    let row = HeadRow::load(conn).await?;
    row.map(|row| row.size()).ok_or_else(|| Error::damaged("数据库中的日志头缺失"))
}

/// Writes the head of an empty journal.
pub(crate) async fn create(
    conn: &mut AnyConnection,
    config: &StoreConfig,
    head: &Head,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO journal_head (id, origin, size, last_at, root, frontier, mac) \
         VALUES (1, $1, 0, $2, $3, $4, $5)",
    )
    .bind(&*config.origin)
    .bind(head.last_at)
    .bind(head.root.0.as_slice())
    .bind(head.range.to_bytes())
    .bind(head.mac.as_slice())
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves the head from one size to the next; the row is locked.
pub(crate) async fn replace(conn: &mut AnyConnection, old: &Head, new: &Head) -> Result<(), Error> {
    let done = sqlx::query(
        "UPDATE journal_head SET size = $1, last_at = $2, root = $3, frontier = $4, mac = $5 \
         WHERE id = 1 AND size = $6",
    )
    .bind(to_sql(new.size())?)
    .bind(new.last_at)
    .bind(new.root.0.as_slice())
    .bind(new.range.to_bytes())
    .bind(new.mac.as_slice())
    .bind(to_sql(old.size())?)
    .execute(conn)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::damaged("日志头在提交中被改动"))
    }
}

/// A size or position as SQL holds it.
pub(crate) fn to_sql(n: u64) -> Result<i64, Error> {
    i64::try_from(n).map_err(|_| Error::damaged("日志位置超出范围"))
}
