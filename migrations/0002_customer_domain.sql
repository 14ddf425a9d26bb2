-- What a batch inserts here refuses the batch: a conflict that no single row shows.
CREATE VIEW refusals (code, detail) AS SELECT '', '' WHERE false;

CREATE TRIGGER refusals_refuse INSTEAD OF INSERT ON refusals
BEGIN
  SELECT RAISE(ABORT, NEW.code || ' ' || NEW.detail);
END;

-- Roles are ADMINISTRATOR, DEVELOPER and ANALYST.
ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'ADMINISTRATOR';

-- A version grows by one with each change, so that a writer who read an older one is turned away.
-- The folded columns are the lower-cased text that lists are searched by.
ALTER TABLE customers ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE customers ADD COLUMN id_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN primary_email_folded TEXT NOT NULL DEFAULT '';
UPDATE customers SET id_folded = lower(id), name_folded = lower(name), primary_email_folded = lower(primary_email);

CREATE INDEX customers_by_updated_at ON customers (organization_id, status, updated_at DESC, id);
CREATE INDEX customers_by_id ON customers (organization_id, status, id);
CREATE INDEX customers_by_id_folded ON customers (organization_id, id_folded);
CREATE INDEX customers_by_name_folded ON customers (organization_id, name_folded);
CREATE INDEX customers_by_primary_email_folded ON customers (organization_id, primary_email_folded);

-- An account that was given no currency may still be given one, once.
ALTER TABLE accounts ADD COLUMN invoice_currency_given INTEGER NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN id_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN primary_email_folded TEXT;
UPDATE accounts SET id_folded = lower(id), name_folded = lower(name), primary_email_folded = lower(primary_email);

CREATE INDEX accounts_by_updated_at ON accounts (organization_id, status, updated_at DESC, id);
CREATE INDEX accounts_by_id ON accounts (organization_id, status, id);
CREATE INDEX accounts_by_customer ON accounts (organization_id, customer_id, status, updated_at DESC, id);
CREATE INDEX accounts_by_currency ON accounts (organization_id, invoice_currency, status, updated_at DESC, id);
CREATE INDEX accounts_by_customer_and_id ON accounts (organization_id, customer_id, status, id);
CREATE INDEX accounts_by_currency_and_id ON accounts (organization_id, invoice_currency, status, id);
CREATE INDEX accounts_by_id_folded ON accounts (organization_id, id_folded);
CREATE INDEX accounts_by_name_folded ON accounts (organization_id, name_folded);
CREATE INDEX accounts_by_primary_email_folded ON accounts (organization_id, primary_email_folded);

CREATE TRIGGER customers_version BEFORE UPDATE OF version ON customers WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER accounts_version BEFORE UPDATE OF version ON accounts WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- An account that is in a group keeps the group's currency.
CREATE TRIGGER accounts_currency BEFORE UPDATE OF invoice_currency ON accounts WHEN NEW.invoice_currency <> OLD.invoice_currency
BEGIN
  SELECT RAISE(ABORT, 'GROUP_CURRENCY ' || json_array(NEW.id, grouped.id, grouped.invoice_currency))
  FROM invoice_group_accounts AS member JOIN invoice_groups AS grouped ON grouped.id = member.invoice_group_id
  WHERE member.organization_id = NEW.organization_id AND member.account_id = NEW.id AND grouped.invoice_currency <> NEW.invoice_currency;
END;

CREATE TRIGGER customers_archive BEFORE UPDATE OF status ON customers WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_HAS_ACCOUNTS ' || json_array(NEW.id, group_concat(id, '", "') FILTER (WHERE n < 11), count(*)))
  FROM (
    SELECT id, row_number() OVER (ORDER BY +id) AS n FROM accounts
    WHERE organization_id = NEW.organization_id AND customer_id = NEW.id AND status <> 'ARCHIVED'
    ORDER BY +id LIMIT 11
  )
  HAVING count(*) > 0;
END;

