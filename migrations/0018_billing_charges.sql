-- Charges that wait for the next invoice of a pricing cycle of an account that opens, which takes them all. Items are what was sent.
CREATE TABLE account_charges (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  items TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (organization_id, account_id),
  CONSTRAINT account_charges_items_json CHECK (json_valid(items)),
  CONSTRAINT account_charges_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
) STRICT;

CREATE TRIGGER account_charges_version BEFORE UPDATE OF version ON account_charges WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER account_charges_kept BEFORE DELETE ON account_charges
BEGIN
  SELECT RAISE(ABORT, 'charges of accounts are never deleted');
END;

-- The invoices that wait for a bill run.
CREATE INDEX invoices_for_bill_runs ON invoices (organization_id, created_at DESC, id)
WHERE status = 'DRAFT' AND invoice_type = 'STANDARD' AND auto_advance = 0;
