-- Wrong check codes of complaints are counted as those of applications are, and lists of ratings go by time.
ALTER TABLE voice_complaint ADD COLUMN failures {{int}} NOT NULL DEFAULT 0;
ALTER TABLE voice_complaint ADD COLUMN locked_until {{int}};
CREATE INDEX voice_complaint_by_time ON voice_complaint (received_at, number);
CREATE INDEX voice_rating_by_time ON voice_rating (rated_at, application);
