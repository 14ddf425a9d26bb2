-- What accounts buy, and proposals that become purchases under the same id. status is NULL until a proposal is approved, proposal_status of
-- what was no proposal. request is what was sent, bought what the order was made of, and price a decimal, as text. cycle_at is the first
-- instant of the cycle that is paid for. ending says why an unpaid purchase is to end. It is applied once, and settled when nothing is to come.
CREATE TABLE purchases (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  type TEXT NOT NULL,
  payment_mode TEXT,
  status TEXT,
  proposal_status TEXT,
  price_plan_id TEXT,
  plan_version INTEGER,
  price TEXT NOT NULL,
  currency TEXT NOT NULL,
  invoice_id TEXT REFERENCES invoices (id),
  schedule_id TEXT,
  cycle_at INTEGER,
  request TEXT NOT NULL,
  bought TEXT NOT NULL,
  comment TEXT,
  ending TEXT,
  expires_at INTEGER,
  responded_at INTEGER,
  applied_at INTEGER,
  settled_at INTEGER,
  idempotency_key TEXT,
  fingerprint TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT purchases_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
  CONSTRAINT purchases_plan FOREIGN KEY (price_plan_id, plan_version) REFERENCES price_plan_versions (price_plan_id, plan_version),
  CONSTRAINT purchases_type CHECK (type IN ('ENTITLEMENT_GRANT', 'ASSOCIATION', 'WALLET_TOPUP', 'PREPAID')),
  CONSTRAINT purchases_payment_mode CHECK (payment_mode IN ('PREPAID', 'POSTPAID')),
  CONSTRAINT purchases_status CHECK (status IN ('PENDING', 'IN_PROGRESS', 'SUCCESS', 'FAILURE')),
  CONSTRAINT purchases_proposal_status CHECK (
    proposal_status IN ('PROPOSAL_ACTIVE', 'PROPOSAL_APPROVED', 'PROPOSAL_DECLINED', 'PROPOSAL_EXPIRED')
  ),
  CONSTRAINT purchases_proposal CHECK ((payment_mode IS NULL) = (proposal_status IS NULL)),
  CONSTRAINT purchases_begun CHECK ((status IS NOT NULL) = (proposal_status IS NULL OR proposal_status = 'PROPOSAL_APPROVED')),
  CONSTRAINT purchases_request_json CHECK (json_valid(request)),
  CONSTRAINT purchases_bought_json CHECK (json_valid(bought))
) STRICT;

-- Keys of purchases and of proposals are apart.
CREATE UNIQUE INDEX purchases_by_key ON purchases (organization_id, account_id, payment_mode IS NULL, idempotency_key)
WHERE idempotency_key IS NOT NULL;
-- A cycle is ordered once of each schedule that it has.
CREATE UNIQUE INDEX purchases_of_cycles ON purchases (organization_id, account_id, cycle_at, schedule_id) WHERE cycle_at IS NOT NULL;
CREATE INDEX purchases_by_account ON purchases (organization_id, account_id, created_at DESC, id);
CREATE INDEX purchases_open ON purchases (organization_id, account_id) WHERE settled_at IS NULL;

-- Of two requests with one key at the same time, and of two runs that order one cycle, the second finds what the first has made.
CREATE TRIGGER purchases_once BEFORE INSERT ON purchases WHEN NEW.idempotency_key IS NOT NULL OR NEW.cycle_at IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM purchases
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND idempotency_key = NEW.idempotency_key
    AND (payment_mode IS NULL) = (NEW.payment_mode IS NULL);
  SELECT RAISE(ABORT, 'STALE []') FROM purchases
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND cycle_at = NEW.cycle_at AND schedule_id = NEW.schedule_id;
END;

