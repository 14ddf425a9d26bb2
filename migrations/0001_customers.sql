-- Times are integer milliseconds since 1970 in UTC. Columns of JSON hold text that json_valid accepts.
-- A conflict raises CODE and a JSON array of the values that explain it; src/db/commit.ts turns both into an answer.

CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  base_currency TEXT NOT NULL DEFAULT 'USD',
  created_at INTEGER NOT NULL,
  CONSTRAINT organizations_name_unique UNIQUE (name),
  CONSTRAINT organizations_base_currency_code CHECK (base_currency GLOB '[A-Z][A-Z][A-Z]')
) STRICT;

CREATE TABLE tokens (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  CONSTRAINT tokens_hash_unique UNIQUE (hash),
  CONSTRAINT tokens_hash_sha256 CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*')
) STRICT;

CREATE TABLE customers (
  togai_customer_id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  primary_email TEXT NOT NULL,
  address TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT customers_id_unique UNIQUE (organization_id, id),
  CONSTRAINT customers_address_json CHECK (json_valid(address))
) STRICT;

CREATE TABLE accounts (
  togai_account_id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  togai_customer_id TEXT NOT NULL REFERENCES customers (togai_customer_id),
  customer_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  invoice_currency TEXT NOT NULL,
  net_term_days INTEGER,
  address TEXT,
  primary_email TEXT,
  billing_information TEXT,
  metadata TEXT,
  tags TEXT,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT accounts_id_unique UNIQUE (organization_id, id),
  CONSTRAINT accounts_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
  CONSTRAINT accounts_net_term_days_range CHECK (net_term_days BETWEEN 0 AND 2147483647),
  CONSTRAINT accounts_address_json CHECK (json_valid(address)),
  CONSTRAINT accounts_billing_information_json CHECK (json_valid(billing_information)),
  CONSTRAINT accounts_metadata_json CHECK (json_valid(metadata)),
  CONSTRAINT accounts_tags_json CHECK (json_valid(tags))
) STRICT;

-- A range is half open: it holds from effective_from until just before effective_until. An empty one was withdrawn before it began.
CREATE TABLE account_aliases (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  togai_account_id TEXT NOT NULL REFERENCES accounts (togai_account_id),
  value TEXT NOT NULL,
  effective_from INTEGER NOT NULL,
  effective_until INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT account_aliases_range CHECK (effective_from <= effective_until)
) STRICT;

CREATE INDEX account_aliases_by_value ON account_aliases (organization_id, value, effective_from);
CREATE INDEX account_aliases_by_account ON account_aliases (togai_account_id, effective_until);

-- entity_id is the caller's own id of the entity, which is unique in its organization and never changes.
CREATE TABLE settings (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  entity_type TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  data_type TEXT NOT NULL,
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, entity_type, entity_id, namespace, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER customers_id_taken BEFORE INSERT ON customers
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_ID_TAKEN ' || json_array(NEW.id))
  FROM customers WHERE organization_id = NEW.organization_id AND id = NEW.id;
END;

CREATE TRIGGER accounts_id_taken BEFORE INSERT ON accounts
BEGIN
  SELECT RAISE(ABORT, 'ACCOUNT_ID_TAKEN ' || json_array(NEW.id))
  FROM accounts WHERE organization_id = NEW.organization_id AND id = NEW.id;

  SELECT RAISE(ABORT, 'ACCOUNT_ID_IS_ALIAS ' || json_array(NEW.id, owner.id))
  FROM account_aliases JOIN accounts AS owner USING (togai_account_id)
  WHERE account_aliases.organization_id = NEW.organization_id AND account_aliases.value = NEW.id
    AND account_aliases.effective_from < account_aliases.effective_until;
END;

CREATE TRIGGER account_aliases_taken BEFORE INSERT ON account_aliases
BEGIN
  SELECT RAISE(ABORT, 'ALIAS_IS_ACCOUNT_ID ' || json_array(NEW.value))
  FROM accounts
  WHERE organization_id = NEW.organization_id AND id = NEW.value AND togai_account_id <> NEW.togai_account_id;

  SELECT RAISE(ABORT, 'ALIAS_TAKEN ' || json_array(NEW.value, owner.id, NEW.effective_until))
  FROM account_aliases JOIN accounts AS owner USING (togai_account_id)
  WHERE account_aliases.organization_id = NEW.organization_id AND account_aliases.value = NEW.value
    AND account_aliases.effective_from < NEW.effective_until AND account_aliases.effective_until > NEW.effective_from
    AND account_aliases.effective_from < account_aliases.effective_until;
END;

-- The most aliases that hold together do so at the instant at which one of them begins.
CREATE TRIGGER account_aliases_too_many AFTER INSERT ON account_aliases
BEGIN
  SELECT RAISE(ABORT, 'TOO_MANY_ALIASES ' || json_array(NEW.value, account.id, NEW.effective_until))
  FROM accounts AS account
  WHERE account.togai_account_id = NEW.togai_account_id AND EXISTS (
    SELECT 1 FROM account_aliases AS start
    WHERE start.togai_account_id = NEW.togai_account_id
      AND start.effective_until > NEW.effective_from
      AND max(start.effective_from, NEW.effective_from) < NEW.effective_until
      AND 10 < (
        SELECT count(*) FROM account_aliases AS held
        WHERE held.togai_account_id = NEW.togai_account_id
          AND held.effective_from <= max(start.effective_from, NEW.effective_from)
          AND held.effective_until > max(start.effective_from, NEW.effective_from)
      )
  );
END;
