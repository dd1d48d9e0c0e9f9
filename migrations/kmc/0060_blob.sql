-- Sealed blobs: personal data and evidence. `sealed_key` wraps the data key and the salt of the commitment
-- (store-seal key of the device); erasing sets content and sealed_key to NULL and keeps the commitment.
CREATE TABLE blob (
    id         TEXT    NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    length     {{int}} NOT NULL,
    commitment {{bytes}} NOT NULL,
    sealed_key {{bytes}},
    content    {{bytes}},
    stored_at  {{int}} NOT NULL,
    erased_at  {{int}},
    CHECK ((erased_at IS NULL) = (content IS NOT NULL)),
    CHECK ((content IS NULL) = (sealed_key IS NULL))
);
CREATE INDEX blob_by_purpose ON blob (purpose, stored_at);
