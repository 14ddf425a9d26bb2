-- The wallet of an account, from its first use on. Amounts are decimals, as text. effective_from is what a person has set; until then every
-- invoice that falls due is paid from it. An entry is what came in, or went out if its amount is below 0, and its number is the version of
-- the wallet that it made: of two at once, the second one is STALE.
CREATE TABLE wallets (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  status TEXT NOT NULL,
  effective_from INTEGER,
  balance TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT wallets_status CHECK (status IN ('ACTIVE', 'INACTIVE')),
  CONSTRAINT wallets_balance CHECK (substr(balance, 1, 1) <> '-'),
  CONSTRAINT wallets_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
) STRICT;

CREATE UNIQUE INDEX wallets_by_account ON wallets (organization_id, account_id);

CREATE TABLE wallet_entries (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  wallet_id TEXT NOT NULL REFERENCES wallets (id),
  version INTEGER NOT NULL,
  amount TEXT NOT NULL,
  closing_balance TEXT NOT NULL,
  description TEXT,
  entity_id TEXT,
  created_at INTEGER NOT NULL,
  CONSTRAINT wallet_entries_amount CHECK (amount NOT IN ('0', '-0')),
  CONSTRAINT wallet_entries_closing_balance CHECK (substr(closing_balance, 1, 1) <> '-')
) STRICT;

CREATE UNIQUE INDEX wallet_entries_by_version ON wallet_entries (wallet_id, version);
CREATE INDEX wallet_entries_by_entity ON wallet_entries (entity_id) WHERE entity_id IS NOT NULL;

CREATE TRIGGER wallets_once BEFORE INSERT ON wallets
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM wallets WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id;
END;

CREATE TRIGGER wallets_version BEFORE UPDATE ON wallets WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER wallets_of_entries BEFORE UPDATE OF balance ON wallets WHEN NEW.balance <> OLD.balance
BEGIN
  SELECT RAISE(ABORT, 'the balance of a wallet is that of its last entry') WHERE NOT EXISTS (
    SELECT 1 FROM wallet_entries WHERE wallet_id = NEW.id AND version = NEW.version AND closing_balance = NEW.balance
  );
END;

CREATE TRIGGER wallets_kept BEFORE DELETE ON wallets
BEGIN
  SELECT RAISE(ABORT, 'wallets are never deleted');
END;

-- An amount has four decimals at most, in every currency: without the point and with zeros behind it, it is a whole number.
CREATE TRIGGER wallet_entries_chained BEFORE INSERT ON wallet_entries
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NOT EXISTS (
    SELECT 1 FROM wallets WHERE id = NEW.wallet_id AND organization_id = NEW.organization_id AND version = NEW.version - 1
  );
  SELECT RAISE(ABORT, 'an entry of a wallet closes with the balance before it and its amount') FROM wallets
  WHERE id = NEW.wallet_id
    AND cast(replace(balance, '.', '') || substr('0000', 1, 4 - iif(instr(balance, '.'), length(balance) - instr(balance, '.'), 0)) AS INTEGER)
      + cast(replace(NEW.amount, '.', '') || substr('0000', 1, 4 - iif(instr(NEW.amount, '.'), length(NEW.amount) - instr(NEW.amount, '.'), 0)) AS INTEGER)
    <> cast(
      replace(NEW.closing_balance, '.', '')
        || substr('0000', 1, 4 - iif(instr(NEW.closing_balance, '.'), length(NEW.closing_balance) - instr(NEW.closing_balance, '.'), 0)) AS INTEGER
    );
END;

CREATE TRIGGER wallet_entries_close AFTER INSERT ON wallet_entries
BEGIN
  UPDATE wallets SET balance = NEW.closing_balance, version = NEW.version, updated_at = NEW.created_at WHERE id = NEW.wallet_id;
END;

CREATE TRIGGER wallet_entries_frozen BEFORE UPDATE ON wallet_entries
BEGIN
  SELECT RAISE(ABORT, 'entries of wallets never change');
END;

CREATE TRIGGER wallet_entries_kept BEFORE DELETE ON wallet_entries
BEGIN
  SELECT RAISE(ABORT, 'entries of wallets are never deleted');
END;

-- The balance of a wallet is in the currency of its account.
CREATE TRIGGER accounts_with_wallets BEFORE UPDATE OF invoice_currency ON accounts WHEN NEW.invoice_currency <> OLD.invoice_currency
BEGIN
  SELECT RAISE(ABORT, 'WALLET_CURRENCY ' || json_array(NEW.id, OLD.invoice_currency)) FROM wallets AS its
  WHERE its.organization_id = NEW.organization_id AND its.account_id = NEW.id
    AND EXISTS (SELECT 1 FROM wallet_entries WHERE wallet_id = its.id);
END;

-- Payments as they were recorded, and what each was for: an invoice, a credit or the wallet. A refund has a total below 0. owner_id is the
-- account or the invoice group, and customer_id that of the account. A reference is taken once in an organization.
CREATE TABLE payments (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  owner_id TEXT NOT NULL,
  customer_id TEXT,
  source_name TEXT NOT NULL,
  source_type TEXT NOT NULL,
  transaction_number TEXT NOT NULL,
  source_description TEXT,
  metadata TEXT,
  description TEXT,
  notes TEXT,
  currency TEXT NOT NULL,
  total TEXT NOT NULL,
  fingerprint TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  CONSTRAINT payments_source_type CHECK (source_type IN ('GATEWAY', 'CASH', 'CHEQUE', 'BANK_TRANSFER', 'CARD')),
  CONSTRAINT payments_metadata_json CHECK (json_valid(metadata))
) STRICT;

