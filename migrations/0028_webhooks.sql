-- What webhooks tell: of a change its status before and after, as JSON, which is kept only where somebody is told.
ALTER TABLE outbox ADD COLUMN status TEXT CONSTRAINT outbox_status_json CHECK (json_valid(status));

CREATE INDEX outbox_told ON outbox (organization_id, sequence) WHERE status IS NOT NULL;

-- Cycles of schedules that were dropped or cut are told of.
CREATE INDEX schedules_gone ON schedules (id) WHERE state = 'GONE';

-- Up to which change of the outbox webhooks have been made of an organization that has an endpoint to which they are sent. Others have none.
CREATE TABLE outbox_cursors (
  organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id),
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where webhooks are sent. event_types is NULL where all are sent. origin is the address under which the Worker was called when it was made,
-- for links. secret and previous_secret are encrypted, with the signing secret of which key_mark is a mark; the previous one signs too until
-- previous_until. What happened up to after_sequence is not sent. failing_since is the first failure since something was delivered last.
CREATE TABLE webhook_endpoints (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  url TEXT NOT NULL,
  description TEXT,
  event_types TEXT,
  status TEXT NOT NULL,
  status_reason TEXT,
  origin TEXT NOT NULL,
  secret TEXT NOT NULL,
  previous_secret TEXT,
  previous_until INTEGER,
  key_mark TEXT NOT NULL,
  after_sequence INTEGER NOT NULL,
  failing_since INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT webhook_endpoints_status CHECK (status IN ('ENABLED', 'DISABLED', 'DELETED')),
  CONSTRAINT webhook_endpoints_event_types_json CHECK (json_valid(event_types)),
  CONSTRAINT webhook_endpoints_previous CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
) STRICT;

CREATE INDEX webhook_endpoints_by_organization ON webhook_endpoints (organization_id, status, id);
CREATE INDEX webhook_endpoints_enabled ON webhook_endpoints (organization_id) WHERE status = 'ENABLED';
CREATE INDEX webhook_endpoints_by_key ON webhook_endpoints (key_mark);

-- What is sent: body is made once, and sent byte for byte.
CREATE TABLE webhook_events (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  type TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX webhook_events_by_time ON webhook_events (created_at);

-- An event on its way to an endpoint. number counts the deliveries of the endpoint. Nobody else tries one before claimed_until.
CREATE TABLE webhook_deliveries (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  endpoint_id TEXT NOT NULL REFERENCES webhook_endpoints (id),
  event_id TEXT NOT NULL REFERENCES webhook_events (id),
  number INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  status TEXT NOT NULL,
  is_resent INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL,
  first_attempt_at INTEGER,
  last_attempt_at INTEGER,
  last_status INTEGER,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  CONSTRAINT webhook_deliveries_status CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED', 'CANCELLED')),
  CONSTRAINT webhook_deliveries_is_resent CHECK (is_resent IN (0, 1)),
  CONSTRAINT webhook_deliveries_ended CHECK ((status = 'PENDING') = (ended_at IS NULL))
) STRICT;

CREATE UNIQUE INDEX webhook_deliveries_by_number ON webhook_deliveries (endpoint_id, number);
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (endpoint_id, status, number);
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_ended_by ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
-- What is to be sent next, and what waits for something earlier of the same resource.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_at) WHERE status = 'PENDING';
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (endpoint_id, resource_type, resource_id, number) WHERE status = 'PENDING';

CREATE TRIGGER webhook_endpoints_most BEFORE INSERT ON webhook_endpoints
WHEN (SELECT count(*) FROM webhook_endpoints WHERE organization_id = NEW.organization_id AND status IN ('ENABLED', 'DISABLED')) >= 50
BEGIN
  SELECT RAISE(ABORT, 'TOO_MANY_WEBHOOK_ENDPOINTS ' || json_array(50));
END;

CREATE TRIGGER webhook_endpoints_version BEFORE UPDATE OF version ON webhook_endpoints WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER webhook_endpoints_gone BEFORE UPDATE OF version ON webhook_endpoints
WHEN OLD.status = 'DELETED' AND NEW.version = OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'a deleted endpoint never changes');
END;

CREATE TRIGGER webhook_endpoints_kept BEFORE DELETE ON webhook_endpoints
BEGIN
  SELECT RAISE(ABORT, 'webhook endpoints are never deleted');
END;

-- An endpoint is sent what happens from now on. The changes of its organization are told from now on if there was none.
CREATE TRIGGER webhook_endpoints_made AFTER INSERT ON webhook_endpoints WHEN NEW.status = 'ENABLED'
BEGIN
  UPDATE webhook_endpoints SET after_sequence = (SELECT coalesce(max(sequence), 0) FROM outbox) WHERE id = NEW.id;
  INSERT INTO outbox_cursors SELECT NEW.organization_id, coalesce(max(sequence), 0) FROM outbox WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER webhook_endpoints_begun AFTER UPDATE OF status ON webhook_endpoints WHEN NEW.status = 'ENABLED' AND OLD.status <> 'ENABLED'
BEGIN
  UPDATE webhook_endpoints SET after_sequence = (SELECT coalesce(max(sequence), 0) FROM outbox) WHERE id = NEW.id;
  INSERT INTO outbox_cursors SELECT NEW.organization_id, coalesce(max(sequence), 0) FROM outbox WHERE true ON CONFLICT DO NOTHING;
END;

-- What is on its way to an endpoint ends with it, and with the last one nothing more is told.
CREATE TRIGGER webhook_endpoints_ended AFTER UPDATE OF status ON webhook_endpoints WHEN NEW.status <> 'ENABLED' AND OLD.status = 'ENABLED'
BEGIN
  UPDATE webhook_deliveries SET status = 'CANCELLED', ended_at = NEW.updated_at WHERE endpoint_id = NEW.id AND status = 'PENDING';
  DELETE FROM outbox_cursors WHERE organization_id = NEW.organization_id AND NOT EXISTS (
    SELECT 1 FROM webhook_endpoints WHERE organization_id = NEW.organization_id AND status = 'ENABLED'
  );
END;

-- What was delivered stays delivered, until somebody asks for it again.
CREATE TRIGGER webhook_deliveries_order BEFORE UPDATE OF status ON webhook_deliveries
WHEN OLD.status = 'DELIVERED' AND NEW.status <> 'DELIVERED' AND NEW.is_resent = 0
BEGIN
  SELECT RAISE(ABORT, 'what was delivered is not sent again by itself');
END;
