-- The first answer to a write under a key, kept in the batch of the write: 30 days, then a cron trigger clears it.
CREATE TABLE idempotency_keys (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  key TEXT NOT NULL,
  role TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  location TEXT,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, key),
  CONSTRAINT idempotency_keys_body_json CHECK (json_valid(body))
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_created_at ON idempotency_keys (created_at);

CREATE TRIGGER idempotency_keys_used BEFORE INSERT ON idempotency_keys
BEGIN
  SELECT RAISE(ABORT, 'KEY_USED []') FROM idempotency_keys WHERE organization_id = NEW.organization_id AND key = NEW.key;
END;
