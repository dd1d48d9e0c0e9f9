-- Secrets by which API clients sign in to the directory (LDAP simple bind). Drawn by the program, 192
-- bits, told once. What is kept is their MAC by a key of the device.
CREATE TABLE access_directory_secret (
    client_id   TEXT    NOT NULL PRIMARY KEY REFERENCES access_client (id),
    verifier    TEXT    NOT NULL CHECK (length(verifier) = 64),
    created_at  {{int}} NOT NULL,
    -- The last sign-in that the journal tells of; it tells of one an hour.
    bound_at    {{int}} NOT NULL DEFAULT 0
);
