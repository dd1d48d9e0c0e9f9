//! Nodes of the tree from the database: leaves from their records, every 256th level from
//! `journal_node`, everything between is computed.

use sqlx::{AnyConnection, Row as _};
use tlog::tile::{Tile, TileSet};
use tlog::{CompactRange, Hash, HashReader as _, NodeId, NodeRecorder};

use super::head::{Head, to_sql};
use crate::{Error, Seq};

/// That a record is in the journal of a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Which record.
    pub seq: Seq,
    /// Size of the tree.
    pub size: u64,
    /// Root of that tree.
    pub root: Hash,
    /// Hash of the record as a leaf.
    pub leaf: Hash,
    /// The siblings from the leaf up (RFC 9162 §2.1.3).
    pub proof: Vec<Hash>,
}

/// That one journal is the beginning of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// Sizes of both trees.
    pub sizes: (u64, u64),
    /// Roots of both trees.
    pub roots: (Hash, Hash),
    /// The proof (RFC 9162 §2.1.4).
    pub proof: Vec<Hash>,
}

/// The hashes of one tile.
pub(crate) async fn tile(conn: &mut AnyConnection, tile: &Tile) -> Result<Vec<Hash>, Error> {
    let entries = tile.entries();
    let (from, to) = (to_sql(entries.start)?, to_sql(entries.end)?);
    let rows = if tile.level() == 0 {
        sqlx::query("SELECT leaf_hash FROM journal WHERE seq >= $1 AND seq < $2 ORDER BY seq")
            .bind(from)
            .bind(to)
            .fetch_all(conn)
            .await?
    } else {
        sqlx::query(
            "SELECT hash FROM journal_node WHERE level = $3 AND pos >= $1 AND pos < $2 \
             ORDER BY pos",
        )
        .bind(from)
        .bind(to)
        .bind(i64::from(tile.level()))
        .fetch_all(conn)
        .await?
    };
    if rows.len() != usize::from(tile.width()) {
        return Err(Error::damaged(format!("日志树的节点缺失（{tile}）")));
    }
    let hash = |row: &sqlx::any::AnyRow| -> Result<Hash, Error> {
        let octets: Vec<u8> = row.try_get(0)?;
        Hash::from_slice(&octets).map_err(|_| Error::damaged("日志树的节点格式有误"))
    };
    rows.iter().map(hash).collect()
}

/// The leaves below a tile of level 0, as an entry bundle.
pub(crate) async fn entries(conn: &mut AnyConnection, tile: &Tile) -> Result<Vec<u8>, Error> {
    let range = tile.entries();
    let rows = sqlx::query("SELECT leaf FROM journal WHERE seq >= $1 AND seq < $2 ORDER BY seq")
        .bind(to_sql(range.start)?)
        .bind(to_sql(range.end)?)
        .fetch_all(conn)
        .await?;
    if rows.len() != usize::from(tile.width()) {
        return Err(Error::NotFound("该日志分块"));
    }
    let leaves: Vec<Vec<u8>> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok(tlog::tile::bundle(leaves.iter().map(Vec::as_slice))?)
}

/// Fetches the tiles that hold `nodes`, as far as they are not there already.
pub(crate) async fn fetch(
    conn: &mut AnyConnection,
    nodes: &NodeRecorder,
    size: u64,
    tiles: &mut TileSet,
) -> Result<(), Error> {
    for node in &nodes.nodes {
        let wanted = Tile::holding(*node, size)?;
        if !tiles.holds(&wanted) {
            tiles.insert(wanted, tile(conn, &wanted).await?)?;
        }
    }
    Ok(())
}

/// The tree of the first `size` records, folded, from stored nodes.
pub(crate) async fn range_at(conn: &mut AnyConnection, size: u64) -> Result<CompactRange, Error> {
    let subtrees = perfect_subtrees(size);
    let mut needed = NodeRecorder::default();
    needed.nodes.extend(subtrees.iter().copied());
    let mut tiles = TileSet::default();
    fetch(conn, &needed, size, &mut tiles).await?;
    let hashes = subtrees.iter().map(|id| tiles.node(*id)).collect::<Result<_, _>>()?;
    Ok(CompactRange::from_parts(size, hashes)?)
}

/// Whether the first `size` records lead to `root`, by the stored nodes.
pub(crate) async fn has_root(
    conn: &mut AnyConnection,
    head: &Head,
    size: u64,
    root: &Hash,
) -> Result<bool, Error> {
    if size == head.size() {
        return Ok(head.root == *root);
    }
    match range_at(conn, size).await {
        Ok(range) => Ok(range.root() == *root),
        Err(Error::Damaged(_) | Error::Tree(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// One per set bit of the size, from the left.
fn perfect_subtrees(size: u64) -> Vec<NodeId> {
    let mut start = 0;
    let mut subtrees = Vec::new();
    for level in (0..64).rev() {
        if size >> level & 1 == 1 {
            subtrees.push(NodeId { level, index: start >> level });
            start += 1 << level;
        }
    }
    subtrees
}

/// A size that somebody named: one that the journal has not grown to is their mistake, no damage.
pub(crate) async fn is_reached(conn: &mut AnyConnection, named: u64) -> Result<(), Error> {
    if named > super::size(conn).await? { Err(tlog::Error::OutOfRange.into()) } else { Ok(()) }
}

/// Proves a record and checks the proof before it leaves.
pub(crate) async fn prove_inclusion(
    conn: &mut AnyConnection,
    seq: Seq,
    size: u64,
    tiles: &mut TileSet,
) -> Result<Inclusion, Error> {
    let mut needed = NodeRecorder::default();
    tlog::prove_inclusion(seq.0, size, &mut needed)?;
    let own = NodeId { level: 0, index: seq.0 };
    needed.nodes.insert(own);
    needed.nodes.extend(perfect_subtrees(size));
    fetch(conn, &needed, size, tiles).await?;
    let root = folded_root(tiles, size)?;
    let leaf = tiles.node(own)?;
    let proof = tlog::prove_inclusion(seq.0, size, tiles)?;
    tlog::verify_inclusion(&leaf, seq.0, size, &proof, &root)?;
    Ok(Inclusion { seq, size, root, leaf, proof })
}

/// Proves that the journal only grew, and checks the proof before it leaves.
pub(crate) async fn prove_consistency(
    conn: &mut AnyConnection,
    old: u64,
    new: u64,
) -> Result<Consistency, Error> {
    let mut needed = NodeRecorder::default();
    tlog::prove_consistency(old, new, &mut needed)?;
    needed.nodes.extend(perfect_subtrees(old));
    needed.nodes.extend(perfect_subtrees(new));
    let mut tiles = TileSet::default();
    fetch(conn, &needed, new, &mut tiles).await?;
    let roots = (folded_root(&mut tiles, old)?, folded_root(&mut tiles, new)?);
    let proof = tlog::prove_consistency(old, new, &mut tiles)?;
    tlog::verify_consistency((old, &roots.0), (new, &roots.1), &proof)?;
    Ok(Consistency { sizes: (old, new), roots, proof })
}

fn folded_root(tiles: &mut TileSet, size: u64) -> Result<Hash, Error> {
    let hashes = perfect_subtrees(size).into_iter().map(|id| tiles.node(id));
    Ok(CompactRange::from_parts(size, hashes.collect::<Result<_, _>>()?)?.root())
}
