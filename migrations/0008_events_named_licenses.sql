-- The licences whose names events add and remove.
CREATE TABLE named_licenses (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  id TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

-- A setting of an account that a schema names in full is remembered with the organization.
CREATE TRIGGER settings_named_on_insert AFTER INSERT ON settings WHEN NEW.entity_type = 'ACCOUNT'
BEGIN
  UPDATE organizations SET version = version + 1
  WHERE id = NEW.organization_id AND EXISTS (
    SELECT 1 FROM event_schemas AS its, json_each(its.enrichments, '$.dependencies') AS d
    WHERE its.organization_id = NEW.organization_id AND its.status = 'ACTIVE' AND d.value ->> 'key' = NEW.id_string
  );
  INSERT INTO due SELECT NEW.organization_id, 'ORGANIZATION_CHANGED', '', NEW.updated_at
  WHERE changes() > 0 ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = excluded.due_at;
END;
