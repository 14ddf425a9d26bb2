-- The timeline of an account: version counts every change of it, active_version those of what is in force. draft_base is the
-- active_version that an open draft was made of.
CREATE TABLE timelines (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  active_version INTEGER NOT NULL,
  draft_base INTEGER,
  PRIMARY KEY (organization_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER timelines_new BEFORE INSERT ON timelines
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM timelines WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id;
END;

CREATE TRIGGER timelines_version BEFORE UPDATE OF version ON timelines WHEN NEW.version <> OLD.version + 1
BEGIN
  SELECT RAISE(ABORT, 'STALE []');
END;

-- What an account has instead of parts of its plan, by a digest of it: cards, rules and currencies. It never changes.
CREATE TABLE schedule_overrides (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  id TEXT NOT NULL,
  content TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id),
  CONSTRAINT schedule_overrides_content_json CHECK (json_valid(content))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER schedule_overrides_frozen BEFORE UPDATE ON schedule_overrides
BEGIN
  SELECT RAISE(ABORT, 'schedule overrides never change');
END;

-- Which plan an account has from start_at until before end_at, in which version, with which cycles. state is ACTIVE for what is in
-- force, DRAFT for a part of the draft of the timeline, and GONE for what was replaced. cycle has its start offset also where that is
-- made of the day on which the plan came into force.
CREATE TABLE schedules (
  sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  account_id TEXT NOT NULL,
  state TEXT NOT NULL,
  price_plan_id TEXT NOT NULL REFERENCES price_plans (id),
  plan_version INTEGER NOT NULL,
  start_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL,
  cycle TEXT NOT NULL,
  is_cycle_overridden INTEGER NOT NULL,
  override_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CONSTRAINT schedules_state CHECK (state IN ('ACTIVE', 'DRAFT', 'GONE')),
  CONSTRAINT schedules_range CHECK (start_at < end_at),
  CONSTRAINT schedules_whole_days CHECK (start_at % 86400000 = 0 AND end_at % 86400000 = 0),
  CONSTRAINT schedules_cycle_json CHECK (json_valid(cycle)),
  FOREIGN KEY (price_plan_id, plan_version) REFERENCES price_plan_versions (price_plan_id, plan_version),
  FOREIGN KEY (organization_id, override_id) REFERENCES schedule_overrides (organization_id, id)
) STRICT;

CREATE UNIQUE INDEX schedules_unique ON schedules (id, state) WHERE state <> 'GONE';
CREATE INDEX schedules_by_account ON schedules (organization_id, account_id, state, start_at);
CREATE INDEX schedules_by_end ON schedules (organization_id, account_id, state, end_at);
CREATE INDEX schedules_by_plan ON schedules (price_plan_id, plan_version, end_at) WHERE state = 'ACTIVE';
CREATE INDEX schedules_by_override ON schedules (organization_id, override_id, end_at) WHERE state = 'ACTIVE' AND override_id IS NOT NULL;

-- A timeline has one plan at most at every instant.
CREATE TRIGGER schedules_overlap_of_new BEFORE INSERT ON schedules WHEN NEW.state <> 'GONE'
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM schedules
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND state = NEW.state
    AND start_at < NEW.end_at AND end_at > NEW.start_at;
END;

CREATE TRIGGER schedules_overlap_of_changed BEFORE UPDATE OF start_at, end_at, state, account_id ON schedules WHEN NEW.state <> 'GONE'
BEGIN
  SELECT RAISE(ABORT, 'STALE []') FROM schedules
  WHERE organization_id = NEW.organization_id AND account_id = NEW.account_id AND state = NEW.state
    AND start_at < NEW.end_at AND end_at > NEW.start_at AND sequence <> NEW.sequence;
END;

CREATE TRIGGER schedules_kept BEFORE DELETE ON schedules
BEGIN
  SELECT RAISE(ABORT, 'schedules are never deleted');
END;

-- A plan may have been archived, and what an account has instead of parts of it too, since the timeline was read that is written.
CREATE TRIGGER schedules_plan BEFORE INSERT ON schedules WHEN NEW.state = 'ACTIVE'
BEGIN
  SELECT RAISE(ABORT, 'SCHEDULE_PLAN_GONE ' || json_array(name))
  FROM price_plans WHERE id = NEW.price_plan_id AND status <> 'ACTIVE';

  SELECT RAISE(ABORT, 'PRICE_PLAN_ITEM_GONE ' || json_array(card.value ->> 'name', card.value ->> 'billableId'))
  FROM schedule_overrides AS own, json_each(own.content, '$.cards') AS card
  WHERE own.organization_id = NEW.organization_id AND own.id = NEW.override_id
    AND card.value ->> 'type' <> 'MINIMUM_COMMITMENT'
    AND NOT EXISTS (
      SELECT 1 FROM billable_items AS item
      WHERE item.organization_id = NEW.organization_id AND item.id = card.value ->> 'billableId' AND item.status = 'ACTIVE'
    );
END;

CREATE TRIGGER schedules_plan_of_changed BEFORE UPDATE OF price_plan_id, override_id, start_at, end_at, state ON schedules
WHEN NEW.state = 'ACTIVE' AND (
  OLD.state <> 'ACTIVE' OR NEW.price_plan_id <> OLD.price_plan_id OR NEW.override_id IS NOT OLD.override_id
  OR NEW.start_at < OLD.start_at OR NEW.end_at > OLD.end_at
)
BEGIN
  SELECT RAISE(ABORT, 'SCHEDULE_PLAN_GONE ' || json_array(name))
  FROM price_plans WHERE id = NEW.price_plan_id AND status <> 'ACTIVE';

  SELECT RAISE(ABORT, 'PRICE_PLAN_ITEM_GONE ' || json_array(card.value ->> 'name', card.value ->> 'billableId'))
  FROM schedule_overrides AS own, json_each(own.content, '$.cards') AS card
  WHERE own.organization_id = NEW.organization_id AND own.id = NEW.override_id
    AND card.value ->> 'type' <> 'MINIMUM_COMMITMENT'
    AND NOT EXISTS (
      SELECT 1 FROM billable_items AS item
      WHERE item.organization_id = NEW.organization_id AND item.id = card.value ->> 'billableId' AND item.status = 'ACTIVE'
    );
END;

-- A plan stays while an account has it, or will have it.
CREATE TRIGGER price_plans_in_force BEFORE UPDATE OF status ON price_plans WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'PRICE_PLAN_IN_FORCE ' || json_array(NEW.name, account_id))
  FROM schedules WHERE price_plan_id = NEW.id AND state = 'ACTIVE' AND end_at > NEW.updated_at;
END;

-- So does what an account is charged for instead of what its plan has.
CREATE TRIGGER usage_meters_in_force BEFORE UPDATE OF status ON usage_meters WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'ITEM_IS_IN_FORCE ' || json_array('usage meter', NEW.name, its.account_id))
  FROM schedules AS its JOIN schedule_overrides AS own ON own.organization_id = its.organization_id AND own.id = its.override_id
  WHERE its.organization_id = NEW.organization_id AND its.state = 'ACTIVE' AND its.override_id IS NOT NULL AND its.end_at > NEW.updated_at
    AND EXISTS (SELECT 1 FROM json_each(own.content, '$.cards') AS card WHERE card.value ->> 'billableId' = NEW.id);
