-- Credits of features that accounts have for a time, as they were granted; what is taken of them is kept in the ledger of the account.
-- granted is a decimal, as text, and NULL of overage without a limit. cycle_at is the first instant of the cycle that granted them, and
-- purchase_id what was bought. carried is the version that the ledger has, and asked what is to become of them when the ledger has agreed.
CREATE TABLE feature_entries (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  feature_id TEXT NOT NULL REFERENCES features (id),
  id TEXT NOT NULL,
  source TEXT NOT NULL,
  status TEXT NOT NULL,
  effective_from INTEGER NOT NULL,
  effective_until INTEGER NOT NULL,
  granted TEXT,
  cycle_at INTEGER,
  purchase_id TEXT,
  asked TEXT,
  carried INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (organization_id, account_id, feature_id, id),
  CONSTRAINT feature_entries_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
  CONSTRAINT feature_entries_source CHECK (source IN ('ENTITLEMENT', 'PRICE_PLAN', 'OVERAGE', 'REFUND')),
  CONSTRAINT feature_entries_status CHECK (status IN ('ACTIVE', 'VOIDED')),
  CONSTRAINT feature_entries_range CHECK (effective_from <= effective_until),
  CONSTRAINT feature_entries_granted CHECK (granted IS NULL OR substr(granted, 1, 1) <> '-'),
  CONSTRAINT feature_entries_limited CHECK (granted IS NOT NULL OR source = 'OVERAGE'),
  CONSTRAINT feature_entries_asked_json CHECK (json_valid(asked)),
  CONSTRAINT feature_entries_carried CHECK (carried BETWEEN 0 AND version)
) STRICT, WITHOUT ROWID;

CREATE INDEX feature_entries_by_cycle ON feature_entries (organization_id, account_id, cycle_at) WHERE cycle_at IS NOT NULL;
CREATE INDEX feature_entries_by_purchase ON feature_entries (organization_id, purchase_id) WHERE purchase_id IS NOT NULL;
CREATE INDEX feature_entries_to_carry ON feature_entries (organization_id, account_id) WHERE carried < version OR asked IS NOT NULL;

-- A row that lacks changes which its ledger has, because the database was restored, takes them over with their version.
CREATE TRIGGER feature_entries_version BEFORE UPDATE OF version ON feature_entries
WHEN NEW.version <> OLD.version + 1 AND NOT (NEW.version > OLD.version AND NEW.carried = NEW.version)
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER feature_entries_given BEFORE UPDATE OF source, cycle_at, purchase_id, created_at ON feature_entries
BEGIN
  SELECT RAISE(ABORT, 'what granted the credits of a feature never changes');
END;

CREATE TRIGGER feature_entries_kept BEFORE DELETE ON feature_entries
BEGIN
  SELECT RAISE(ABORT, 'credits of features are never deleted');
END;
