//! The journal as a file that anybody can check without us.
//!
//! The form is that of [`tlog::export`]: the signed checkpoint, then every record with its proof
//! towards it. A record that was harmed has `proof` null.

use sqlx::AnyConnection;
use tlog::Checkpoint;
use tlog::export::{Entry, Head};
use tlog::tile::TileSet;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::query::{self, Filter, Page, Stored};
use super::tree;
use crate::core::Core;
use crate::{Error, SignedCheckpoint};

const PAGE: u32 = 512;
/// Tiles kept between records; 8 KiB each.
const MOST_TILES: usize = 1024;

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportSummary {
    /// Size of the journal that the proofs lead to.
    pub size: u64,
    /// Records written.
    pub records: u64,
    /// Those of them without proof: they were harmed.
    pub unproven: u64,
}

pub(crate) async fn export(
    core: &Core,
    signed: &SignedCheckpoint,
    filter: &Filter,
    out: &mut (dyn AsyncWrite + Unpin + Send),
) -> Result<ExportSummary, Error> {
    let size = signed.checkpoint.size;
    line(out, &Head { note: signed.note.clone() }.to_line()?).await?;
    let mut conn = core.reader().await?;
    let mut tiles = TileSet::default();
    let mut page = Page { after: None, limit: PAGE, newest_first: false };
    let mut summary = ExportSummary { size, records: 0, unproven: 0 };
    loop {
        let found = query::records(&mut conn, filter, page).await?;
        let Some(last) = found.last() else { break };
        page.after = Some(last.seq);
        for record in found.iter().take_while(|record| record.seq.0 < size) {
            let proof = proof(&mut conn, record, &signed.checkpoint, &mut tiles).await?;
            summary.records += 1;
            summary.unproven += u64::from(proof.is_none());
            let entry = Entry { seq: record.seq.0, leaf: record.leaf.clone(), proof };
            line(out, &entry.to_line()?).await?;
            if tiles.len() > MOST_TILES {
                tiles = TileSet::default();
            }
        }
    }
    out.flush().await.map_err(unwritten)?;
    Ok(summary)
}

/// The proof that leads from the record to the root of the checkpoint, if there is one.
async fn proof(
    conn: &mut AnyConnection,
    record: &Stored,
    checkpoint: &Checkpoint,
    tiles: &mut TileSet,
) -> Result<Option<Vec<tlog::Hash>>, Error> {
    match tree::prove_inclusion(conn, record.seq, checkpoint.size, tiles).await {
        Ok(proven) if proven.leaf == record.leaf_hash && proven.root == checkpoint.root => {
            Ok(Some(proven.proof))
        }
        Ok(_) | Err(Error::Damaged(_) | Error::Tree(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

async fn line(out: &mut (dyn AsyncWrite + Unpin + Send), text: &str) -> Result<(), Error> {
    out.write_all(format!("{text}\n").as_bytes()).await.map_err(unwritten)
}

fn unwritten(cause: std::io::Error) -> Error {
    Error::file(std::path::Path::new("导出文件"), cause)
}
