-- Price plans, each in its newest version: a draft, or the one that was published last. version counts every change; plan_version counts the
-- versions that are shown. Cards and rules are JSON lists, as their plan is read and changed as a whole.
CREATE TABLE price_plans (
  id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  version_status TEXT NOT NULL,
  active_version INTEGER,
  plan_version INTEGER NOT NULL,
  reference_id TEXT NOT NULL,
  description TEXT,
  pricing_cycle_config TEXT,
  active_currencies TEXT NOT NULL,
  supported_currencies TEXT NOT NULL,
  deferred_revenue INTEGER NOT NULL,
  allow_ongoing_cycle_updates INTEGER NOT NULL,
  cards TEXT NOT NULL,
  rules TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  id_folded TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  description_folded TEXT,
  CONSTRAINT price_plans_type CHECK (type IN ('BILLING', 'PURCHASE')),
  CONSTRAINT price_plans_status CHECK (status IN ('DRAFT', 'ACTIVE', 'ARCHIVED', 'DISCARDED')),
  CONSTRAINT price_plans_version_status CHECK (version_status IN ('DRAFT', 'ACTIVE')),
  CONSTRAINT price_plans_published CHECK (active_version IS NOT NULL OR version_status = 'DRAFT'),
  CONSTRAINT price_plans_plan_version_range CHECK (plan_version >= 1),
  CONSTRAINT price_plans_active_currencies_json CHECK (json_valid(active_currencies)),
  CONSTRAINT price_plans_pricing_cycle_config_json CHECK (json_valid(pricing_cycle_config)),
  CONSTRAINT price_plans_supported_currencies_json CHECK (json_valid(supported_currencies)),
  CONSTRAINT price_plans_cards_json CHECK (json_valid(cards)),
  CONSTRAINT price_plans_rules_json CHECK (json_valid(rules))
) STRICT;

CREATE UNIQUE INDEX price_plans_name_unique ON price_plans (organization_id, name) WHERE status IN ('DRAFT', 'ACTIVE');
CREATE INDEX price_plans_by_updated_at ON price_plans (organization_id, status, updated_at DESC, id);
CREATE INDEX price_plans_by_id_folded ON price_plans (organization_id, id_folded);
CREATE INDEX price_plans_by_name_folded ON price_plans (organization_id, name_folded);
CREATE INDEX price_plans_by_description_folded ON price_plans (organization_id, description_folded);