CREATE TRIGGER accounts_customer BEFORE INSERT ON accounts
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_NOT_FOUND ' || json_array(NEW.customer_id))
  WHERE NOT EXISTS (SELECT 1 FROM customers WHERE organization_id = NEW.organization_id AND id = NEW.customer_id);

  SELECT RAISE(ABORT, 'CUSTOMER_ARCHIVED ' || json_array(NEW.customer_id))
  FROM customers WHERE organization_id = NEW.organization_id AND id = NEW.customer_id AND status = 'ARCHIVED';
END;

-- The organization's pool of alias values. A value that an account is given is in it.
CREATE TABLE aliases (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  value TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX aliases_by_status ON aliases (organization_id, status, value);

INSERT INTO aliases (organization_id, value, status, created_at, updated_at)
SELECT organization_id, value, 'ACTIVE', min(created_at), min(created_at) FROM account_aliases GROUP BY organization_id, value;

CREATE TRIGGER account_aliases_pooled AFTER INSERT ON account_aliases
BEGIN
  INSERT INTO aliases (organization_id, value, status, created_at, updated_at)
  VALUES (NEW.organization_id, NEW.value, 'ACTIVE', NEW.created_at, NEW.created_at)
  ON CONFLICT (organization_id, value) DO UPDATE
  SET status = 'ACTIVE', created_at = excluded.created_at, updated_at = excluded.updated_at
  WHERE status = 'ARCHIVED';
END;

CREATE TRIGGER aliases_archive BEFORE UPDATE OF status ON aliases WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'ALIAS_HELD ' || json_array(NEW.value, owner.id))
  FROM account_aliases JOIN accounts AS owner USING (togai_account_id)
  WHERE account_aliases.organization_id = NEW.organization_id AND account_aliases.value = NEW.value
    AND account_aliases.effective_from <= NEW.updated_at AND account_aliases.effective_until > NEW.updated_at;
END;

-- The string by which the API names a setting. Parts that hold dots can make two settings share one.
ALTER TABLE settings ADD COLUMN id_string TEXT GENERATED ALWAYS AS (
  'setting.' || namespace || '.' || id || '.' || entity_type || '.' || entity_id
) VIRTUAL;
CREATE INDEX settings_by_id_string ON settings (organization_id, id_string);
CREATE INDEX settings_by_id ON settings (organization_id, id, entity_type, entity_id, namespace);
CREATE INDEX settings_by_entity_id ON settings (organization_id, entity_id, entity_type, namespace, id);
CREATE INDEX settings_by_namespace ON settings (organization_id, namespace, entity_type, entity_id, id);
ALTER TABLE settings ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TRIGGER settings_version BEFORE UPDATE OF version ON settings WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER settings_taken BEFORE INSERT ON settings
BEGIN
  SELECT RAISE(ABORT, 'SETTING_TAKEN ' || json_array(NEW.id, NEW.namespace, NEW.entity_type, NEW.entity_id))
  FROM settings
  WHERE organization_id = NEW.organization_id
    AND entity_type = NEW.entity_type AND entity_id = NEW.entity_id AND namespace = NEW.namespace AND id = NEW.id;
END;

-- What settings can be kept on, as soon as there is a table of it.
CREATE VIEW entities (organization_id, entity_type, entity_id, status) AS
SELECT id, 'ORGANIZATION', id, 'ACTIVE' FROM organizations
UNION ALL SELECT organization_id, 'CUSTOMER', id, status FROM customers
UNION ALL SELECT organization_id, 'ACCOUNT', id, status FROM accounts
UNION ALL SELECT organization_id, 'INVOICE_GROUP', id, status FROM invoice_groups;

CREATE TRIGGER settings_entity BEFORE INSERT ON settings
BEGIN
  SELECT RAISE(ABORT, 'ENTITY_NOT_FOUND ' || json_array(NEW.entity_id, NEW.entity_type))
  WHERE NOT EXISTS (
    SELECT 1 FROM entities
    WHERE organization_id = NEW.organization_id AND entity_type = NEW.entity_type AND entity_id = NEW.entity_id
  );

  SELECT RAISE(ABORT, 'ENTITY_ARCHIVED ' || json_array(NEW.entity_id, NEW.entity_type))
  FROM entities
  WHERE organization_id = NEW.organization_id AND entity_type = NEW.entity_type AND entity_id = NEW.entity_id AND status = 'ARCHIVED';
