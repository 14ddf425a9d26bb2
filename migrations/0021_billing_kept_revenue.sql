-- Organizations with more accounts with price plans than are reckoned for a query: what all of them earn is kept in their ledgers. is_ready
-- says whether each account has been reckoned once.
CREATE TABLE kept_revenue (
  organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id),
  is_ready INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO kept_revenue SELECT organization_id, 0 FROM timelines GROUP BY organization_id HAVING count(*) > 200;
INSERT INTO due SELECT organization_id, 'REVENUE_OF_EVENTS', '', 0 FROM kept_revenue;
INSERT INTO due SELECT organization_id, 'REVENUE', account_id, 0 FROM timelines
WHERE organization_id IN (SELECT organization_id FROM kept_revenue);

CREATE TRIGGER timelines_keep_revenue AFTER INSERT ON timelines
WHEN NOT EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
  AND EXISTS (SELECT 1 FROM timelines WHERE organization_id = NEW.organization_id LIMIT 1 OFFSET 200)
BEGIN
  INSERT INTO kept_revenue VALUES (NEW.organization_id, 0);
  INSERT INTO due VALUES (NEW.organization_id, 'REVENUE_OF_EVENTS', '', 0);
  INSERT INTO due SELECT organization_id, 'REVENUE', account_id, 0 FROM timelines WHERE organization_id = NEW.organization_id;
END;

-- An account is reckoned again when its plans, its licences or its invoices change. Who has begun to reckon it sees that by due_at.
CREATE TRIGGER timelines_reckon_revenue AFTER UPDATE OF active_version ON timelines
WHEN NEW.active_version <> OLD.active_version AND EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
BEGIN
  INSERT INTO due VALUES (NEW.organization_id, 'REVENUE', NEW.account_id, 0)
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
END;

CREATE TRIGGER timelines_reckon_revenue_first AFTER INSERT ON timelines
WHEN EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
BEGIN
  INSERT INTO due VALUES (NEW.organization_id, 'REVENUE', NEW.account_id, 0)
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
END;

CREATE TRIGGER license_updates_reckon_revenue AFTER INSERT ON license_updates
WHEN EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
BEGIN
  INSERT INTO due VALUES (NEW.organization_id, 'REVENUE', NEW.account_id, 0)
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
END;

CREATE TRIGGER accounts_reckon_revenue AFTER UPDATE OF invoice_currency ON accounts
WHEN NEW.invoice_currency <> OLD.invoice_currency AND EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
BEGIN
  INSERT INTO due VALUES (NEW.organization_id, 'REVENUE', NEW.id, 0)
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
END;

CREATE TRIGGER invoices_reckon_revenue AFTER INSERT ON invoices
WHEN NEW.invoice_type IN ('STANDARD', 'STANDARD_ADVANCED') AND EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
BEGIN
  INSERT INTO due VALUES (NEW.organization_id, 'REVENUE', NEW.account_id, NEW.updated_at)
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
END;

-- A frozen invoice that is made void takes back what its cycle earned: the account is reckoned from its start on.
CREATE TRIGGER invoices_reckon_revenue_again AFTER UPDATE OF status ON invoices
WHEN NEW.status <> OLD.status AND NEW.invoice_type IN ('STANDARD', 'STANDARD_ADVANCED')
  AND EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
BEGIN
  INSERT INTO due SELECT NEW.organization_id, 'REVENUE', NEW.account_id, NEW.updated_at WHERE OLD.status = 'DRAFT'
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
  INSERT INTO due SELECT NEW.organization_id, 'REVENUE_AGAIN', NEW.start_at || ' ' || NEW.account_id, NEW.updated_at WHERE NEW.status = 'VOID'
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
END;

-- An invoice of a group that is made void takes back what its members earned.
CREATE TRIGGER composites_reckon_revenue_again AFTER UPDATE OF status ON invoices
WHEN NEW.status = 'VOID' AND OLD.status <> 'VOID' AND NEW.invoice_type = 'COMPOSITE'
  AND EXISTS (SELECT 1 FROM kept_revenue WHERE organization_id = NEW.organization_id)
BEGIN
  INSERT INTO due
  SELECT NEW.organization_id, 'REVENUE_AGAIN', start_at || ' ' || account_id, NEW.updated_at FROM invoices
  WHERE organization_id = NEW.organization_id AND merged_into = NEW.id AND invoice_type IN ('STANDARD', 'STANDARD_ADVANCED')
  GROUP BY start_at, account_id
  ON CONFLICT (organization_id, kind, subject) DO UPDATE SET due_at = due_at + 1;
END;
