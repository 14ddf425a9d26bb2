-- version counts the changes of what a Worker remembers of an organization to process its events: schemas, meters, settings,
-- generations of ledgers. What is remembered of an account has the version of the account.
ALTER TABLE organizations ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- The generations of an organization's ledgers: how many ledgers each has, and from when until when it takes what comes. Of one
-- that has ended, first_hour and last_hour are the milliseconds between which its events lie.
CREATE TABLE ledger_generations (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  kind TEXT NOT NULL,
  generation INTEGER NOT NULL,
  ledgers INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  first_hour INTEGER,
  last_hour INTEGER,
  PRIMARY KEY (organization_id, kind, generation),
  CONSTRAINT ledger_generations_kind CHECK (kind IN ('EVENT', 'ACCOUNT')),
  CONSTRAINT ledger_generations_ledgers CHECK (ledgers BETWEEN 1 AND 64)
) STRICT, WITHOUT ROWID;

-- What is to be told to ledgers is of no use to an organization that has none.
CREATE TRIGGER due_of_ledgers BEFORE INSERT ON due
WHEN NEW.kind IN ('ORGANIZATION_CHANGED', 'ACCOUNT_CHANGED', 'NAMES_GAINED')
  AND NOT EXISTS (SELECT 1 FROM ledger_generations WHERE organization_id = NEW.organization_id)
BEGIN
  SELECT RAISE(IGNORE);
END;
