-- Work that goes on after its answer: what was asked for as request, and what a caller is shown of that as metadata.
CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  request TEXT NOT NULL,
  metadata TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  settled_at INTEGER,
  version INTEGER NOT NULL,
  CONSTRAINT jobs_type CHECK (type IN ('PRICE_PLAN', 'EVENT_CORRECTIONS', 'BILL_RUN')),
  CONSTRAINT jobs_status CHECK (
    status IN ('SCHEDULED', 'PENDING', 'INITIALIZED', 'WAITING_FOR_CONFIRMATION', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED')
  ),
  CONSTRAINT jobs_request_json CHECK (json_valid(request)),
  CONSTRAINT jobs_metadata_json CHECK (json_valid(metadata))
) STRICT;

CREATE INDEX jobs_by_updated_at ON jobs (organization_id, updated_at DESC, id);

-- What a job does its work to, one after another in the order of their positions.
CREATE TABLE job_entries (
  job_id TEXT NOT NULL REFERENCES jobs (id),
  position INTEGER NOT NULL,
  organization_id TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  status TEXT NOT NULL,
  metadata TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, position),
  CONSTRAINT job_entries_status CHECK (status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED')),
  CONSTRAINT job_entries_metadata_json CHECK (json_valid(metadata))
) STRICT, WITHOUT ROWID;

CREATE INDEX job_entries_by_status ON job_entries (job_id, status, position);

CREATE TRIGGER jobs_version BEFORE UPDATE OF version ON jobs WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;