END;

CREATE TRIGGER settings_entity_on_update BEFORE UPDATE ON settings
BEGIN
  SELECT RAISE(ABORT, 'ENTITY_ARCHIVED ' || json_array(NEW.entity_id, NEW.entity_type))
  FROM entities
  WHERE organization_id = NEW.organization_id AND entity_type = NEW.entity_type AND entity_id = NEW.entity_id AND status = 'ARCHIVED';
END;

CREATE TABLE contacts (
  username TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  customer_id TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  preferred_username TEXT,
  phone TEXT,
  password TEXT,
  verified INTEGER NOT NULL,
  login_access INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  CONSTRAINT contacts_email_unique UNIQUE (organization_id, customer_id, email_folded),
  CONSTRAINT contacts_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
  CONSTRAINT contacts_password_json CHECK (json_valid(password))
) STRICT;

CREATE TRIGGER contacts_customer BEFORE INSERT ON contacts
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_NOT_FOUND ' || json_array(NEW.customer_id))
  WHERE NOT EXISTS (SELECT 1 FROM customers WHERE organization_id = NEW.organization_id AND id = NEW.customer_id);

  SELECT RAISE(ABORT, 'CUSTOMER_ARCHIVED ' || json_array(NEW.customer_id))
  FROM customers WHERE organization_id = NEW.organization_id AND id = NEW.customer_id AND status = 'ARCHIVED';

  SELECT RAISE(ABORT, 'CONTACT_EMAIL_TAKEN ' || json_array(NEW.email, NEW.customer_id))
  FROM contacts
  WHERE organization_id = NEW.organization_id AND customer_id = NEW.customer_id AND email_folded = NEW.email_folded;
END;

CREATE TABLE invoice_groups (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  daily_invoice_consolidation INTEGER NOT NULL,
  net_term_days INTEGER,
  invoice_currency TEXT NOT NULL,
  address TEXT NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT invoice_groups_address_json CHECK (json_valid(address)),
  CONSTRAINT invoice_groups_net_term_days_range CHECK (net_term_days BETWEEN 0 AND 2147483647)
) STRICT;

CREATE INDEX invoice_groups_by_id ON invoice_groups (organization_id, status, id);

CREATE TRIGGER invoice_groups_version BEFORE UPDATE OF version ON invoice_groups WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- Which group an account is in: one at most.
CREATE TABLE invoice_group_accounts (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  invoice_group_id TEXT NOT NULL REFERENCES invoice_groups (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, account_id),
  CONSTRAINT invoice_group_accounts_account FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX invoice_group_accounts_by_group ON invoice_group_accounts (invoice_group_id, account_id);

CREATE TRIGGER invoice_group_accounts_fit BEFORE INSERT ON invoice_group_accounts
BEGIN
  SELECT RAISE(ABORT, 'ACCOUNT_NOT_FOUND ' || json_array(NEW.account_id))
  WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE organization_id = NEW.organization_id AND id = NEW.account_id);

  SELECT RAISE(ABORT, 'ACCOUNT_ARCHIVED ' || json_array(NEW.account_id))
  FROM accounts WHERE organization_id = NEW.organization_id AND id = NEW.account_id AND status = 'ARCHIVED';

  SELECT RAISE(ABORT, 'ACCOUNT_IN_GROUP ' || json_array(NEW.account_id, invoice_group_id))
  FROM invoice_group_accounts
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id;

  SELECT RAISE(ABORT, 'ACCOUNT_CURRENCY ' || json_array(NEW.account_id, account.invoice_currency, grouped.invoice_currency))
  FROM accounts AS account JOIN invoice_groups AS grouped ON grouped.id = NEW.invoice_group_id
  WHERE account.organization_id = NEW.organization_id AND account.id = NEW.account_id
    AND account.invoice_currency <> grouped.invoice_currency;
END;
