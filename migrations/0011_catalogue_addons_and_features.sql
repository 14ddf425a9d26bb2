-- What price plans bill beside usage: licences, fees and grants of credits.
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

-- What an account can be entitled to. Which schemas feed a feature is said by the schemas: one feeds one feature at most.
CREATE TABLE features (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  billable_name TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT;

CREATE INDEX features_by_name ON features (organization_id, name, id);

CREATE TRIGGER features_version BEFORE UPDATE OF version ON features WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- The feature whose units events of the schema use up, and the attribute that holds them.
ALTER TABLE event_schemas ADD COLUMN feature_id TEXT REFERENCES features (id);
ALTER TABLE event_schemas ADD COLUMN feature_attribute TEXT
CONSTRAINT event_schemas_feature_attribute CHECK ((feature_id IS NULL) = (feature_attribute IS NULL));

CREATE INDEX event_schemas_by_feature ON event_schemas (organization_id, feature_id, name) WHERE feature_id IS NOT NULL;

CREATE TRIGGER event_schemas_feature BEFORE UPDATE OF feature_id, feature_attribute ON event_schemas WHEN NEW.feature_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'EVENT_SCHEMA_HAS_FEATURE ' || json_array(NEW.name, name, id))
  FROM features WHERE id = OLD.feature_id AND id <> NEW.feature_id;

  SELECT RAISE(ABORT, 'EVENT_SCHEMA_ARCHIVED ' || json_array(NEW.name)) WHERE NEW.status = 'ARCHIVED';

  SELECT RAISE(ABORT, 'FEATURE_ATTRIBUTE_UNKNOWN ' || json_array(NEW.feature_attribute, NEW.name))
  WHERE NOT EXISTS (
    SELECT 1 FROM json_each(NEW.attributes) WHERE value ->> 'name' = NEW.feature_attribute
    UNION ALL
    SELECT 1 FROM json_each(NEW.enrichments, '$.fields')
    WHERE value ->> 'type' = 'ATTRIBUTE' AND value ->> 'name' = NEW.feature_attribute
  );
END;

-- A draft's lists are replaced, and must still have what its feature is fed by.
CREATE TRIGGER event_schemas_keeps_feature_attribute BEFORE UPDATE OF attributes, enrichments ON event_schemas
WHEN NEW.feature_id IS NOT NULL AND NEW.feature_id IS OLD.feature_id
BEGIN
  SELECT RAISE(ABORT, 'FEATURE_ATTRIBUTE_GONE ' || json_array(NEW.name, NEW.feature_attribute, features.name, features.id))
  FROM features
  WHERE features.id = NEW.feature_id AND NOT EXISTS (
    SELECT 1 FROM json_each(NEW.attributes) WHERE value ->> 'name' = NEW.feature_attribute
    UNION ALL
    SELECT 1 FROM json_each(NEW.enrichments, '$.fields')
    WHERE value ->> 'type' = 'ATTRIBUTE' AND value ->> 'name' = NEW.feature_attribute
  );
END;

CREATE TRIGGER event_schemas_archive_with_feature BEFORE UPDATE OF status ON event_schemas
WHEN NEW.status = 'ARCHIVED' AND NEW.feature_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'EVENT_SCHEMA_FEEDS_FEATURE ' || json_array(NEW.name, name, id)) FROM features WHERE id = NEW.feature_id;
END;

-- Settings can be kept on add-ons and features.
DROP VIEW entities;

CREATE VIEW catalogue_entities (organization_id, entity_type, entity_id, status) AS
SELECT organization_id, 'ADD_ON', id, status FROM add_ons
UNION ALL SELECT organization_id, 'FEATURE', id, 'ACTIVE' FROM features;

CREATE VIEW entities (organization_id, entity_type, entity_id, status) AS
SELECT * FROM customer_entities UNION ALL SELECT * FROM metering_entities UNION ALL SELECT * FROM catalogue_entities;