-- The versions of plans that were published. Invoices are made by them, so they never change: only a currency that a version supports
-- can be activated later.
CREATE TABLE price_plan_versions (
  price_plan_id TEXT NOT NULL REFERENCES price_plans (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  plan_version INTEGER NOT NULL,
  reference_id TEXT NOT NULL,
  description TEXT,
  pricing_cycle_config TEXT,
  active_currencies TEXT NOT NULL,
  supported_currencies TEXT NOT NULL,
  deferred_revenue INTEGER NOT NULL,
  allow_ongoing_cycle_updates INTEGER NOT NULL,
  cards TEXT NOT NULL,
  rules TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (price_plan_id, plan_version),
  CONSTRAINT price_plan_versions_pricing_cycle_config_json CHECK (json_valid(pricing_cycle_config)),
  CONSTRAINT price_plan_versions_active_currencies_json CHECK (json_valid(active_currencies)),
  CONSTRAINT price_plan_versions_supported_currencies_json CHECK (json_valid(supported_currencies)),
  CONSTRAINT price_plan_versions_cards_json CHECK (json_valid(cards)),
  CONSTRAINT price_plan_versions_rules_json CHECK (json_valid(rules))
) STRICT, WITHOUT ROWID;

CREATE INDEX price_plan_versions_by_organization ON price_plan_versions (organization_id);

CREATE TRIGGER price_plans_new BEFORE INSERT ON price_plans
BEGIN
  SELECT RAISE(ABORT, 'PRICE_PLAN_TAKEN ' || json_array(name, id))
  FROM price_plans WHERE organization_id = NEW.organization_id AND name = NEW.name AND status IN ('DRAFT', 'ACTIVE');

  SELECT RAISE(ABORT, 'TOO_MANY_PRICE_PLANS ' || json_array(count(*)))
  FROM price_plans WHERE organization_id = NEW.organization_id AND status IN ('DRAFT', 'ACTIVE')
  HAVING count(*) >= 100;
END;

CREATE TRIGGER price_plans_version BEFORE UPDATE OF version ON price_plans WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

CREATE TRIGGER price_plan_versions_frozen BEFORE UPDATE OF
  price_plan_id, organization_id, plan_version, reference_id, description, pricing_cycle_config, supported_currencies, deferred_revenue,
  allow_ongoing_cycle_updates, cards, rules, created_at, updated_at
ON price_plan_versions
BEGIN
  SELECT RAISE(ABORT, 'price plan versions never change');
END;

CREATE TRIGGER price_plan_versions_currencies BEFORE UPDATE OF active_currencies ON price_plan_versions
WHEN EXISTS (
  SELECT 1 FROM json_each(OLD.active_currencies) AS old
  WHERE NOT EXISTS (SELECT 1 FROM json_each(NEW.active_currencies) AS new WHERE new.value = old.value)
)
BEGIN
  SELECT RAISE(ABORT, 'currencies of price plan versions stay active');
END;

CREATE TRIGGER price_plan_versions_kept BEFORE DELETE ON price_plan_versions
BEGIN
  SELECT RAISE(ABORT, 'price plan versions are never deleted');
END;

-- What can be priced, by the kind of card that prices it. A feature has no state.
CREATE VIEW billable_items (organization_id, kind, id, display_name, status, type) AS
SELECT organization_id, 'USAGE_METER', id, coalesce(billable_name, name), status, NULL FROM usage_meters
UNION ALL SELECT organization_id, 'ADD_ON', id, coalesce(billable_name, name), status, type FROM add_ons
UNION ALL SELECT organization_id, 'FEATURE', id, coalesce(billable_name, name), 'ACTIVE', NULL FROM features;

-- A meter or an add-on may have gone since the draft was read that is published.
CREATE TRIGGER price_plan_versions_items BEFORE INSERT ON price_plan_versions
BEGIN
  SELECT RAISE(ABORT, 'PRICE_PLAN_ITEM_GONE ' || json_array(card.value ->> 'name', card.value ->> 'billableId'))
  FROM json_each(NEW.cards) AS card
  WHERE card.value ->> 'type' <> 'MINIMUM_COMMITMENT'
    AND NOT EXISTS (
      SELECT 1 FROM billable_items AS item
      WHERE item.organization_id = NEW.organization_id AND item.id = card.value ->> 'billableId' AND item.status = 'ACTIVE'
    );
END;

-- What a plan prices that is not archived stays.
CREATE TRIGGER usage_meters_priced BEFORE UPDATE OF status ON usage_meters WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'ITEM_IS_PRICED ' || json_array('usage meter', NEW.name, plan.name))
  FROM price_plan_versions AS its JOIN price_plans AS plan ON plan.id = its.price_plan_id AND plan.status = 'ACTIVE'
  WHERE its.organization_id = NEW.organization_id
    AND EXISTS (SELECT 1 FROM json_each(its.cards) AS card WHERE card.value ->> 'billableId' = NEW.id);
END;

CREATE TRIGGER add_ons_priced BEFORE UPDATE OF status ON add_ons WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'ITEM_IS_PRICED ' || json_array('add-on', NEW.name, plan.name))
  FROM price_plan_versions AS its JOIN price_plans AS plan ON plan.id = its.price_plan_id AND plan.status = 'ACTIVE'
  WHERE its.organization_id = NEW.organization_id
    AND EXISTS (SELECT 1 FROM json_each(its.cards) AS card WHERE card.value ->> 'billableId' = NEW.id);
END;

-- Settings can be kept on price plans. A plan whose only draft was discarded is gone.
DROP VIEW entities;
DROP VIEW catalogue_entities;

CREATE VIEW catalogue_entities (organization_id, entity_type, entity_id, status) AS
SELECT organization_id, 'ADD_ON', id, status FROM add_ons
UNION ALL SELECT organization_id, 'FEATURE', id, 'ACTIVE' FROM features
UNION ALL SELECT organization_id, 'PRICE_PLAN', id, status FROM price_plans WHERE status <> 'DISCARDED';

CREATE VIEW entities (organization_id, entity_type, entity_id, status) AS
SELECT * FROM customer_entities UNION ALL SELECT * FROM metering_entities UNION ALL SELECT * FROM catalogue_entities;
