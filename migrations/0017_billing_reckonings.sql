-- What an invoice was reckoned with when it fell due: the version of the plan, the cycle, the usage and the licences, so that it can be
-- explained and reckoned again.
ALTER TABLE invoices ADD COLUMN basis TEXT CONSTRAINT invoices_basis_json CHECK (json_valid(basis));

DROP TRIGGER invoices_frozen;

-- What a customer was asked to pay never changes.
CREATE TRIGGER invoices_frozen BEFORE UPDATE OF
  organization_id, owner_id, account_id, customer_id, invoice_type, price_plan_id, schedule_id, currency, start_at, end_at, invoice_at,
  net_term_days, total, sequence, sequence_id, rated, details, generated_at, basis
ON invoices WHEN OLD.status NOT IN ('DRAFT', 'GONE') AND (OLD.invoice_class = 'INVOICE' OR OLD.status <> 'DUE')
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'invoices that fell due never change');
END;

-- How often something changed that the bills of an account rest on. Bills are refused if it did since that was read.
CREATE TABLE account_billing (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT account_billing_key PRIMARY KEY (organization_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER timelines_raise_billing AFTER INSERT ON timelines
BEGIN
  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER timelines_raise_billing_again AFTER UPDATE OF active_version ON timelines WHEN NEW.active_version <> OLD.active_version
BEGIN
  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER licenses_raise_billing AFTER INSERT ON licenses
BEGIN
  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER licenses_raise_billing_again AFTER UPDATE OF version ON licenses
BEGIN
  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

-- What was charged in advance for a card in a cycle, and each change of it after that. total is what the card cost in all until then, exactly:
-- a decimal, or one divided by a whole number, as 100/30. amount is what was charged of it, or given back if it is below 0.
CREATE TABLE advance_charges (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  cycle_at INTEGER NOT NULL,
  billable_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  card TEXT NOT NULL,
  total TEXT NOT NULL,
  quantity TEXT,
  amount TEXT NOT NULL,
  refund_mode TEXT,
  is_refundable INTEGER NOT NULL,
  paid_until INTEGER NOT NULL,
  invoice_id TEXT REFERENCES invoices (id),
  created_at INTEGER NOT NULL,
  CONSTRAINT advance_charges_key PRIMARY KEY (organization_id, account_id, cycle_at, billable_id, position),
  CONSTRAINT advance_charges_card CHECK (json_valid(card)),
  CONSTRAINT advance_charges_refund_mode CHECK (refund_mode IN ('NONE', 'CREDITS', 'PAYMENT', 'WALLET')),
  CONSTRAINT advance_charges_refund CHECK (refund_mode IS NULL OR substr(amount, 1, 1) = '-')
) STRICT;

CREATE INDEX advance_charges_by_end ON advance_charges (organization_id, account_id, paid_until);
CREATE INDEX advance_charges_by_invoice ON advance_charges (organization_id, invoice_id);

-- Of two runs that charge a change at the same time, the second one reads again.
CREATE TRIGGER advance_charges_once BEFORE INSERT ON advance_charges
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM advance_charges
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND cycle_at = NEW.cycle_at
    AND billable_id = NEW.billable_id AND position = NEW.position;
END;

CREATE TRIGGER advance_charges_frozen BEFORE UPDATE ON advance_charges
BEGIN
  SELECT RAISE(ABORT, 'what was charged in advance never changes');
END;

CREATE TRIGGER advance_charges_kept BEFORE DELETE ON advance_charges
BEGIN
  SELECT RAISE(ABORT, 'what was charged in advance is never deleted');
END;

-- What a customer has yet to be billed for is billed first.
CREATE TRIGGER customers_with_drafts BEFORE UPDATE OF status ON customers WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_HAS_DRAFT ' || json_array(NEW.id, account.id, its.id))
  FROM accounts AS account
  JOIN invoices AS its ON its.organization_id = account.organization_id AND its.account_id = account.id AND its.status = 'DRAFT'
  WHERE account.organization_id = NEW.organization_id AND account.customer_id = NEW.id AND NOT EXISTS (
    SELECT 1 FROM schedules
    WHERE organization_id = account.organization_id AND account_id = account.id AND state = 'ACTIVE' AND end_at > NEW.updated_at
  );
END;
