-- What an account has bought and not paid, or not been given, is in its currency.
CREATE TRIGGER accounts_with_purchases BEFORE UPDATE OF invoice_currency ON accounts WHEN NEW.invoice_currency <> OLD.invoice_currency
BEGIN
  SELECT RAISE(ABORT, 'BUYS_IN_CURRENCY ' || json_array(NEW.id, OLD.invoice_currency, its.id)) FROM purchases AS its
  WHERE its.organization_id = NEW.organization_id AND its.account_id = NEW.id AND its.settled_at IS NULL AND its.status IS NOT NULL;
END;
