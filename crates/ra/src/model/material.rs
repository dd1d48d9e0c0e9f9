//! Materials: files of the application, sealed.

use jiff::Timestamp;

use super::ids::MaterialId;

/// The types of files that are taken, known by their first octets, never by their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// Portable Document Format.
    Pdf,
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// OFD (GB/T 33190).
    Ofd,
}

impl Media {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Png, Self::Jpeg, Self::Ofd];

    /// The media type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Ofd => "application/ofd",
        }
    }

    /// The ending of file names.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Ofd => "ofd",
        }
    }
}

/// A file as it is handed in.
#[derive(Debug)]
pub struct Upload {
    /// Which entry of the list of materials.
    pub name: String,
    /// What the file is called; only letters, digits and a few signs of it are kept, sealed.
    pub file_name: String,
    /// Its octets.
    pub content: Vec<u8>,
}

/// A material of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// Its name inside.
    pub id: MaterialId,
    /// Which entry of the list of materials.
    pub name: String,
    /// What it is.
    pub media: Media,
    /// In octets.
    pub size: u64,
    /// When it came.
    pub added_at: Timestamp,
    /// In which submission: materials of an earlier one cannot be taken back.
    pub round: i64,
    /// The sealed blob.
    pub(crate) blob: String,
}

/// A material with its content.
pub struct OpenedMaterial {
    /// The material.
    pub material: Material,
    /// What the file was called, made harmless.
    pub file_name: String,
    /// Its octets.
    pub content: zeroize::Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for OpenedMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenedMaterial({})", self.material.id)
    }
}