CREATE UNIQUE INDEX payments_by_reference ON payments (organization_id, source_name, transaction_number);
CREATE INDEX payments_by_created_at ON payments (organization_id, created_at DESC, id);
CREATE INDEX payments_by_owner ON payments (organization_id, owner_id, created_at DESC, id);

CREATE TABLE payment_lines (
  payment_id TEXT NOT NULL REFERENCES payments (id),
  position INTEGER NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  type TEXT NOT NULL,
  target_id TEXT NOT NULL,
  amount TEXT NOT NULL,
  place INTEGER NOT NULL,
  CONSTRAINT payment_lines_key PRIMARY KEY (payment_id, position),
  CONSTRAINT payment_lines_type CHECK (type IN ('INVOICE', 'CREDIT', 'WALLET_CREDIT')),
  CONSTRAINT payment_lines_amount CHECK (amount NOT IN ('0', '-0'))
) STRICT;

CREATE INDEX payment_lines_by_target ON payment_lines (target_id);

-- Of two requests with one reference at the same time, the second finds the payment of the first when it reads again.
CREATE TRIGGER payments_once BEFORE INSERT ON payments
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM payments
  WHERE organization_id = NEW.organization_id AND source_name = NEW.source_name AND transaction_number = NEW.transaction_number;
END;

CREATE TRIGGER payments_frozen BEFORE UPDATE ON payments
BEGIN
  SELECT RAISE(ABORT, 'payments never change');
END;

CREATE TRIGGER payments_kept BEFORE DELETE ON payments
BEGIN
  SELECT RAISE(ABORT, 'payments are never deleted');
END;

CREATE TRIGGER payment_lines_frozen BEFORE UPDATE ON payment_lines
BEGIN
  SELECT RAISE(ABORT, 'payments never change');
END;

CREATE TRIGGER payment_lines_kept BEFORE DELETE ON payment_lines
BEGIN
  SELECT RAISE(ABORT, 'payments are never deleted');
END;

-- Invoices that were marked as paid before payments were recorded have one, as those that are marked so now.
INSERT INTO payments
SELECT 'payment' || substr(id, 4), organization_id, owner_id, customer_id, 'MANUAL', 'CASH', id || '-1', NULL, NULL, NULL, NULL, currency, paid, NULL,
  'system', updated_at
FROM invoices WHERE status IN ('PAID', 'REFUND_INITIATED') AND paid <> '0' AND substr(total, 1, 1) <> '-';

INSERT INTO payment_lines
SELECT 'payment' || substr(id, 4), 0, organization_id, 'INVOICE', id, paid, 1
FROM invoices WHERE status IN ('PAID', 'REFUND_INITIATED') AND paid <> '0' AND substr(total, 1, 1) <> '-';

-- What was paid for an invoice is what payments and the wallet paid for it, and no more than it comes to. They are written before it is.
CREATE TRIGGER invoices_paid BEFORE UPDATE OF paid ON invoices WHEN NEW.paid <> OLD.paid AND substr(NEW.total, 1, 1) <> '-'
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'INVOICE_HAS_PAYMENT ' || json_array(NEW.id, payment_id)) FROM payment_lines
  WHERE NEW.status = 'VOID' AND target_id = NEW.id AND type = 'INVOICE';
  SELECT RAISE(ABORT, 'what was paid for an invoice is the sum of what payments and wallets paid for it') WHERE coalesce((
      SELECT sum(cast(replace(amount, '.', '') || substr('0000', 1, 4 - iif(instr(amount, '.'), length(amount) - instr(amount, '.'), 0)) AS INTEGER))
      FROM payment_lines WHERE target_id = NEW.id
    ), 0) - coalesce((
      SELECT sum(cast(replace(amount, '.', '') || substr('0000', 1, 4 - iif(instr(amount, '.'), length(amount) - instr(amount, '.'), 0)) AS INTEGER))
      FROM wallet_entries WHERE entity_id = NEW.id
    ), 0)
    <> cast(replace(NEW.paid, '.', '') || substr('0000', 1, 4 - iif(instr(NEW.paid, '.'), length(NEW.paid) - instr(NEW.paid, '.'), 0)) AS INTEGER);
  SELECT RAISE(ABORT, 'an invoice is never paid more than it comes to')
  WHERE cast(replace(NEW.paid, '.', '') || substr('0000', 1, 4 - iif(instr(NEW.paid, '.'), length(NEW.paid) - instr(NEW.paid, '.'), 0)) AS INTEGER)
    > cast(replace(NEW.total, '.', '') || substr('0000', 1, 4 - iif(instr(NEW.total, '.'), length(NEW.total) - instr(NEW.total, '.'), 0)) AS INTEGER);
END;

-- An invoice that a payment was recorded for is not made void.
CREATE TRIGGER invoices_with_payments BEFORE UPDATE OF status ON invoices WHEN NEW.status = 'VOID' AND OLD.status <> 'VOID'
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'INVOICE_HAS_PAYMENT ' || json_array(NEW.id, payment_id)) FROM payment_lines WHERE target_id = NEW.id AND type = 'INVOICE';
END;
