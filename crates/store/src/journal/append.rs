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
    insert_nodes(conn, &nodes).await?;
    head::replace(conn, old, &new).await?;
    Ok(new)
}

async fn insert_leaves(conn: &mut AnyConnection, first: u64, leaves: &[Leaf]) -> Result<(), Error> {
    let mut rest = leaves;
    let mut seq = to_sql(first)?;
    while !rest.is_empty() {
        let (chunk, tail) = rest.split_at(rows_of(rest.len()));
        let columns = "journal (seq, at, kind, actor, subject, leaf, leaf_hash)";
        let mut query = sqlx::query(AssertSqlSafe(insert_text((columns, 7), chunk.len())));
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

async fn insert_nodes(conn: &mut AnyConnection, nodes: &[Node]) -> Result<(), Error> {
    let mut rest = nodes;
    while !rest.is_empty() {
        let (chunk, tail) = rest.split_at(rows_of(rest.len()));
        let columns = "journal_node (level, pos, hash)";
        let mut query = sqlx::query(AssertSqlSafe(insert_text((columns, 3), chunk.len())));
        for (level, pos, hash) in chunk {
            query = query.bind(i64::from(*level)).bind(to_sql(*pos)?).bind(hash.0.as_slice());
        }
        query.execute(&mut *conn).await?;
        rest = tail;
    }
    Ok(())
}

/// How many of these rows the next statement takes.
fn rows_of(left: usize) -> usize {
    CHUNKS.into_iter().find(|rows| *rows <= left).unwrap_or(1)
}

fn insert_text((columns, width): (&str, usize), rows: usize) -> String {
    let row = |row: usize| {
        let cell = |column: usize| format!("${}", row * width + column);
        format!("({})", (1..=width).map(cell).collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!("INSERT INTO {columns} VALUES {}", rows.join(", "))
}
