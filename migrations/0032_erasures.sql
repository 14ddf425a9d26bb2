-- The customers whose personal data has been erased, or is being erased. number counts how often that was begun. place and cursor say from
-- where the work goes on, found how much there was to be erased when it was begun, and erased how much has been, as JSON. Times are milliseconds.
CREATE TABLE erasures (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  customer_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  status TEXT NOT NULL,
  place TEXT NOT NULL,
  cursor TEXT,
  found TEXT NOT NULL,
  erased TEXT NOT NULL,
  erased_by TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER,
  version INTEGER NOT NULL,
  CONSTRAINT erasures_key PRIMARY KEY (organization_id, customer_id),
  CONSTRAINT erasures_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
  CONSTRAINT erasures_status CHECK (status IN ('IN_PROGRESS', 'COMPLETED')),
  CONSTRAINT erasures_ended CHECK ((status = 'COMPLETED') = (ended_at IS NOT NULL)),
  CONSTRAINT erasures_cursor_json CHECK (json_valid(cursor)),
  CONSTRAINT erasures_found_json CHECK (json_valid(found)),
  CONSTRAINT erasures_erased_json CHECK (json_valid(erased))
) STRICT;

CREATE INDEX erasures_by_started_at ON erasures (organization_id, started_at DESC, customer_id);

-- What an erasure would still be needed for goes before it. Of two that begin at once, the second reads again.
CREATE TRIGGER erasures_begin BEFORE INSERT ON erasures
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM erasures WHERE organization_id = NEW.organization_id AND customer_id = NEW.customer_id;

  SELECT RAISE(ABORT, 'ERASED_CUSTOMER_NOT_ARCHIVED ' || json_array(NEW.customer_id))
  FROM customers WHERE organization_id = NEW.organization_id AND id = NEW.customer_id AND status <> 'ARCHIVED';

  SELECT RAISE(ABORT, 'ERASED_CUSTOMER_IS_BILLED ' || json_array(NEW.customer_id, account.id))
  FROM accounts AS account JOIN accounts_to_invoice AS its ON its.organization_id = account.organization_id AND its.account_id = account.id
  WHERE account.organization_id = NEW.organization_id AND account.customer_id = NEW.customer_id;

  SELECT RAISE(ABORT, 'ERASED_CUSTOMER_OWES ' || json_array(NEW.customer_id, its.id, its.status))
  FROM invoices AS its
  WHERE its.organization_id = NEW.organization_id AND its.customer_id = NEW.customer_id
    AND its.status IN ('DRAFT', 'DUE', 'PARTIALLY_PAID', 'REFUND_INITIATED');

  SELECT RAISE(ABORT, 'ERASED_CUSTOMER_OWES ' || json_array(NEW.customer_id, composite.id, composite.status))
  FROM invoices AS its JOIN invoices AS composite ON composite.id = its.merged_into
  WHERE its.organization_id = NEW.organization_id AND its.customer_id = NEW.customer_id AND its.merged_into IS NOT NULL
    AND composite.status IN ('DUE', 'PARTIALLY_PAID', 'REFUND_INITIATED');

  SELECT RAISE(ABORT, 'ERASED_CUSTOMER_BUYS ' || json_array(NEW.customer_id, its.id))
  FROM purchases AS its JOIN accounts AS account ON account.organization_id = its.organization_id AND account.id = its.account_id
  WHERE its.organization_id = NEW.organization_id AND account.customer_id = NEW.customer_id AND its.settled_at IS NULL;
END;

CREATE TRIGGER erasures_version BEFORE UPDATE ON erasures WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER erasures_kept BEFORE DELETE ON erasures
BEGIN
  SELECT RAISE(ABORT, 'that a customer was erased is never deleted');
END;

CREATE TRIGGER customers_erased BEFORE UPDATE OF status ON customers WHEN NEW.status <> 'ARCHIVED' AND OLD.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_ERASED ' || json_array(NEW.id))
  FROM erasures WHERE organization_id = NEW.organization_id AND customer_id = NEW.id;
END;

-- The id of an alias is what may be about a person. A row that has lost its salt has lost that too: a digest of it, in digests, is in the
-- chain in its place.
DROP TRIGGER audit_log_unchanged;

CREATE TRIGGER audit_log_unchanged
BEFORE UPDATE OF organization_id, sequence, at, token_id, role, operation_id, resource_type, request_id ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;

CREATE TRIGGER audit_log_unchanged_resource BEFORE UPDATE OF resource_id ON audit_log
WHEN NEW.resource_id <> OLD.resource_id AND (NEW.salt IS NOT NULL OR json_extract(OLD.digests, '$.resourceId') IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'AUDIT_LOG_KEPT []');
END;

-- Texts that people have written beside a payment go, and nothing else of it.
DROP TRIGGER payments_frozen;

CREATE TRIGGER payments_frozen BEFORE UPDATE OF
  id, organization_id, owner_id, customer_id, source_name, source_type, transaction_number, currency, total, fingerprint, created_by, created_at
ON payments
BEGIN
  SELECT RAISE(ABORT, 'payments never change');
END;

CREATE TRIGGER payments_texts BEFORE UPDATE OF source_description, metadata, description, notes ON payments
WHEN coalesce(NEW.source_description, NEW.metadata, NEW.description, NEW.notes) IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'payments never change');
END;

DROP TRIGGER credits_given;

CREATE TRIGGER credits_given BEFORE UPDATE OF
  organization_id, account_id, customer_id, priority, amount, unit, effective_from, effective_until, applicable, grantor_id, source,
  idempotency_key, fingerprint, created_at
ON credits
BEGIN
  SELECT RAISE(ABORT, 'what a credit was given for never changes');
END;

CREATE TRIGGER credits_purpose BEFORE UPDATE OF purpose ON credits WHEN NEW.purpose NOT IN (OLD.purpose, 'Erased')
BEGIN
  SELECT RAISE(ABORT, 'what a credit was given for never changes');
END;
