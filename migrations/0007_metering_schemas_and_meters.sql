-- What the events of an organization hold, by the name that events give. Beside the newest definition, with which events are processed,
-- stands its definition_version, which counts the definitions that were published; version counts every change.
CREATE TABLE event_schemas (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  description TEXT,
  status TEXT NOT NULL,
  definition_version INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  filter_fields TEXT,
  enrichments TEXT,
  event_id_template TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  name_folded TEXT NOT NULL,
  description_folded TEXT,
  CONSTRAINT event_schemas_name_unique UNIQUE (organization_id, name),
  CONSTRAINT event_schemas_status CHECK (status IN ('DRAFT', 'ACTIVE', 'INACTIVE', 'ARCHIVED')),
  CONSTRAINT event_schemas_definition_version_range CHECK (definition_version >= 1),
  CONSTRAINT event_schemas_attributes_json CHECK (json_valid(attributes)),
  CONSTRAINT event_schemas_dimensions_json CHECK (json_valid(dimensions)),
  CONSTRAINT event_schemas_filter_fields_json CHECK (json_valid(filter_fields)),
  CONSTRAINT event_schemas_enrichments_json CHECK (json_valid(enrichments))
) STRICT;

CREATE INDEX event_schemas_by_updated_at ON event_schemas (organization_id, status, updated_at DESC, name);
CREATE INDEX event_schemas_by_name ON event_schemas (organization_id, status, name);
CREATE INDEX event_schemas_by_name_folded ON event_schemas (organization_id, name_folded);
CREATE INDEX event_schemas_by_description_folded ON event_schemas (organization_id, description_folded);

-- What a schema was before its newest definition, as it was last. These rows never change.
CREATE TABLE event_schema_versions (
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  definition_version INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  filter_fields TEXT,
  enrichments TEXT,
  event_id_template TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, name, definition_version),
  CONSTRAINT event_schema_versions_schema FOREIGN KEY (organization_id, name) REFERENCES event_schemas (organization_id, name),
  CONSTRAINT event_schema_versions_attributes_json CHECK (json_valid(attributes)),
  CONSTRAINT event_schema_versions_dimensions_json CHECK (json_valid(dimensions)),
  CONSTRAINT event_schema_versions_filter_fields_json CHECK (json_valid(filter_fields)),
  CONSTRAINT event_schema_versions_enrichments_json CHECK (json_valid(enrichments))
) STRICT, WITHOUT ROWID;

-- What is counted of events: of those of a schema, or of usage that is sent as such where there is none. definition_version counts the
-- changes of filters, aggregation and computations; version counts every change.
CREATE TABLE usage_meters (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  billable_name TEXT,
  description TEXT,
  status TEXT NOT NULL,
  aggregation TEXT NOT NULL,
  event_schema_name TEXT,
  filters TEXT,
  computations TEXT,
  definition_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_activated_at INTEGER,
  version INTEGER NOT NULL,
  id_folded TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  billable_name_folded TEXT,
  CONSTRAINT usage_meters_name_unique UNIQUE (organization_id, name),
  CONSTRAINT usage_meters_schema FOREIGN KEY (organization_id, event_schema_name) REFERENCES event_schemas (organization_id, name),
  CONSTRAINT usage_meters_status CHECK (status IN ('DRAFT', 'ACTIVE', 'INACTIVE', 'ARCHIVED')),
  CONSTRAINT usage_meters_aggregation CHECK (aggregation IN ('COUNT', 'SUM')),
  CONSTRAINT usage_meters_definition_version_range CHECK (definition_version >= 1),
  CONSTRAINT usage_meters_filters_json CHECK (json_valid(filters)),
  CONSTRAINT usage_meters_computations_json CHECK (json_valid(computations))
) STRICT;

CREATE INDEX usage_meters_by_updated_at ON usage_meters (organization_id, status, updated_at DESC, id);
CREATE INDEX usage_meters_by_schema ON usage_meters (organization_id, event_schema_name, status, name);
CREATE INDEX usage_meters_by_id_folded ON usage_meters (organization_id, id_folded);
CREATE INDEX usage_meters_by_name_folded ON usage_meters (organization_id, name_folded);
CREATE INDEX usage_meters_by_billable_name_folded ON usage_meters (organization_id, billable_name_folded);

CREATE TRIGGER event_schemas_new BEFORE INSERT ON event_schemas
BEGIN
  SELECT RAISE(ABORT, 'EVENT_SCHEMA_TAKEN ' || json_array(name, status))
  FROM event_schemas WHERE organization_id = NEW.organization_id AND name = NEW.name;

  SELECT RAISE(ABORT, 'TOO_MANY_EVENT_SCHEMAS ' || json_array(count(*)))
  FROM event_schemas WHERE organization_id = NEW.organization_id AND status <> 'ARCHIVED'
  HAVING count(*) >= 100;
END;

CREATE TRIGGER event_schemas_version BEFORE UPDATE OF version ON event_schemas WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER event_schemas_deactivate BEFORE UPDATE OF status ON event_schemas WHEN NEW.status = 'INACTIVE'
BEGIN
  SELECT RAISE(ABORT, 'EVENT_SCHEMA_HAS_ACTIVE_METERS ' || json_array(NEW.name, group_concat(name, '", "') FILTER (WHERE n < 11), count(*)))
  FROM (
    SELECT name, row_number() OVER (ORDER BY name) AS n FROM usage_meters
    WHERE organization_id = NEW.organization_id AND event_schema_name = NEW.name AND status = 'ACTIVE'
    ORDER BY name LIMIT 11
  )
  HAVING count(*) > 0;
