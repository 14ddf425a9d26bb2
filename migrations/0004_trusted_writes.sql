-- An answer under a key is given again with its tag. One that holds a secret is kept encrypted, as a JSON string.
ALTER TABLE idempotency_keys ADD COLUMN etag TEXT;

ALTER TABLE aliases ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TRIGGER aliases_version BEFORE UPDATE OF version ON aliases WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

DROP TRIGGER account_aliases_pooled;

CREATE TRIGGER account_aliases_pooled AFTER INSERT ON account_aliases
BEGIN
  INSERT INTO aliases (organization_id, value, status, created_at, updated_at)
  VALUES (NEW.organization_id, NEW.value, 'ACTIVE', NEW.created_at, NEW.created_at)
  ON CONFLICT (organization_id, value) DO UPDATE
  SET status = 'ACTIVE', created_at = excluded.created_at, updated_at = excluded.updated_at, version = version + 1
  WHERE status = 'ARCHIVED';
END;

-- A token is given another secret under its id. Those before it are in token_secrets for as long as they hold.
ALTER TABLE tokens ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tokens ADD COLUMN last_used_on TEXT;
ALTER TABLE tokens ADD COLUMN previous_expires_at INTEGER;

CREATE TABLE token_secrets (
  hash TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  token_id TEXT NOT NULL REFERENCES tokens (id),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX token_secrets_by_token ON token_secrets (token_id);
CREATE INDEX tokens_by_id ON tokens (organization_id, id);

CREATE TRIGGER tokens_version BEFORE UPDATE OF version ON tokens WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- What an archive ended, so that it can be undone: the status and the invoice group of an account, the end of an alias, a group with its last account.
ALTER TABLE accounts ADD COLUMN before_archive TEXT CONSTRAINT accounts_before_archive_json CHECK (json_valid(before_archive));
ALTER TABLE account_aliases ADD COLUMN until_before_archive INTEGER;
ALTER TABLE invoice_groups ADD COLUMN ended_by_archive INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER accounts_restore BEFORE UPDATE OF status ON accounts WHEN OLD.status = 'ARCHIVED' AND NEW.status <> 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_ARCHIVED ' || json_array(NEW.customer_id))
  FROM customers WHERE organization_id = NEW.organization_id AND id = NEW.customer_id AND status = 'ARCHIVED';
END;

-- An alias that comes back was free when that was decided, or the decision is made again.
CREATE TRIGGER account_aliases_back BEFORE UPDATE OF effective_until ON account_aliases WHEN NEW.effective_until > OLD.effective_until
BEGIN
  SELECT RAISE(ABORT, 'STALE []')
  FROM accounts
  WHERE organization_id = NEW.organization_id AND id = NEW.value AND togai_account_id <> NEW.togai_account_id;

  SELECT RAISE(ABORT, 'STALE []')
  FROM account_aliases
  WHERE organization_id = NEW.organization_id AND value = NEW.value AND id <> NEW.id
    AND effective_from < NEW.effective_until AND effective_until > NEW.effective_from AND effective_from < effective_until;
END;

CREATE TRIGGER account_aliases_pooled_again AFTER UPDATE OF effective_until ON account_aliases WHEN NEW.effective_until > OLD.effective_until
BEGIN
  INSERT INTO aliases (organization_id, value, status, created_at, updated_at)
  VALUES (NEW.organization_id, NEW.value, 'ACTIVE', NEW.updated_at, NEW.updated_at)
  ON CONFLICT (organization_id, value) DO UPDATE
  SET status = 'ACTIVE', created_at = excluded.created_at, updated_at = excluded.updated_at, version = version + 1
  WHERE status = 'ARCHIVED';
END;

-- One row for each resource that a request changed, written in the batch of the change. In an organization the rows are numbered
-- from 1 in the order of their batches, and no row is earlier than the one before it.
-- hash is SHA-256 over the row and the hash before it, set once when a cron trigger seals the row.
CREATE TABLE audit_log (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  token_id TEXT NOT NULL,
  role TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  changes TEXT NOT NULL,
  hash TEXT,
  CONSTRAINT audit_log_changes_json CHECK (json_valid(changes))
) STRICT;

CREATE UNIQUE INDEX audit_log_by_time ON audit_log (organization_id, at, sequence);
CREATE INDEX audit_log_by_resource ON audit_log (organization_id, resource_type, resource_id, at, sequence);
CREATE INDEX audit_log_by_token ON audit_log (organization_id, token_id, at, sequence);

CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;

CREATE TRIGGER audit_log_unchanged
BEFORE UPDATE OF organization_id, sequence, at, token_id, role, operation_id, resource_type, resource_id, request_id, changes ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;

CREATE TRIGGER audit_log_sealed BEFORE UPDATE OF hash ON audit_log WHEN OLD.hash IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;

-- Up to which row the log of an organization is sealed, and with which hash.
CREATE TABLE audit_seals (
  organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id),
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