CREATE TRIGGER purchases_version BEFORE UPDATE ON purchases WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER purchases_states BEFORE UPDATE OF status, proposal_status, applied_at ON purchases WHEN NEW.version = OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'a purchase is paid, then applied, and then has succeeded or failed')
  WHERE NEW.status IS NOT OLD.status AND NOT coalesce(
    (OLD.status IS NULL AND NEW.status IN ('PENDING', 'IN_PROGRESS'))
      OR (OLD.status = 'PENDING' AND NEW.status IN ('IN_PROGRESS', 'FAILURE'))
      OR (OLD.status = 'IN_PROGRESS' AND NEW.status IN ('SUCCESS', 'FAILURE')),
    0
  );
  SELECT RAISE(ABORT, 'a proposal is answered once') WHERE NEW.proposal_status IS NOT OLD.proposal_status AND OLD.proposal_status <> 'PROPOSAL_ACTIVE';
  SELECT RAISE(ABORT, 'a purchase is applied once') WHERE OLD.applied_at IS NOT NULL AND NEW.applied_at IS NOT OLD.applied_at;
END;

CREATE TRIGGER purchases_given BEFORE UPDATE OF
  organization_id, account_id, customer_id, type, payment_mode, price_plan_id, plan_version, price, currency, request, bought, expires_at,
  idempotency_key, fingerprint, created_at
ON purchases
BEGIN
  SELECT RAISE(ABORT, 'what is bought never changes');
END;

CREATE TRIGGER purchases_kept BEFORE DELETE ON purchases
BEGIN
  SELECT RAISE(ABORT, 'purchases are never deleted');
END;

-- Where an account that is archived has bought nothing that is open, there is nothing to end.
CREATE TRIGGER due_of_purchases BEFORE INSERT ON due
WHEN NEW.kind = 'PURCHASES_ARCHIVED' AND NOT EXISTS (
  SELECT 1 FROM purchases WHERE organization_id = NEW.organization_id AND account_id = NEW.subject AND settled_at IS NULL
)
BEGIN
  SELECT RAISE(IGNORE);
END;

DROP TRIGGER invoices_frozen;

-- What a customer was asked to pay never changes.
CREATE TRIGGER invoices_frozen BEFORE UPDATE OF
  organization_id, owner_id, account_id, customer_id, invoice_type, price_plan_id, schedule_id, currency, start_at, end_at, invoice_at,
  net_term_days, total, rated, details, generated_at, basis
ON invoices WHEN OLD.status NOT IN ('DRAFT', 'GONE')
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'invoices that fell due never change');
END;

-- An order becomes an invoice, and gets its number, when it has been paid.
CREATE TRIGGER invoices_numbered BEFORE UPDATE OF sequence, sequence_id, invoice_class ON invoices WHEN OLD.status NOT IN ('DRAFT', 'GONE')
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'the class and the number of invoices never change, but when an order has been paid')
  WHERE OLD.invoice_class <> 'ORDER' OR OLD.status NOT IN ('DUE', 'PARTIALLY_PAID') OR NEW.status <> 'PAID' OR NEW.invoice_class <> 'INVOICE'
    OR NEW.sequence IS NULL;
END;

CREATE TRIGGER invoices_ordered BEFORE UPDATE OF status ON invoices
WHEN NEW.status = 'PAID' AND NEW.invoice_class = 'ORDER' AND NEW.version = OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'an order that has been paid is an invoice');
END;

DROP INDEX invoices_written;

-- The invoices that earn by their own lines: those that people have written, what was bought, and charges that count as revenue.
CREATE INDEX invoices_written ON invoices (organization_id, end_at)
WHERE invoice_type IN ('CUSTOM', 'AD_HOC') OR instr(rated, '"considerForRevenue":true') > 0;

-- What an account has bought and not paid, or not been given, is in its currency.
CREATE TRIGGER accounts_with_purchases BEFORE UPDATE OF invoice_currency ON accounts WHEN NEW.invoice_currency <> OLD.invoice_currency
BEGIN
  SELECT RAISE(ABORT, 'BUYS_IN_CURRENCY ' || json_array(NEW.id, OLD.invoice_currency, its.id)) FROM purchases AS its
  WHERE its.organization_id = NEW.organization_id AND its.account_id = NEW.id AND its.settled_at IS NULL AND its.status IS NOT NULL;
END;
