-- What an account was invoiced for stays in force: a cycle whose invoice has fallen due before the end of its grace period would be billed a
-- second time in cycles that begin on other days. What is void has not been billed. The plan of an archived account ends whatever was billed.
CREATE TRIGGER schedules_billed BEFORE UPDATE OF state, start_at, end_at ON schedules
WHEN OLD.state = 'ACTIVE' AND (NEW.state <> 'ACTIVE' OR NEW.start_at > OLD.start_at OR NEW.end_at < OLD.end_at)
BEGIN
  SELECT RAISE(ABORT, 'CYCLE_IS_BILLED ' || json_array(OLD.account_id, billed.id, strftime('%Y-%m-%d', billed.end_at / 1000, 'unixepoch')))
  FROM (
    SELECT its.id, its.end_at FROM invoices AS its
    WHERE its.organization_id = OLD.organization_id AND its.account_id = OLD.account_id AND its.invoice_type = 'STANDARD'
      AND its.invoice_type IN ('STANDARD', 'STANDARD_ADVANCED') AND its.status <> 'GONE'
      AND its.start_at >= OLD.start_at AND its.start_at < OLD.end_at
      AND its.status NOT IN ('DRAFT', 'VOID') AND its.schedule_id = OLD.id
      AND (NEW.state <> 'ACTIVE' OR its.start_at < NEW.start_at OR its.end_at > NEW.end_at)
    ORDER BY its.start_at DESC LIMIT 1
  ) AS billed
  WHERE EXISTS (
    SELECT 1 FROM accounts WHERE organization_id = OLD.organization_id AND id = OLD.account_id AND status <> 'ARCHIVED'
  );
END;

-- No more is given back of what was charged in advance than is paid for it: bills rest on which of these invoices are void or given back.
CREATE TRIGGER invoices_raise_billing AFTER UPDATE OF status ON invoices
WHEN NEW.status IN ('VOID', 'REFUND_INITIATED') AND NEW.status <> OLD.status AND NEW.account_id IS NOT NULL
  AND NEW.invoice_type IN ('STANDARD_ADVANCED', 'ADHOC_ADVANCED', 'AD_HOC')
BEGIN
  INSERT INTO account_billing VALUES (NEW.organization_id, NEW.account_id, 1)
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER composites_raise_billing AFTER UPDATE OF status ON invoices
WHEN NEW.status IN ('VOID', 'REFUND_INITIATED') AND NEW.status <> OLD.status AND NEW.invoice_type = 'COMPOSITE'
BEGIN
  INSERT INTO account_billing
  SELECT organization_id, account_id, 1 FROM invoices
  WHERE organization_id = NEW.organization_id AND merged_into = NEW.id AND account_id IS NOT NULL GROUP BY account_id
  ON CONFLICT (organization_id, account_id) DO UPDATE SET version = version + 1;
END;
