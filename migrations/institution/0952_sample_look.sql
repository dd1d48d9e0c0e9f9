-- Who went through a weekly sample report and what they found: signed by their own key, once for each report (T-20). The
-- journal has the same (record `sample.reviewed`).
CREATE TABLE sample_look (
    week     TEXT    NOT NULL PRIMARY KEY REFERENCES sample_report (week),
    person   TEXT    NOT NULL CHECK (person <> ''),
    verdict  TEXT    NOT NULL CHECK (verdict IN ('clear', 'findings')),
    report   TEXT    NOT NULL,
    seq      {{int}} NOT NULL,
    at       {{int}} NOT NULL
);
