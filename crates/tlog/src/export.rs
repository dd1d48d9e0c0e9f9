//! A log as a file that anybody can check without the log: JSON lines.
//!
//! The first line is a [`Head`]: the form and a signed checkpoint. Each further one is an
//! [`Entry`]: its place, exactly the text that was hashed, and the proof (base64 hashes, from the
//! leaf up) towards the root of that checkpoint. An entry that was harmed has `proof` null. What is
//! written here is read here, so the two cannot part.

use serde::{Deserialize, Serialize};

use crate::note::SignedNote;
use crate::{Checkpoint, Error, Hash, verify_inclusion};

/// The name of the form, in the first line.
pub const FORM: &str = "yinxin-journal-export/1";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The signed checkpoint as it was written; nothing about it is verified.
    pub note: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    checkpoint: String,
    form: String,
}

impl Head {
    /// The line, without its end.
    pub fn to_line(&self) -> Result<String, Error> {
        let line = HeadLine { checkpoint: self.note.clone(), form: FORM.to_owned() };
        serde_json::to_string(&line).map_err(|_| Error::BadExport("首行无法写出"))
    }

    /// Reads the first line of an export.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let wrong = Error::BadExport("首行不是检查点，请确认文件是日志导出文件");
        let line: HeadLine = serde_json::from_str(line).map_err(|_| wrong)?;
        match line.form == FORM {
            true => Ok(Self { note: line.checkpoint }),
            false => Err(Error::BadExport("导出文件的格式版本不是本程序所知的")),
        }
    }

    /// What the checkpoint says, signed by whomever. For those who have the key:
    /// [`SignedNote::verify`].
    pub fn unverified(&self) -> Result<Checkpoint, Error> {
        Checkpoint::parse(SignedNote::parse(&self.note)?.unverified_text())
    }
}

/// Any further line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub seq: u64,
    /// The text that was hashed.
    pub leaf: String,
    /// From the leaf to the root; none when the log itself could not prove it.
    pub proof: Option<Vec<Hash>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    leaf: String,
    proof: Option<Vec<String>>,
    seq: u64,
}

impl Entry {
    /// The line, without its end.
    pub fn to_line(&self) -> Result<String, Error> {
        let proof = self.proof.as_ref();
        let line = EntryLine {
            leaf: self.leaf.clone(),
            proof: proof.map(|hashes| hashes.iter().map(Hash::to_base64).collect()),
            seq: self.seq,
        };
        serde_json::to_string(&line).map_err(|_| Error::BadExport("记录无法写出"))
    }

    /// Reads a line behind the first.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let line: EntryLine =
            serde_json::from_str(line).map_err(|_| Error::BadExport("某行不是日志记录"))?;
        let read =
            |hashes: Vec<String>| hashes.iter().map(|text| Hash::from_base64(text)).collect();
        let proof = line.proof.map(read).transpose()?;
        Ok(Self { seq: line.seq, leaf: line.leaf, proof })
    }
}

/// A walk through the entries of an export, against its checkpoint.
#[derive(Debug)]
pub struct Walk {
    checkpoint: Checkpoint,
    last: Option<u64>,
    entries: u64,
}

impl Walk {
    /// Begins behind the first line, with a checkpoint that the caller believes.
    #[must_use]
    pub const fn new(checkpoint: Checkpoint) -> Self {
        Self { checkpoint, last: None, entries: 0 }
    }

    /// Takes the next entry: it must come behind the one before (so none can stand twice) and be
    /// in the tree of the checkpoint.
    pub fn take(&mut self, entry: &Entry) -> Result<(), Error> {
        if self.last.is_some_and(|last| entry.seq <= last) {
            return Err(Error::BadExport("记录的次序不对或重复出现"));
        }
        let Some(proof) = &entry.proof else {
            return Err(Error::BadExport("记录在导出时已受损，没有证明"));
        };
        let (leaf, size) = (Hash::leaf(entry.leaf.as_bytes()), self.checkpoint.size);
        verify_inclusion(&leaf, entry.seq, size, proof, &self.checkpoint.root)?;
        self.last = Some(entry.seq);
        self.entries += 1;
        Ok(())
    }

    /// How many entries held.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }
}
