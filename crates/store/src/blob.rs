//! Sealed blobs: personal data and evidence, kept apart from the journal that refers to them.
//!
//! Each blob has a data key of its own (SM4-GCM), wrapped by the `store-seal` key of the device. The
//! journal gets only the commitment: SM3 over a random salt of 32 octets and the content. The salt is
//! wrapped together with the key, so that nobody who has only the database can try likely contents
//! against the commitment. At the end of its term content, key and salt are erased; the commitment
//! stays and every proof over it with it (PIPL Art. 47; 电子签名法 Art. 24 for the term).

use gm::sm4;
use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};
use zeroize::Zeroizing;

use crate::{Error, Store, Tx};

const KEY: usize = 16;
const SALT: usize = 32;
/// The key of a blob encrypts one text only, so the nonce need not differ.
const NONCE: [u8; 12] = [0; 12];

/// What a record says about a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRef {
    /// Its name in the database: 32 hex digits.
    pub id: String,
    /// SM3 over domain, salt and content.
    pub commitment: [u8; 32],
}

impl BlobRef {
    /// As it goes into the body of a record.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "blob": self.id, "commitment": hex::encode(self.commitment) })
    }
}

/// A blob that was sealed and waits for its row. Sealing needs no transaction: do it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBlob {
    reference: BlobRef,
    purpose: String,
    length: i64,
    sealed_key: Vec<u8>,
    content: Vec<u8>,
}

impl SealedBlob {
    /// What a record will say about it.
    pub fn reference(&self) -> &BlobRef {
        &self.reference
    }

    /// Stores it in a unit.
    pub async fn insert(self, tx: &mut Tx) -> Result<BlobRef, Error> {
        let now = tx.now().as_second();
        sqlx::query(
            "INSERT INTO blob (id, purpose, length, commitment, sealed_key, content, stored_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&*self.reference.id)
        .bind(self.purpose)
        .bind(self.length)
        .bind(self.reference.commitment.as_slice())
        .bind(self.sealed_key)
        .bind(self.content)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(self.reference)
    }
}

impl Store {
    /// Seals content, without storing it yet.
    pub async fn seal_blob(
        &self,
        plain: Zeroizing<Vec<u8>>,
        purpose: &str,
    ) -> Result<SealedBlob, Error> {
        let (purpose, label) = (purpose.to_owned(), self.core().keys.seal.clone());
        self.core()
            .with_device(move |session| {
                let mut secret = Zeroizing::new([0; KEY + SALT]);
                let mut id = [0; 16];
                session.fill(&mut *secret)?;
                session.fill(&mut id)?;
                let id = hex::encode(id);
                let commitment = commit(&secret, &plain);
                let aad = bound(&id, &purpose, &commitment);
                let content = sm4::gcm_seal(data_key(&secret), &NONCE, &aad, &plain)
                    .map_err(|_| gm::RefusedReason::BadInput)?;
                let sealed_key = session.seal(&label, &aad, &*secret)?;
                Ok(SealedBlob {
                    length: i64::try_from(plain.len()).unwrap_or(i64::MAX),
                    reference: BlobRef { id, commitment },
                    purpose: purpose.clone(),
                    sealed_key,
                    content,
                })
            })
            .await
    }

    /// Seals and stores content in a unit. For large content use [`Store::seal_blob`] before it: other
    /// units wait while this one works.
    pub async fn put_blob(
        &self,
        tx: &mut Tx,
        plain: &[u8],
        purpose: &str,
    ) -> Result<BlobRef, Error> {
        let plain = Zeroizing::new(plain.to_vec());
        self.seal_blob(plain, purpose).await?.insert(tx).await
    }

    /// Opens a blob and checks it against its commitment. [`Error::Erased`] after its term.
    pub async fn open_blob(&self, id: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let row = BlobRow::load(&mut *self.core().reader().await?, id).await?;
        let (Some(sealed_key), Some(content)) = (row.sealed_key, row.content) else {
            return Err(Error::Erased);
        };
        let damaged = || Error::damaged(format!("密封数据 {id} 无法打开"));
        let commitment = row.commitment.as_slice().try_into().map_err(|_| damaged())?;
        let aad = bound(id, &row.purpose, &commitment);
        let (label, for_key) = (self.core().keys.seal.clone(), aad.clone());
        let secret = self
            .core()
            .with_device(move |session| session.open(&label, &for_key, &sealed_key))
            .await?;
        let secret = <&[u8; KEY + SALT]>::try_from(secret.as_slice()).map_err(|_| damaged())?;
        let plain = sm4::gcm_open(data_key(secret), &NONCE, &aad, &content);
        let plain = plain.map_err(|_| damaged())?;
        if commit(secret, &plain) == commitment { Ok(plain) } else { Err(damaged()) }
    }

    /// Erases content, key and salt at the end of the term, for good. The caller records that it did.
    /// [`Error::Erased`] if that happened before.
    pub async fn erase_blob(&self, tx: &mut Tx, id: &str) -> Result<(), Error> {
        BlobRow::load(tx.conn(), id).await?.content.ok_or(Error::Erased)?;
        let now = tx.now().as_second();
        sqlx::query(
            "UPDATE blob SET content = NULL, sealed_key = NULL, erased_at = $1 WHERE id = $2",
        )
        .bind(now)
        .bind(id)
        .execute(tx.conn())
        .await?;
        tx.erased = true;
        Ok(())
    }

    /// Blobs of a purpose stored before an instant and not yet erased: candidates for erasure.
    pub async fn blobs_before(
        &self,
        purpose: &str,
        before: Timestamp,
    ) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(
            "SELECT id FROM blob WHERE purpose = $1 AND stored_at < $2 AND erased_at IS NULL \
             ORDER BY stored_at, id",
        )
        .bind(purpose)
        .bind(before.as_second())
        .fetch_all(&mut *self.core().reader().await?)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

struct BlobRow {
    purpose: String,
    commitment: Vec<u8>,
    sealed_key: Option<Vec<u8>>,
    content: Option<Vec<u8>>,
}

impl BlobRow {
    async fn load(conn: &mut AnyConnection, id: &str) -> Result<Self, Error> {
        let row =
            sqlx::query("SELECT purpose, commitment, sealed_key, content FROM blob WHERE id = $1")
                .bind(id)
                .fetch_optional(conn)
                .await?
                .ok_or(Error::NotFound("该密封数据"))?;
        Ok(Self {
            purpose: row.try_get(0)?,
            commitment: row.try_get(1)?,
            sealed_key: row.try_get(2)?,
            content: row.try_get(3)?,
        })
    }
}

fn data_key(secret: &[u8; KEY + SALT]) -> &[u8; KEY] {
    secret.first_chunk().unwrap_or(&[0; KEY])
}

fn commit(secret: &[u8; KEY + SALT], plain: &[u8]) -> [u8; 32] {
    let salt = secret.last_chunk::<SALT>().unwrap_or(&[0; SALT]);
    gm::sm3::hash_parts(&[b"yinxin-blob/1\n", salt, plain]).0
}

/// What the encryption is bound to: a row cannot be passed off as another.
fn bound(id: &str, purpose: &str, commitment: &[u8; 32]) -> Vec<u8> {
    format!("yinxin-blob/1\n{id}\n{purpose}\n{}", hex::encode(commitment)).into_bytes()
}
