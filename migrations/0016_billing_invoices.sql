-- Invoices, frozen when they fall due. Amounts are decimals, as text. rated is the tree of the lines, and what it was made of. details say
-- whom it is about, as that was when it fell due. GONE are drafts that were deleted.
CREATE TABLE invoices (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  owner_id TEXT NOT NULL,
  account_id TEXT,
  customer_id TEXT,
  invoice_class TEXT NOT NULL,
  invoice_type TEXT NOT NULL,
  status TEXT NOT NULL,
  price_plan_id TEXT,
  schedule_id TEXT,
  currency TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL,
  invoice_at INTEGER NOT NULL,
  auto_advance INTEGER NOT NULL,
  net_term_days INTEGER NOT NULL,
  total TEXT NOT NULL,
  paid TEXT NOT NULL,
  sequence INTEGER,
  sequence_id TEXT,
  rated TEXT NOT NULL,
  details TEXT,
  info TEXT NOT NULL,
  metadata TEXT,
  applies_credits INTEGER NOT NULL,
  applies_wallet INTEGER NOT NULL,
  idempotency_key TEXT,
  fingerprint TEXT,
  generated_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT invoices_class CHECK (invoice_class IN ('INVOICE', 'ORDER', 'BILLABLE')),
  CONSTRAINT invoices_type CHECK (invoice_type IN ('STANDARD', 'AD_HOC', 'CUSTOM', 'COMPOSITE', 'STANDARD_ADVANCED', 'ADHOC_ADVANCED')),
  CONSTRAINT invoices_status CHECK (
    status IN ('DRAFT', 'DUE', 'PAID', 'VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED', 'REFUND_COMPLETED', 'MERGED', 'PARTIALLY_PAID', 'GONE')
  ),
  CONSTRAINT invoices_range CHECK (start_at <= end_at),
  CONSTRAINT invoices_frozen_details CHECK (status IN ('DRAFT', 'GONE') OR details IS NOT NULL),
  CONSTRAINT invoices_rated_json CHECK (json_valid(rated)),
  CONSTRAINT invoices_details_json CHECK (json_valid(details)),
  CONSTRAINT invoices_info_json CHECK (json_valid(info)),
  CONSTRAINT invoices_metadata_json CHECK (json_valid(metadata))
) STRICT;

CREATE UNIQUE INDEX invoices_by_key ON invoices (organization_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Of two requests with one key at the same time, the second finds the invoice of the first when it reads again.
CREATE TRIGGER invoices_key BEFORE INSERT ON invoices WHEN NEW.idempotency_key IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM invoices
  WHERE organization_id = NEW.organization_id AND idempotency_key = NEW.idempotency_key;
END;

-- A cycle of an account is billed once for each type.
CREATE UNIQUE INDEX invoices_of_cycles ON invoices (organization_id, account_id, invoice_type, start_at)
WHERE invoice_type IN ('STANDARD', 'STANDARD_ADVANCED') AND status <> 'GONE';
CREATE INDEX invoices_by_account ON invoices (organization_id, account_id, status, invoice_at);
CREATE INDEX invoices_by_created_at ON invoices (organization_id, created_at DESC, id);
CREATE INDEX invoices_by_owner ON invoices (organization_id, owner_id, created_at DESC, id);
CREATE INDEX invoices_by_customer ON invoices (organization_id, customer_id, created_at DESC, id);
CREATE UNIQUE INDEX invoices_sequence ON invoices (organization_id, sequence) WHERE sequence IS NOT NULL;

CREATE TRIGGER invoices_version BEFORE UPDATE OF version ON invoices WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- What a customer was asked to pay never changes.
CREATE TRIGGER invoices_frozen BEFORE UPDATE OF
  organization_id, owner_id, account_id, customer_id, invoice_type, price_plan_id, schedule_id, currency, start_at, end_at, invoice_at,
  net_term_days, total, sequence, sequence_id, rated, details, generated_at
ON invoices WHEN OLD.status NOT IN ('DRAFT', 'GONE') AND (OLD.invoice_class = 'INVOICE' OR OLD.status <> 'DUE')
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'invoices that fell due never change');
END;

CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices
BEGIN
  SELECT RAISE(ABORT, 'invoices are never deleted');
END;

-- How many invoices of an organization have a number.
CREATE TABLE invoice_counters (
  organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id),
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
