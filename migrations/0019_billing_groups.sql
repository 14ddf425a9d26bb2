-- Which group an account was in, and when: [from_at, until_at), so that what is done late finds the group of its instant.
CREATE TABLE invoice_group_memberships (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  invoice_group_id TEXT NOT NULL REFERENCES invoice_groups (id),
  from_at INTEGER NOT NULL,
  until_at INTEGER
) STRICT;

CREATE INDEX invoice_group_memberships_by_account ON invoice_group_memberships (organization_id, account_id, from_at);
CREATE INDEX invoice_group_memberships_by_group ON invoice_group_memberships (invoice_group_id, account_id);

INSERT INTO invoice_group_memberships (organization_id, account_id, invoice_group_id, from_at)
SELECT organization_id, account_id, invoice_group_id, created_at FROM invoice_group_accounts;

CREATE TRIGGER invoice_group_accounts_joined AFTER INSERT ON invoice_group_accounts
BEGIN
  INSERT INTO invoice_group_memberships (organization_id, account_id, invoice_group_id, from_at)
  VALUES (NEW.organization_id, NEW.account_id, NEW.invoice_group_id, NEW.created_at);

  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

-- A group is changed in the statement before its accounts leave.
CREATE TRIGGER invoice_group_accounts_left AFTER DELETE ON invoice_group_accounts
BEGIN
  UPDATE invoice_group_memberships
  SET until_at = (SELECT updated_at FROM invoice_groups WHERE id = OLD.invoice_group_id)
  WHERE organization_id = OLD.organization_id AND account_id = OLD.account_id AND until_at IS NULL;

  INSERT INTO account_billing VALUES (OLD.organization_id, OLD.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

-- The group that pays for an invoice, since its account was in it when the invoice fell due, and the COMPOSITE invoice that it was merged into.
ALTER TABLE invoices ADD COLUMN invoice_group_id TEXT REFERENCES invoice_groups (id);
ALTER TABLE invoices ADD COLUMN merged_into TEXT REFERENCES invoices (id)
  CONSTRAINT invoices_merged CHECK ((status = 'MERGED') = (merged_into IS NOT NULL));

CREATE INDEX invoices_to_merge ON invoices (organization_id, invoice_group_id, generated_at) WHERE invoice_group_id IS NOT NULL AND status = 'DUE';
CREATE INDEX invoices_by_composite ON invoices (organization_id, merged_into, account_id, start_at, id) WHERE merged_into IS NOT NULL;

-- Who pays for an invoice never changes once it fell due, and it is merged once, into an invoice of that group.
CREATE TRIGGER invoices_merged_once BEFORE UPDATE OF invoice_group_id, merged_into ON invoices WHEN OLD.status NOT IN ('DRAFT', 'GONE')
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'invoices that fell due stay with who pays for them')
  WHERE NEW.invoice_group_id IS NOT OLD.invoice_group_id OR OLD.status <> 'DUE' OR NOT EXISTS (
    SELECT 1 FROM invoices AS composite
    WHERE composite.id = NEW.merged_into AND composite.organization_id = NEW.organization_id AND composite.invoice_type = 'COMPOSITE'
      AND composite.owner_id = NEW.invoice_group_id AND composite.currency = NEW.currency
  );
END;

-- An invoice for which a group pays is not paid by itself.
CREATE TRIGGER invoices_paid_by_group BEFORE UPDATE OF status ON invoices
WHEN NEW.invoice_group_id IS NOT NULL AND OLD.status IN ('DRAFT', 'DUE') AND NEW.status IN ('PAID', 'PARTIALLY_PAID')
BEGIN
  SELECT RAISE(ABORT, 'STALE []') WHERE NEW.version <> OLD.version + 1;
  SELECT RAISE(ABORT, 'PAID_BY_GROUP ' || json_array(NEW.account_id, NEW.invoice_group_id));
END;

-- The group merges it at the last millisecond of the day.
CREATE TRIGGER invoices_due_in_group AFTER UPDATE OF status ON invoices
WHEN OLD.status = 'DRAFT' AND NEW.status = 'DUE' AND NEW.invoice_group_id IS NOT NULL
BEGIN
  INSERT INTO due (organization_id, kind, subject, due_at)
  VALUES (NEW.organization_id, 'INVOICE_GROUP', NEW.invoice_group_id, NEW.generated_at / 86400000 * 86400000 + 86399999)
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = min(due_at, excluded.due_at);
END;

-- The accounts that will still be invoiced: those whose cycles are billed, and those with drafts that are not left to a person.
CREATE VIEW accounts_to_invoice AS
SELECT organization_id, subject AS account_id, due_at FROM due WHERE kind = 'BILLING'
UNION ALL
SELECT organization_id, account_id, NULL FROM invoices
WHERE status = 'DRAFT' AND account_id IS NOT NULL AND (auto_advance = 1 OR invoice_type <> 'CUSTOM');

-- An archived account leaves its group after its last invoice.
CREATE TRIGGER invoices_of_archived AFTER UPDATE OF status ON invoices WHEN OLD.status = 'DRAFT' AND NEW.status <> 'DRAFT'
BEGIN
  INSERT INTO due (organization_id, kind, subject, due_at)
  SELECT NEW.organization_id, 'INVOICE_GROUP_LEFT', account.id, NEW.updated_at
  FROM accounts AS account JOIN invoice_group_accounts AS member
    ON member.organization_id = account.organization_id AND member.account_id = account.id
  WHERE account.organization_id = NEW.organization_id AND account.id = NEW.account_id AND account.status = 'ARCHIVED'
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = min(due_at, excluded.due_at);
END;