END;

-- What an account has been charged in one currency is not charged in another.
CREATE TRIGGER accounts_currency_in_force BEFORE UPDATE OF invoice_currency ON accounts WHEN NEW.invoice_currency <> OLD.invoice_currency
BEGIN
  SELECT RAISE(ABORT, 'ACCOUNT_HAS_PLAN ' || json_array(NEW.id, OLD.invoice_currency))
  FROM schedules WHERE organization_id = NEW.organization_id AND account_id = NEW.id AND state = 'ACTIVE';
END;

-- The last cycle of an archived account ends at the end of its day.
CREATE TRIGGER customers_in_force BEFORE UPDATE OF status ON customers WHEN NEW.status = 'ARCHIVED'
BEGIN
  SELECT RAISE(ABORT, 'CUSTOMER_HAS_PLAN ' || json_array(NEW.id, account.id))
  FROM accounts AS account JOIN schedules AS its ON its.organization_id = account.organization_id AND its.account_id = account.id
  WHERE account.organization_id = NEW.organization_id AND account.customer_id = NEW.id AND its.state = 'ACTIVE' AND its.end_at > NEW.updated_at;
END;

-- An account that never had a plan has nothing to end when it is archived.
CREATE TRIGGER due_of_timelines BEFORE INSERT ON due
WHEN NEW.kind = 'ACCOUNT_ARCHIVED'
  AND NOT EXISTS (SELECT 1 FROM timelines WHERE organization_id = NEW.organization_id AND account_id = NEW.subject)
BEGIN
  SELECT RAISE(IGNORE);
END;