END;

CREATE TRIGGER event_schemas_archive BEFORE UPDATE OF status ON event_schemas WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'EVENT_SCHEMA_HAS_METERS ' || json_array(NEW.name, group_concat(name, '", "') FILTER (WHERE n < 11), count(*)))
  FROM (
    SELECT name, row_number() OVER (ORDER BY name) AS n FROM usage_meters
    WHERE organization_id = NEW.organization_id AND event_schema_name = NEW.name AND status <> 'ARCHIVED'
    ORDER BY name LIMIT 11
  )
  HAVING count(*) > 0;
END;

CREATE TRIGGER usage_meters_new BEFORE INSERT ON usage_meters
BEGIN
  SELECT RAISE(ABORT, 'USAGE_METER_TAKEN ' || json_array(name, id, status))
  FROM usage_meters WHERE organization_id = NEW.organization_id AND name = NEW.name;

  SELECT RAISE(ABORT, 'TOO_MANY_USAGE_METERS ' || json_array(count(*)))
  FROM usage_meters WHERE organization_id = NEW.organization_id AND status <> 'ARCHIVED'
  HAVING count(*) >= 100;

  SELECT RAISE(ABORT, 'EVENT_SCHEMA_NOT_FOUND ' || json_array(NEW.event_schema_name))
  WHERE NEW.event_schema_name IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM event_schemas WHERE organization_id = NEW.organization_id AND name = NEW.event_schema_name);

  SELECT RAISE(ABORT, 'EVENT_SCHEMA_ARCHIVED ' || json_array(name))
  FROM event_schemas WHERE organization_id = NEW.organization_id AND name = NEW.event_schema_name AND status = 'ARCHIVED';

  SELECT RAISE(ABORT, 'FILTER_FIELD_UNKNOWN ' || json_array(filter.value ->> 'field', its.name))
  FROM event_schemas AS its, json_each(NEW.filters) AS filter
  WHERE its.organization_id = NEW.organization_id AND its.name = NEW.event_schema_name
    AND filter.value ->> 'field' NOT IN (SELECT value FROM json_each(its.filter_fields));
END;

CREATE TRIGGER usage_meters_schema BEFORE UPDATE OF event_schema_name, filters ON usage_meters
BEGIN
  SELECT RAISE(ABORT, 'EVENT_SCHEMA_NOT_FOUND ' || json_array(NEW.event_schema_name))
  WHERE NEW.event_schema_name IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM event_schemas WHERE organization_id = NEW.organization_id AND name = NEW.event_schema_name);

  SELECT RAISE(ABORT, 'EVENT_SCHEMA_ARCHIVED ' || json_array(name))
  FROM event_schemas WHERE organization_id = NEW.organization_id AND name = NEW.event_schema_name AND status = 'ARCHIVED';

  SELECT RAISE(ABORT, 'FILTER_FIELD_UNKNOWN ' || json_array(filter.value ->> 'field', its.name))
  FROM event_schemas AS its, json_each(NEW.filters) AS filter
  WHERE its.organization_id = NEW.organization_id AND its.name = NEW.event_schema_name
    AND filter.value ->> 'field' NOT IN (SELECT value FROM json_each(its.filter_fields));
END;

CREATE TRIGGER usage_meters_name BEFORE UPDATE OF name ON usage_meters WHEN NEW.name <> OLD.name
BEGIN
  SELECT RAISE(ABORT, 'USAGE_METER_TAKEN ' || json_array(name, id, status))
  FROM usage_meters WHERE organization_id = NEW.organization_id AND name = NEW.name;
END;

CREATE TRIGGER usage_meters_version BEFORE UPDATE OF version ON usage_meters WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- The filterFields of a schema that was a draft may have changed since the meter was given its filters.
CREATE TRIGGER usage_meters_activate BEFORE UPDATE OF status ON usage_meters WHEN NEW.status = 'ACTIVE'
BEGIN
  SELECT RAISE(ABORT, 'EVENT_SCHEMA_NOT_ACTIVE ' || json_array(NEW.name, name, status))
  FROM event_schemas WHERE organization_id = NEW.organization_id AND name = NEW.event_schema_name AND status <> 'ACTIVE';

  SELECT RAISE(ABORT, 'METER_FILTER_GONE ' || json_array(NEW.name, filter.value ->> 'field', its.name))
  FROM event_schemas AS its, json_each(NEW.filters) AS filter
  WHERE its.organization_id = NEW.organization_id AND its.name = NEW.event_schema_name
    AND filter.value ->> 'field' NOT IN (SELECT value FROM json_each(its.filter_fields));
END;

-- Settings can be kept on schemas and on meters. What each domain has them kept on is a view of its own: D1 takes five queries in a union.
DROP VIEW entities;

CREATE VIEW customer_entities (organization_id, entity_type, entity_id, status) AS
SELECT id, 'ORGANIZATION', id, 'ACTIVE' FROM organizations
UNION ALL SELECT organization_id, 'CUSTOMER', id, status FROM customers
UNION ALL SELECT organization_id, 'ACCOUNT', id, status FROM accounts
UNION ALL SELECT organization_id, 'INVOICE_GROUP', id, status FROM invoice_groups;

CREATE VIEW metering_entities (organization_id, entity_type, entity_id, status) AS
SELECT organization_id, 'EVENT_SCHEMA', name, status FROM event_schemas
UNION ALL SELECT organization_id, 'USAGE_METER', id, status FROM usage_meters;

CREATE VIEW entities (organization_id, entity_type, entity_id, status) AS
SELECT * FROM customer_entities UNION ALL SELECT * FROM metering_entities;
