-- Files in the bucket, under their keys there. A portal token reads those of its accounts. deleted_at is when a file was deleted, since it
-- had been kept long enough.
CREATE TABLE files (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT,
  customer_id TEXT,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  CONSTRAINT files_key UNIQUE (key),
  CONSTRAINT files_owner CHECK ((account_id IS NULL) = (customer_id IS NULL)),
  CONSTRAINT files_size CHECK (size >= 0)
) STRICT;

-- Queries of which a report is made at the end of each hour, day or month.
CREATE TABLE report_templates (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT,
  customer_id TEXT,
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  schedule TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT report_templates_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
  CONSTRAINT report_templates_owner CHECK ((account_id IS NULL) = (customer_id IS NULL)),
  CONSTRAINT report_templates_query_json CHECK (json_valid(query)),
  CONSTRAINT report_templates_schedule CHECK (schedule IN ('HOURLY', 'DAILY', 'MONTHLY')),
  CONSTRAINT report_templates_status CHECK (status IN ('ACTIVE', 'INACTIVE'))
) STRICT;

CREATE INDEX report_templates_by_created_at ON report_templates (organization_id, created_at DESC, id);

CREATE TRIGGER report_templates_version BEFORE UPDATE ON report_templates WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- Reports, and how far each has been made. The period, of a report that a template made, is half open. progress says from where the reading
-- goes on, and where in the bucket is what was read.
CREATE TABLE reports (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT,
  customer_id TEXT,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  query TEXT NOT NULL,
  report_template_id TEXT REFERENCES report_templates (id),
  period_from INTEGER,
  period_until INTEGER,
  begun_at INTEGER,
  progress TEXT,
  failure_reason TEXT,
  file_id TEXT REFERENCES files (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT reports_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
  CONSTRAINT reports_owner CHECK ((account_id IS NULL) = (customer_id IS NULL)),
  CONSTRAINT reports_type CHECK (type IN ('TEMPLATE', 'QUERY', 'CUSTOM')),
  CONSTRAINT reports_status CHECK (status IN ('QUEUED', 'RUNNING', 'FAILED', 'UPLOAD_PENDING', 'COMPLETED')),
  CONSTRAINT reports_query_json CHECK (json_valid(query)),
  CONSTRAINT reports_progress_json CHECK (json_valid(progress)),
  CONSTRAINT reports_template CHECK ((type = 'TEMPLATE') = (report_template_id IS NOT NULL)),
  CONSTRAINT reports_period CHECK ((report_template_id IS NULL) = (period_from IS NULL) AND (period_from IS NULL) = (period_until IS NULL)),
  CONSTRAINT reports_failed CHECK ((status = 'FAILED') = (failure_reason IS NOT NULL)),
  CONSTRAINT reports_completed CHECK ((status = 'COMPLETED') = (file_id IS NOT NULL))
) STRICT;

CREATE INDEX reports_by_created_at ON reports (organization_id, created_at DESC, id);
CREATE INDEX reports_of_account ON reports (organization_id, account_id, created_at DESC, id);
-- A template makes one report of a period, however often it runs.
CREATE UNIQUE INDEX reports_of_period ON reports (report_template_id, period_from, period_until) WHERE report_template_id IS NOT NULL;

CREATE TRIGGER reports_version BEFORE UPDATE ON reports WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER reports_states BEFORE UPDATE OF status ON reports WHEN NEW.status <> OLD.status AND NEW.version = OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'a report is queued, runs, is written, and then has been made or has failed')
  WHERE (OLD.status, NEW.status) NOT IN (
    ('QUEUED', 'RUNNING'), ('QUEUED', 'FAILED'), ('RUNNING', 'UPLOAD_PENDING'), ('RUNNING', 'FAILED'),
    ('UPLOAD_PENDING', 'COMPLETED'), ('UPLOAD_PENDING', 'FAILED')
  );
END;
