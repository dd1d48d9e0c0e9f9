//! The records of a batch on their way into the database.

use sqlx::{AnyConnection, AssertSqlSafe};
use tlog::Hash;

use super::head::{self, Head, to_sql};
use crate::Error;
use crate::core::Core;
use crate::record::Leaf;

/// A node of `journal_node`: tile level, position, hash.
type Node = (u8, u64, Hash);

/// Rows per statement: few different texts, so that each is prepared once.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];

/// Inserts the records and everything above them, and returns the head that now stands in the
/// transaction.
pub(crate) async fn append(
    core: &Core,
    conn: &mut AnyConnection,
    old: &Head,
    leaves: &[Leaf],
) -> Result<Head, Error> {
    let mut range = old.range.clone();
    let mut nodes: Vec<Node> = Vec::new();
    for leaf in leaves {
        range.append_seen(leaf.hash, |level, position, hash| {
            if level % 8 == 0 {
                nodes.push((level / 8, position, hash));
            }
        });
    }
    let last_at = leaves.last().map_or(old.last_at, |leaf| leaf.at);
    let new = Head::seal(core, range, last_at).await?;
    insert_leaves(conn, old.size(), leaves).await?;
    for node in nodes {
        insert_node(conn, node).await?;
    }
    head::replace(conn, old, &new).await?;
    Ok(new)
}

async fn insert_leaves(conn: &mut AnyConnection, first: u64, leaves: &[Leaf]) -> Result<(), Error> {
    let mut rest = leaves;
    let mut seq = to_sql(first)?;
    while !rest.is_empty() {
        let rows = CHUNKS.into_iter().find(|rows| *rows <= rest.len()).unwrap_or(1);
        let (chunk, tail) = rest.split_at(rows);
        let text = insert_text(rows);
        let mut query = sqlx::query(AssertSqlSafe(text));
        for leaf in chunk {
            query = query
                .bind(seq)
                .bind(leaf.at)
                .bind(leaf.kind)
                .bind(&*leaf.actor)
                .bind(&*leaf.subject)
                .bind(leaf.bytes.as_slice())
                .bind(leaf.hash.0.as_slice());
            seq += 1;
        }
        query.execute(&mut *conn).await?;
        rest = tail;
    }
    Ok(())
}

fn insert_text(rows: usize) -> String {
    let row = |row: usize| {
        let cell = |column: usize| format!("${}", row * 7 + column);
        format!("({})", (1..=7).map(cell).collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    let columns = "seq, at, kind, actor, subject, leaf, leaf_hash";
    format!("INSERT INTO journal ({columns}) VALUES {}", rows.join(", "))
}

async fn insert_node(conn: &mut AnyConnection, (level, pos, hash): Node) -> Result<(), Error> {
    sqlx::query("INSERT INTO journal_node (level, pos, hash) VALUES ($1, $2, $3)")
        .bind(i64::from(level))
        .bind(to_sql(pos)?)
        .bind(hash.0.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}
