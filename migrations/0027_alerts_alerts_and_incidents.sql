-- What is watched, of an account or of the whole organization (account_id is NULL). interval and validity are minutes, and threshold is a
-- decimal, as text. It is checked each interval since anchored_at; checked_at is when that was done last, and seen up to where it looked then,
-- where that is not a time. progress is what a check has added up so far that goes on later.
CREATE TABLE alerts (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  template_id TEXT NOT NULL,
  status TEXT NOT NULL,
  interval INTEGER NOT NULL,
  validity INTEGER,
  description TEXT,
  entity_id TEXT,
  account_id TEXT,
  threshold TEXT,
  anchored_at INTEGER NOT NULL,
  checked_at INTEGER,
  seen TEXT,
  progress TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT alerts_status CHECK (status IN ('ACTIVE', 'INACTIVE')),
  CONSTRAINT alerts_interval CHECK (interval >= 30 AND interval % 30 = 0),
  CONSTRAINT alerts_validity CHECK (validity >= 1),
  CONSTRAINT alerts_seen_json CHECK (json_valid(seen)),
  CONSTRAINT alerts_progress_json CHECK (json_valid(progress))
) STRICT;

CREATE INDEX alerts_by_created_at ON alerts (organization_id, created_at DESC, id);

CREATE TRIGGER alerts_version BEFORE UPDATE OF version ON alerts WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER alerts_account BEFORE INSERT ON alerts WHEN NEW.account_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'WATCHED_NOT_FOUND ' || json_array('account', NEW.account_id))
  WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE organization_id = NEW.organization_id AND id = NEW.account_id);
  SELECT RAISE(ABORT, 'WATCHED_ARCHIVED ' || json_array('account', NEW.account_id)) FROM accounts
  WHERE organization_id = NEW.organization_id AND id = NEW.account_id AND status = 'ARCHIVED';
END;

CREATE TRIGGER alerts_usage_meter BEFORE INSERT ON alerts WHEN NEW.template_id LIKE 'usage-threshold-%'
BEGIN
  SELECT RAISE(ABORT, 'WATCHED_NOT_FOUND ' || json_array('usage meter', NEW.entity_id))
  WHERE NOT EXISTS (SELECT 1 FROM usage_meters WHERE organization_id = NEW.organization_id AND id = NEW.entity_id);
  SELECT RAISE(ABORT, 'WATCHED_ARCHIVED ' || json_array('usage meter', NEW.entity_id)) FROM usage_meters
  WHERE organization_id = NEW.organization_id AND id = NEW.entity_id AND status = 'ARCHIVED';
END;

CREATE TRIGGER alerts_feature BEFORE INSERT ON alerts WHEN NEW.template_id LIKE 'entitlement-balance-%'
BEGIN
  SELECT RAISE(ABORT, 'WATCHED_NOT_FOUND ' || json_array('feature', NEW.entity_id))
  WHERE NOT EXISTS (SELECT 1 FROM features WHERE organization_id = NEW.organization_id AND id = NEW.entity_id);
END;

CREATE TRIGGER alerts_given BEFORE UPDATE OF organization_id, template_id, entity_id, account_id, created_at ON alerts
BEGIN
  SELECT RAISE(ABORT, 'what an alert watches never changes');
END;

CREATE TRIGGER alerts_kept BEFORE DELETE ON alerts
BEGIN
  SELECT RAISE(ABORT, 'alerts are never deleted');
END;

-- What an alert has found. Until silent_until no other one is opened, since a person has closed it. report is what the last check saw.
CREATE TABLE incidents (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  alert_id TEXT NOT NULL REFERENCES alerts (id),
  alert_version INTEGER NOT NULL,
  template_id TEXT NOT NULL,
  status TEXT NOT NULL,
  valid_until INTEGER,
  silent_until INTEGER,
  report TEXT NOT NULL,
  last_checked_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT incidents_status CHECK (status IN ('OPEN', 'CLOSED')),
  CONSTRAINT incidents_report_json CHECK (json_valid(report))
) STRICT;

-- While a condition lasts, there is one incident.
CREATE UNIQUE INDEX incidents_open ON incidents (organization_id, alert_id) WHERE status = 'OPEN';
CREATE INDEX incidents_by_created_at ON incidents (organization_id, created_at DESC, id);
CREATE INDEX incidents_by_alert ON incidents (organization_id, alert_id, created_at DESC, id);

-- Of two checks at the same time, the second finds the incident of the first when it reads again.
CREATE TRIGGER incidents_once BEFORE INSERT ON incidents WHEN NEW.status = 'OPEN'
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM incidents
  WHERE organization_id = NEW.organization_id AND alert_id = NEW.alert_id AND status = 'OPEN';
END;

CREATE TRIGGER incidents_version BEFORE UPDATE OF version, status ON incidents WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER incidents_closed BEFORE UPDATE OF status ON incidents WHEN OLD.status = 'CLOSED' AND NEW.status <> 'CLOSED' AND NEW.version = OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'incidents that were closed stay so');
END;

CREATE TRIGGER incidents_given BEFORE UPDATE OF organization_id, alert_id, alert_version, template_id, created_at ON incidents
BEGIN
  SELECT RAISE(ABORT, 'of which alert an incident is never changes');
END;

CREATE TRIGGER incidents_kept BEFORE DELETE ON incidents
BEGIN
  SELECT RAISE(ABORT, 'incidents are never deleted');
END;

-- Invoices that are to be paid, by the instant until when. Orders are paid in advance, or not at all.
CREATE INDEX invoices_unpaid ON invoices (organization_id, invoice_at + net_term_days * 86400000)
WHERE status IN ('DUE', 'PARTIALLY_PAID') AND invoice_class = 'INVOICE';
