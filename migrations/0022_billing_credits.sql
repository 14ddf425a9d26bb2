-- Credits of accounts. Amounts are decimals, as text: of amount, consumed has paid invoices, and the rest is left, or went when the credit
-- expired or was made void. source is what gave it, where that gives it once: a card in a cycle, or a refund.
CREATE TABLE credits (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status TEXT NOT NULL,
  amount TEXT NOT NULL,
  consumed TEXT NOT NULL,
  unit TEXT NOT NULL,
  effective_from INTEGER NOT NULL,
  effective_until INTEGER,
  applicable TEXT NOT NULL,
  grantor_id TEXT,
  source TEXT,
  idempotency_key TEXT,
  fingerprint TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT credits_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
  CONSTRAINT credits_status CHECK (status IN ('ACTIVE', 'CONSUMED', 'EXPIRED', 'VOIDED')),
  CONSTRAINT credits_priority CHECK (priority BETWEEN 0 AND 100),
  CONSTRAINT credits_range CHECK (effective_from < effective_until),
  CONSTRAINT credits_applicable_json CHECK (json_valid(applicable)),
  CONSTRAINT credits_consumed CHECK (substr(consumed, 1, 1) <> '-' AND CAST(consumed AS REAL) <= CAST(amount AS REAL))
) STRICT;

CREATE UNIQUE INDEX credits_by_key ON credits (organization_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX credits_by_source ON credits (organization_id, account_id, source) WHERE source IS NOT NULL;
CREATE INDEX credits_by_created_at ON credits (organization_id, created_at DESC, id);
CREATE INDEX credits_by_account ON credits (organization_id, account_id, created_at DESC, id);
CREATE INDEX credits_by_customer ON credits (organization_id, customer_id, created_at DESC, id);
CREATE INDEX credits_in_use ON credits (organization_id, account_id) WHERE status = 'ACTIVE';

-- Of two writes that give the same credit at the same time, the second finds that of the first when it reads again.
CREATE TRIGGER credits_once BEFORE INSERT ON credits WHEN NEW.idempotency_key IS NOT NULL OR NEW.source IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM credits
  WHERE organization_id = NEW.organization_id AND idempotency_key = NEW.idempotency_key;
  SELECT RAISE(ABORT, 'STALE []') FROM credits
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND source = NEW.source;
END;

-- A credit changes with its version only, so that two invoices cannot take the same from it.
CREATE TRIGGER credits_version BEFORE UPDATE OF version, consumed, status ON credits WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER credits_ended BEFORE UPDATE OF status ON credits
WHEN OLD.status IN ('EXPIRED', 'VOIDED') AND NEW.status <> OLD.status AND NEW.version = OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'credits that have ended stay so');
END;

CREATE TRIGGER credits_given BEFORE UPDATE OF
  organization_id, account_id, customer_id, purpose, priority, amount, unit, effective_from, effective_until, applicable, grantor_id, source,
  idempotency_key, fingerprint, created_at
ON credits
BEGIN
  SELECT RAISE(ABORT, 'what a credit was given for never changes');
END;

CREATE TRIGGER credits_kept BEFORE DELETE ON credits
BEGIN
  SELECT RAISE(ABORT, 'credits are never deleted');
END;

-- Bills rest on the credits of their account.
CREATE TRIGGER credits_raise_billing AFTER INSERT ON credits
BEGIN
  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER credits_raise_billing_again AFTER UPDATE OF version ON credits
BEGIN
  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

-- What went into credits and out of them. entity_id is the line of the invoice that was paid, of a credit that pays some lines only.
CREATE TABLE credit_transactions (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  credit_id TEXT NOT NULL REFERENCES credits (id),
  transaction_type TEXT NOT NULL,
  amount TEXT NOT NULL,
  invoice_id TEXT REFERENCES invoices (id),
  entity_id TEXT,
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  CONSTRAINT credit_transactions_type CHECK (transaction_type IN ('CREDITED', 'DEBITED', 'EXPIRED', 'VOIDED')),
  CONSTRAINT credit_transactions_amount CHECK (CAST(amount AS REAL) > 0)
) STRICT;

CREATE INDEX credit_transactions_by_credit ON credit_transactions (organization_id, credit_id, created_at, position);
CREATE INDEX credit_transactions_by_invoice ON credit_transactions (organization_id, invoice_id) WHERE invoice_id IS NOT NULL;

CREATE TRIGGER credit_transactions_frozen BEFORE UPDATE ON credit_transactions
BEGIN
  SELECT RAISE(ABORT, 'transactions of credits never change');
END;

CREATE TRIGGER credit_transactions_kept BEFORE DELETE ON credit_transactions
BEGIN
  SELECT RAISE(ABORT, 'transactions of credits are never deleted');
END;

-- A credit that has ended waits for the drafts that it may still pay. It expires when the last of them is none any more.
CREATE INDEX invoices_with_credits ON invoices (organization_id, account_id, start_at) WHERE status = 'DRAFT' AND applies_credits = 1;

CREATE TRIGGER invoices_release_credits AFTER UPDATE OF status, start_at, end_at ON invoices
WHEN OLD.status = 'DRAFT' AND (NEW.status <> OLD.status OR NEW.start_at <> OLD.start_at OR NEW.end_at <> OLD.end_at)
BEGIN
  INSERT INTO due (organization_id, kind, subject, due_at)
  SELECT organization_id, 'CREDIT', id, max(effective_until, NEW.updated_at) FROM credits
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND status = 'ACTIVE' AND effective_until IS NOT NULL
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = min(due_at, excluded.due_at);
END;
