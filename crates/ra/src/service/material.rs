//! Materials: handed in, taken back, looked at.

use access::{Action, Permit};
use serde_json::json;
use store::{SealedBlob, Tx};
use zeroize::Zeroizing;

use super::Ra;
use super::draft::entered;
use super::turn::Turn;
use crate::catalogue::Step;
use crate::error::Error;
use crate::model::{
    Application, ApplicationId, At, Material, MaterialId, Media, OpenedMaterial, Upload,
};
use crate::rules;
use crate::sql;

/// A file that was checked and sealed, and what tells it from others.
struct Checked {
    name: String,
    media: Media,
    size: u64,
    content: String,
    id: MaterialId,
}

impl Ra {
    /// Takes a file. The same file for the same entry again is the same material: counted once.
    pub async fn add_material(
        &self,
        permit: &Permit,
        at: &At,
        upload: Upload,
    ) -> Result<(Application, Material), Error> {
        let application = self.reached((permit, Action::CreateApplication), at).await?;
        let kind = self.kind_of(&application)?;
        if kind.material(&upload.name).is_none() {
            let name = upload.name.chars().take(64).collect();
            return Err(Error::Unknown { what: "材料", name });
        }
        let checked = self.checked(&upload)?;
        let blob = self.seal(framed(&upload, checked.media), "ra-material").await?;
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::CreateApplication);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Save)).await?;
                    entered(tx, &turn, &permit).await?;
                    add(tx, turn, checked, blob).await
                })
            })
            .await
    }

    fn checked(&self, upload: &Upload) -> Result<Checked, Error> {
        let media = rules::material::media(&upload.content)?;
        let hash = gm::sm3::hash(&upload.content).to_hex();
        Ok(Checked {
            name: upload.name.clone(),
            media,
            size: u64::try_from(upload.content.len()).unwrap_or(u64::MAX),
            content: self.store().blind_index("ra.material", &hash)?,
            id: MaterialId::from_random(self.random()?),
        })
    }

    /// Takes a material back. What was part of an earlier submission stays on file: it is no longer
    /// counted, not erased.
    pub async fn remove_material(
        &self,
        permit: &Permit,
        at: &At,
        material: &MaterialId,
    ) -> Result<Application, Error> {
        let (ra, permit, at, material) =
            (self.clone(), permit.clone(), at.clone(), material.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::CreateApplication);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Save)).await?;
                    let there = sql::content::materials(tx.conn(), &at.id).await?;
                    let there = there.into_iter().find(|one| one.id == material);
                    let there = there.ok_or_else(|| unknown(&material))?;
                    entered(tx, &turn, &permit).await?;
                    sql::content::remove_material(tx.conn(), &there.id, turn.now).await?;
                    let body = json!({ "material": there.id.as_str(), "name": there.name });
                    turn.finish(tx, "application.material-removed", body).await
                })
            })
            .await
    }

    /// The materials that count, in the order in which they came.
    pub async fn materials(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<Material>, Error> {
        self.application(permit, id).await?;
        sql::content::materials(&mut *self.store().read().await?, id).await
    }

    /// A material with its content, for whoever examines it or handed it in.
    pub async fn open_material(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        material: &MaterialId,
    ) -> Result<OpenedMaterial, Error> {
        let materials = self.materials(permit, id).await?;
        let material = materials.into_iter().find(|one| one.id == *material);
        let material = material.ok_or(Error::Unknown { what: "材料", name: String::new() })?;
        let framed = self.store().open_blob(&material.blob).await?;
        let (file_name, content) = unframed(&framed).ok_or(Error::Stored("material"))?;
        // Who of the staff looked at whose papers goes on record (PIPL Art. 51).
        if permit.person().is_some() {
            let body = json!({ "material": material.id.as_str(), "name": material.name });
            self.note(permit, id, ("application.material-opened", body)).await?;
        }
        Ok(OpenedMaterial { material, file_name, content })
    }
}

async fn add(
    tx: &mut Tx,
    turn: Turn,
    checked: Checked,
    blob: SealedBlob,
) -> Result<(Application, Material), Error> {
    let id = turn.application.id.clone();
    let same = (&*checked.name, &*checked.content);
    if let Some(there) = sql::content::material_of_content(tx.conn(), &id, same).await? {
        return Ok((turn.application, there));
    }
    if sql::content::materials(tx.conn(), &id).await?.len() >= rules::material::MOST_FILES {
        return Err(Error::Material("一份申请最多 20 个文件，请合并或删除后再上传"));
    }
    let blob = blob.insert(tx).await?;
    let material = Material {
        id: checked.id,
        name: checked.name,
        media: checked.media,
        size: checked.size,
        added_at: turn.now,
        round: turn.application.round + 1,
        blob: blob.id.clone(),
    };
    sql::content::add_material(tx.conn(), &id, &material, &checked.content).await?;
    let body = json!({
        "material": material.id.as_str(),
        "name": material.name,
        "media": material.media.mime(),
        "size": material.size,
        "content": blob.to_json(),
    });
    let application = turn.finish(tx, "application.material-added", body).await?;
    Ok((application, material))
}

fn unknown(material: &MaterialId) -> Error {
    Error::Unknown { what: "材料", name: material.to_string() }
}

/// The name of a file may hold a person's name: it is sealed with the content, its length in two octets first.
pub(super) fn framed(upload: &Upload, media: Media) -> Vec<u8> {
    let name = rules::material::harmless_name(&upload.file_name, media);
    let length = u16::try_from(name.len()).unwrap_or(0);
    let mut framed = Vec::with_capacity(2 + name.len() + upload.content.len());
    framed.extend(length.to_be_bytes());
    framed.extend(name.as_bytes().iter().take(usize::from(length)));
    framed.extend(&upload.content);
    framed
}

pub(super) fn unframed(framed: &[u8]) -> Option<(String, Zeroizing<Vec<u8>>)> {
    let (length, rest) = framed.split_first_chunk::<2>()?;
    let (name, content) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let name = std::str::from_utf8(name).ok()?.to_owned();
    Some((name, Zeroizing::new(content.to_vec())))
}
