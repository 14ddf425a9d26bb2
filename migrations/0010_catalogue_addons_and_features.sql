-- What price plans bill beside usage: licences, fees and grants of credits. What prices an add-on refuses its archive with a trigger of its
-- own, BEFORE UPDATE OF status ON add_ons WHEN NEW.status = 'ARCHIVED', in the migration that makes its table.
CREATE TABLE add_ons (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  billable_name TEXT,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  id_folded TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  billable_name_folded TEXT,
  CONSTRAINT add_ons_type CHECK (type IN ('LICENSE', 'FIXED_FEE', 'CREDIT_GRANT', 'NAMED_LICENSE')),
  CONSTRAINT add_ons_status CHECK (status IN ('ACTIVE', 'ARCHIVED'))
) STRICT;

CREATE UNIQUE INDEX add_ons_billable_name_unique ON add_ons (organization_id, billable_name)
WHERE status = 'ACTIVE' AND billable_name IS NOT NULL;
CREATE INDEX add_ons_by_name ON add_ons (organization_id, status, name, id);
CREATE INDEX add_ons_by_created_at ON add_ons (organization_id, status, created_at DESC, id);
CREATE INDEX add_ons_by_id_folded ON add_ons (organization_id, id_folded);
CREATE INDEX add_ons_by_name_folded ON add_ons (organization_id, name_folded);
CREATE INDEX add_ons_by_billable_name_folded ON add_ons (organization_id, billable_name_folded);

CREATE TRIGGER add_ons_new BEFORE INSERT ON add_ons
BEGIN
  SELECT RAISE(ABORT, 'ADD_ON_BILLABLE_NAME_TAKEN ' || json_array(billable_name, id))
  FROM add_ons WHERE organization_id = NEW.organization_id AND billable_name = NEW.billable_name AND status = 'ACTIVE';
END;

CREATE TRIGGER add_ons_billable_name BEFORE UPDATE OF billable_name ON add_ons WHEN NEW.billable_name IS NOT OLD.billable_name
BEGIN
  SELECT RAISE(ABORT, 'ADD_ON_BILLABLE_NAME_TAKEN ' || json_array(billable_name, id))
  FROM add_ons WHERE organization_id = NEW.organization_id AND billable_name = NEW.billable_name AND status = 'ACTIVE';
END;

CREATE TRIGGER add_ons_version BEFORE UPDATE OF version ON add_ons WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- Events add names to a named licence while it is active.
CREATE TRIGGER add_ons_named_license AFTER INSERT ON add_ons WHEN NEW.type = 'NAMED_LICENSE'
BEGIN
  INSERT INTO named_licenses VALUES (NEW.organization_id, NEW.id);
END;

CREATE TRIGGER add_ons_named_license_archived AFTER UPDATE OF status ON add_ons WHEN NEW.type = 'NAMED_LICENSE' AND NEW.status = 'ARCHIVED'
BEGIN
  DELETE FROM named_licenses WHERE organization_id = NEW.organization_id AND id = NEW.id;
END;

-- Settings can be kept on add-ons.
DROP VIEW entities;

CREATE VIEW catalogue_entities (organization_id, entity_type, entity_id, status) AS
SELECT organization_id, 'ADD_ON', id, status FROM add_ons;

CREATE VIEW entities (organization_id, entity_type, entity_id, status) AS
SELECT * FROM customer_entities UNION ALL SELECT * FROM metering_entities UNION ALL SELECT * FROM catalogue_entities;
