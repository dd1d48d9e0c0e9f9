-- What applicants and the public say of the service: ratings (好差评) and complaints (Measures Art. 29).
--
-- What people wrote, and who they are, is in sealed blobs (purposes `voice-…`).

CREATE TABLE voice_rating (
    -- One application, one rating.
    application  TEXT    NOT NULL PRIMARY KEY CHECK (length(application) = 32),
    service      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    office       TEXT,
    -- 5 非常满意 … 1 非常不满意.
    level        {{int}} NOT NULL CHECK (level BETWEEN 1 AND 5),
    remark       TEXT    REFERENCES blob (id),
    rated_at     {{int}} NOT NULL,
    changed_at   {{int}} NOT NULL,
    answer       TEXT    REFERENCES blob (id),
    answered_by  TEXT,
    answered_at  {{int}},
    version      {{int}} NOT NULL CHECK (version > 0),
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CHECK ((answer IS NULL) = (answered_by IS NULL))
);
CREATE INDEX voice_rating_by_level ON voice_rating (level, rated_at, application);

-- The sequence of complaints of a day.
CREATE TABLE voice_number (
    day   TEXT    NOT NULL PRIMARY KEY CHECK (length(day) = 8),
    last  {{int}} NOT NULL CHECK (last > 0)
);

CREATE TABLE voice_complaint (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    number       TEXT    NOT NULL UNIQUE,
    category     TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('received', 'accepted', 'answered', 'closed')),
    -- Keyed hash of number and check code.
    code_index   TEXT    NOT NULL,
    content      TEXT    NOT NULL REFERENCES blob (id),
    received_at  {{int}} NOT NULL,
    answered_at  {{int}},
    changed_at   {{int}} NOT NULL,
    version      {{int}} NOT NULL CHECK (version > 0)
);
CREATE INDEX voice_complaint_by_state ON voice_complaint (state, received_at, id);

-- What was done about it, in order.
CREATE TABLE voice_step (
    complaint  TEXT    NOT NULL REFERENCES voice_complaint (id),
    position   {{int}} NOT NULL CHECK (position > 0),
    step       TEXT    NOT NULL CHECK (step IN ('accept', 'answer', 'close')),
    person     TEXT    NOT NULL,
    blob       TEXT    NOT NULL REFERENCES blob (id),
    at         {{int}} NOT NULL,
    PRIMARY KEY (complaint, position)
);
