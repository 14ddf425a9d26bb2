-- Whether events of a schema show what they earned (1), as the setting SYSTEM.event_level_revenue of the schema says.
ALTER TABLE event_schemas ADD COLUMN event_level_revenue INTEGER NOT NULL DEFAULT 0
CONSTRAINT event_schemas_event_level_revenue CHECK (event_level_revenue IN (0, 1));

CREATE TRIGGER settings_event_revenue_on_insert AFTER INSERT ON settings
WHEN NEW.entity_type = 'EVENT_SCHEMA' AND NEW.namespace = 'SYSTEM' AND NEW.id = 'event_level_revenue'
BEGIN
  UPDATE event_schemas SET event_level_revenue = NEW.value = 'true', version = version + 1
  WHERE organization_id = NEW.organization_id AND name = NEW.entity_id;
END;

CREATE TRIGGER settings_event_revenue_on_update AFTER UPDATE OF value ON settings
WHEN NEW.entity_type = 'EVENT_SCHEMA' AND NEW.namespace = 'SYSTEM' AND NEW.id = 'event_level_revenue'
BEGIN
  UPDATE event_schemas SET event_level_revenue = NEW.value = 'true', version = version + 1
  WHERE organization_id = NEW.organization_id AND name = NEW.entity_id;
END;

UPDATE event_schemas SET event_level_revenue = 1, version = version + 1
WHERE EXISTS (
  SELECT 1 FROM settings
  WHERE settings.organization_id = event_schemas.organization_id AND settings.entity_type = 'EVENT_SCHEMA' AND settings.entity_id = event_schemas.name
    AND settings.namespace = 'SYSTEM' AND settings.id = 'event_level_revenue' AND settings.value = 'true'
);
