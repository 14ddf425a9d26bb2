-- What time, or a later domain, has to do next: a row a kind and subject, due at an instant in milliseconds. Whoever does it settles
-- the row in the commit that did it.
CREATE TABLE due (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, kind, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX due_by_time ON due (due_at);
CREATE INDEX due_by_organization ON due (organization_id, due_at);

-- One row for each resource that a commit changed, in the order of the commits: what webhooks tell.
CREATE TABLE outbox (
  sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  at INTEGER NOT NULL,
  operation_id TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL
) STRICT;

CREATE INDEX outbox_by_time ON outbox (at);

-- Values about a person enter the chain of the audit log as digests, with a salt of their row, so that they can be forgotten and the
-- chain still be verified: the salt goes with them. digests is written when the row is sealed: {"name": ["<old>", "<new>"]}.
ALTER TABLE audit_log ADD COLUMN salt TEXT;
ALTER TABLE audit_log ADD COLUMN digests TEXT CONSTRAINT audit_log_digests_json CHECK (json_valid(digests));

-- What was sealed without digests is sealed anew, by the next minute's run.
DROP TRIGGER audit_log_sealed;
DROP TRIGGER audit_log_unchanged;
UPDATE audit_log SET hash = NULL, salt = lower(hex(randomblob(16)));
DELETE FROM audit_seals;

CREATE TRIGGER audit_log_sealed BEFORE UPDATE OF hash, digests ON audit_log WHEN OLD.hash IS NOT NULL OR OLD.digests IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;

CREATE TRIGGER audit_log_unchanged
BEFORE UPDATE OF organization_id, sequence, at, token_id, role, operation_id, resource_type, resource_id, request_id ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;

-- Changes lose values about a person, and nothing else: audit:verify says which.
CREATE TRIGGER audit_log_forgets BEFORE UPDATE OF changes, salt ON audit_log WHEN NEW.salt IS NOT NULL OR OLD.digests IS NULL
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;
