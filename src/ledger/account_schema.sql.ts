/**
 * Whether an addition begins an entry: the name had no licence just before, and has one from then on. Additions of an instant come before
 * removals, in the order of their references.
 */
export const IS_OPENING = `(
    NOT EXISTS (
      SELECT 1 FROM license_action AS at INDEXED BY license_action_by_name
      WHERE at.account = its.account AND at.license = its.license AND at.name = its.name AND at.action = -1 AND at.time = its.time
    )
    AND coalesce((
      SELECT added.time <= coalesce((
        SELECT removed.time FROM license_action AS removed INDEXED BY license_action_by_name
        WHERE removed.account = its.account AND removed.license = its.license AND removed.name = its.name
          AND removed.action = -1 AND removed.time < its.time
        ORDER BY removed.time DESC LIMIT 1
      ), added.time - 1)
      FROM license_action AS added INDEXED BY license_action_by_name
      WHERE added.account = its.account AND added.license = its.license AND added.name = its.name
        AND added.action = 1 AND (added.time, added.reference) < (its.time, its.reference)
      ORDER BY added.time DESC, added.reference DESC LIMIT 1
    ), 1)
  )`

/** The tables of an AccountLedger, as its own migrations. */
export const ACCOUNT_MIGRATIONS: readonly string[] = [
  `
  -- Names that were added to a licence of an account (action 1) or removed from it (-1), each by one event. Action 0 did nothing: the name
  -- was absent, or the event was taken back; its account is empty where it was never asked for.
  CREATE TABLE license_action (
    account TEXT NOT NULL,
    license TEXT NOT NULL,
    name TEXT NOT NULL,
    time INTEGER NOT NULL,
    reference TEXT NOT NULL,
    action INTEGER NOT NULL,
    PRIMARY KEY (account, license, name, time, reference)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX license_action_by_reference ON license_action (reference);
  `,
  `
  -- When the event of an action arrived, and whether the action begins an entry (1), so that entries are listed without a look at the rest.
  ALTER TABLE license_action ADD COLUMN arrived_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE license_action ADD COLUMN opens INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX license_action_by_name ON license_action (account, license, name, action, time, reference);
  UPDATE license_action SET arrived_at = time;
  UPDATE license_action AS its SET opens = ${IS_OPENING} WHERE action = 1;
  CREATE INDEX license_entry ON license_action (arrived_at, reference) WHERE opens = 1;
  CREATE INDEX license_entry_of_account ON license_action (account, arrived_at, reference) WHERE opens = 1;
  CREATE INDEX license_entry_of_license ON license_action (license, arrived_at, reference) WHERE opens = 1;
  CREATE INDEX license_entry_of_both ON license_action (account, license, arrived_at, reference) WHERE opens = 1;
  CREATE INDEX license_entry_of_name ON license_action (name, arrived_at, reference) WHERE opens = 1;
  CREATE INDEX license_entry_of_account_and_name ON license_action (account, name, arrived_at, reference) WHERE opens = 1;
  `,
  `
  -- Of each account whose revenue is kept: the id of its customer, how many reckonings were begun and the number of the last one that was
  -- written, and until when (milliseconds) nothing changes any more.
  CREATE TABLE revenue_account (
    account TEXT NOT NULL PRIMARY KEY,
    customer TEXT NOT NULL,
    asked INTEGER NOT NULL,
    reckoned INTEGER NOT NULL,
    settled INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- What an account earned on a day: lists of [kind, hour, is_last, billable, currency, amount]. What is of the last hour of a cycle so far
  -- (is_last 1) stands in the last hour of all, and counts in the present one as long as that is earlier.
  CREATE TABLE revenue (account TEXT NOT NULL, day INTEGER NOT NULL, rows TEXT NOT NULL, PRIMARY KEY (account, day)) STRICT, WITHOUT ROWID;
  CREATE INDEX revenue_by_day ON revenue (day, account);

  -- What that adds up to over all accounts, by hour and by day; count is of how many rows.
  CREATE TABLE revenue_hour (
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    is_last INTEGER NOT NULL,
    billable TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, start, is_last, billable, currency)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE revenue_day (
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    is_last INTEGER NOT NULL,
    billable TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, start, is_last, billable, currency)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Credits of features, from when until when (milliseconds) they can be taken: how many were granted (NULL where there is no limit), how
  -- many of them were taken, and which take was the last. version is that of the grant.
  CREATE TABLE feature_entry (
    account TEXT NOT NULL,
    feature TEXT NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    granted TEXT,
    used TEXT NOT NULL,
    turn INTEGER NOT NULL,
    is_void INTEGER NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account, feature, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX feature_entry_by_end ON feature_entry (account, feature, until, since, id);
  CREATE INDEX feature_entry_by_start ON feature_entry (account, feature, since, id);

  -- What events took of which entries, as a list of [entry, units], and at which turn; below 0 where they gave back. NULL where an event was
  -- taken back: it takes nothing any more.
  CREATE TABLE feature_take (
    reference TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    feature TEXT NOT NULL,
    time INTEGER NOT NULL,
    taken_at INTEGER NOT NULL,
    parts TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX feature_take_by_time ON feature_take (account, time);

  -- The overage of events by the hour of their time.
  CREATE TABLE overage_hour (
    account TEXT NOT NULL,
    feature TEXT NOT NULL,
    start INTEGER NOT NULL,
    units TEXT NOT NULL,
    PRIMARY KEY (account, feature, start)
  ) STRICT, WITHOUT ROWID;

  -- The first instant of the last pricing cycle of an account that has granted its credits, and how often events took of its entries.
  CREATE TABLE feature_account (account TEXT NOT NULL PRIMARY KEY, begun_at INTEGER, turn INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- The instant before which no event of an account can be taken back any more: what older events took is forgotten, bit by bit.
  ALTER TABLE feature_account ADD COLUMN settled_until INTEGER NOT NULL DEFAULT 0;
  `,
]
