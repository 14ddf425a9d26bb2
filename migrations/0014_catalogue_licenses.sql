-- How many updates the licences of an account for an add-on had. Each raises the version, so that two at once are taken one after the other.
CREATE TABLE licenses (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  license_id TEXT NOT NULL REFERENCES add_ons (id),
  version INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  CONSTRAINT licenses_key PRIMARY KEY (organization_id, account_id, license_id)
) STRICT;

CREATE TRIGGER licenses_new BEFORE INSERT ON licenses
BEGIN
  SELECT RAISE(ABORT, 'STALE []')
  FROM licenses WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND license_id = NEW.license_id;
END;

CREATE TRIGGER licenses_version BEFORE UPDATE OF version ON licenses WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- Updates of licences, in the order of effective_from and then of position, which counts them in the order in which they were made. The
-- account need not exist. value is the quantity in force after the update; an update that is made later and takes effect earlier changes it.
CREATE TABLE license_updates (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  license_id TEXT NOT NULL,
  update_type TEXT NOT NULL,
  quantity TEXT NOT NULL,
  value TEXT NOT NULL,
  effective_from INTEGER NOT NULL,
  position INTEGER NOT NULL,
  metadata TEXT,
  idempotency_key TEXT,
  fingerprint TEXT,
  created_at INTEGER NOT NULL,
  CONSTRAINT license_updates_license FOREIGN KEY (organization_id, account_id, license_id)
  REFERENCES licenses (organization_id, account_id, license_id),
  CONSTRAINT license_updates_type CHECK (update_type IN ('RELATIVE', 'ABSOLUTE')),
  CONSTRAINT license_updates_value CHECK (substr(value, 1, 1) <> '-'),
  CONSTRAINT license_updates_metadata CHECK (json_type(metadata) = 'object'),
  CONSTRAINT license_updates_key CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) STRICT;

CREATE UNIQUE INDEX license_updates_timeline
ON license_updates (organization_id, account_id, license_id, effective_from, position, update_type);
CREATE UNIQUE INDEX license_updates_by_key ON license_updates (organization_id, account_id, idempotency_key)
WHERE idempotency_key IS NOT NULL;
CREATE INDEX license_updates_by_created_at ON license_updates (organization_id, created_at, position, id);
CREATE INDEX license_updates_of_account_by_created_at ON license_updates (organization_id, account_id, created_at, position, id);
CREATE INDEX license_updates_of_license_by_created_at ON license_updates (organization_id, license_id, created_at, position, id);
CREATE INDEX license_updates_of_both_by_created_at ON license_updates (organization_id, account_id, license_id, created_at, position, id);
CREATE INDEX license_updates_by_effective_from ON license_updates (organization_id, effective_from, position, id);
CREATE INDEX license_updates_of_account_by_effective_from ON license_updates (organization_id, account_id, effective_from, position, id);
CREATE INDEX license_updates_of_license_by_effective_from ON license_updates (organization_id, license_id, effective_from, position, id);
CREATE INDEX license_updates_of_both_by_effective_from ON license_updates (organization_id, account_id, license_id, effective_from, position, id);

-- What the update was computed from has changed: the add-on, or whether its key was used.
CREATE TRIGGER license_updates_add_on BEFORE INSERT ON license_updates
WHEN NOT EXISTS (
  SELECT 1 FROM add_ons
  WHERE id = NEW.license_id AND organization_id = NEW.organization_id AND type = 'LICENSE' AND status = 'ACTIVE'
)
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER license_updates_key_used BEFORE INSERT ON license_updates WHEN NEW.idempotency_key IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'STALE []')
  FROM license_updates
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND idempotency_key = NEW.idempotency_key;
END;
