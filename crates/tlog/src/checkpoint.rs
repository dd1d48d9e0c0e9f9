//! The text of a tree head (C2SP tlog-checkpoint): origin, size, root, and lines of the log's own.

use crate::{Error, Hash};

/// A tree head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: a name without scheme, unique to it.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// Their root.
    pub root: Hash,
    /// Further lines, opaque here; none empty.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// The text that is signed. A line break inside a part would make another text: refused.
    pub fn to_text(&self) -> Result<String, Error> {
        let mut lines = vec![&*self.origin];
        let (size, root) = (self.size.to_string(), self.root.to_base64());
        lines.extend([&*size, &*root]);
        lines.extend(self.extensions.iter().map(String::as_str));
        if lines.iter().any(|line| line.is_empty() || line.contains(|c: char| c.is_ascii_control()))
        {
            return Err(Error::BadCheckpoint);
        }
        Ok(lines.join("\n") + "\n")
    }

    /// Reads a text in exactly the form that [`Checkpoint::to_text`] writes.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let body = text.strip_suffix('\n').ok_or(Error::BadCheckpoint)?;
        let mut lines = body.split('\n');
        let mut line = || lines.next().ok_or(Error::BadCheckpoint);
        let checkpoint = Self {
            origin: line()?.to_owned(),
            size: line()?.parse().map_err(|_| Error::BadCheckpoint)?,
            root: Hash::from_base64(line()?)?,
            extensions: lines.map(str::to_owned).collect(),
        };
        let same = checkpoint.to_text()? == text;
        if same { Ok(checkpoint) } else { Err(Error::BadCheckpoint) }
    }
}
