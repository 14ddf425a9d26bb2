-- The instant of an organization's test clock, in milliseconds. NULL: the organization lives in real time. Once set, it never goes back.
ALTER TABLE organizations ADD COLUMN clock_at INTEGER CONSTRAINT organizations_clock_at CHECK (clock_at >= 0);

CREATE INDEX organizations_with_clock ON organizations (id) WHERE clock_at IS NOT NULL;

-- Whoever moves it from an instant that it has left reads it again.
CREATE TRIGGER organizations_clock BEFORE UPDATE OF clock_at ON organizations
WHEN OLD.clock_at IS NOT NULL AND (NEW.clock_at IS NULL OR NEW.clock_at < OLD.clock_at)
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- Organizations for which time has begun to pass: they have events, or accounts with price plans.
CREATE VIEW begun_organizations (organization_id) AS
SELECT organization_id FROM ledger_generations UNION ALL SELECT organization_id FROM schedules;
