-- Weekly sample reports: of each week's certificates some are drawn, and what stood behind each at its issue is told
-- (T-20). One row for each week, so that two nodes make one report. The report itself is a sealed blob; figures are
-- copies for lists, and the journal has the same (record `sample.reported`).
CREATE TABLE sample_report (
    -- The Monday, YYYY-MM-DD, in Asia/Shanghai.
    week            TEXT    NOT NULL PRIMARY KEY CHECK (length(week) = 10),
    -- Records of the journal at the end of the week, and the root over them.
    journal_size    {{int}} NOT NULL CHECK (journal_size >= 0),
    journal_root    TEXT    NOT NULL CHECK (length(journal_root) = 64),
    population      {{int}} NOT NULL CHECK (population >= 0),
    drawn           {{int}} NOT NULL CHECK (drawn BETWEEN 0 AND population),
    faulty          {{int}} NOT NULL CHECK (faulty >= 0),
    unjudged        {{int}} NOT NULL CHECK (unjudged >= 0),
    example_policy  {{int}} NOT NULL CHECK (example_policy >= 0),
    by_client       {{int}} NOT NULL CHECK (by_client >= 0),
    -- SM3 of the signed text.
    digest          TEXT    NOT NULL CHECK (length(digest) = 64),
    blob            TEXT    NOT NULL REFERENCES blob (id),
    seq             {{int}} NOT NULL,
    made_at         {{int}} NOT NULL
);
