-- When the signing key of a stopped application key was destroyed in the device, after the end of its certificates.
ALTER TABLE signing_key ADD COLUMN destroyed_at {{int}};
