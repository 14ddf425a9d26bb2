-- What is remembered with the organization because a schema names it in full is a setting of an account: which one, whatever the case of
-- its namespace, the end of the key says. It is told when such a setting is made, and when it changes.
DROP TRIGGER settings_named_on_insert;

CREATE TRIGGER settings_named_on_insert AFTER INSERT ON settings WHEN NEW.entity_type = 'ACCOUNT'
BEGIN
  UPDATE organizations SET version = version + 1
  WHERE id = NEW.organization_id AND EXISTS (
    SELECT 1 FROM event_schemas AS its, json_each(its.enrichments, '$.dependencies') AS d
    WHERE its.organization_id = NEW.organization_id AND its.status = 'ACTIVE'
      AND substr(d.value ->> 'key', -length('.ACCOUNT.' || NEW.entity_id)) = '.ACCOUNT.' || NEW.entity_id
  );
  INSERT INTO due SELECT NEW.organization_id, 'ORGANIZATION_CHANGED', '', NEW.updated_at
  WHERE changes() > 0 ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = excluded.due_at;
END;

CREATE TRIGGER settings_named_on_update AFTER UPDATE OF value, data_type ON settings WHEN NEW.entity_type = 'ACCOUNT'
BEGIN
  UPDATE organizations SET version = version + 1
  WHERE id = NEW.organization_id AND EXISTS (
    SELECT 1 FROM event_schemas AS its, json_each(its.enrichments, '$.dependencies') AS d
    WHERE its.organization_id = NEW.organization_id AND its.status = 'ACTIVE'
      AND substr(d.value ->> 'key', -length('.ACCOUNT.' || NEW.entity_id)) = '.ACCOUNT.' || NEW.entity_id
  );
  INSERT INTO due SELECT NEW.organization_id, 'ORGANIZATION_CHANGED', '', NEW.updated_at
  WHERE changes() > 0 ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = excluded.due_at;
END;
