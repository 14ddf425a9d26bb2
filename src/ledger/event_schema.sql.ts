/** The migrations of an EventLedger: one text for each version. Each runs once when a ledger wakes. */
export const EVENT_MIGRATIONS: readonly string[] = [
  `
  -- Single values, as JSON: the version of the organization, its generations, and how far events are forgotten.
  CREATE TABLE state (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- The event that holds an id. account is =<id of an account> or ?<name that no account has>.
  CREATE TABLE event (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL,
    time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    account TEXT NOT NULL,
    schema TEXT NOT NULL,
    status INTEGER NOT NULL,
    source INTEGER NOT NULL,
    rules TEXT,
    units TEXT,
    payload TEXT,
    more TEXT,
    request TEXT
  ) STRICT, WITHOUT ROWID;

  -- Events that hold no id: repeats, reverted ones, and those whose id was taken again after 45 days. A repeat whose payload is that of
  -- the event it repeats has none of its own.
  CREATE TABLE past (
    reference TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    account TEXT NOT NULL,
    schema TEXT NOT NULL,
    status INTEGER NOT NULL,
    source INTEGER NOT NULL,
    rules TEXT,
    units TEXT,
    payload TEXT,
    more TEXT,
    request TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX past_by_id ON past (id, time DESC);
  CREATE INDEX past_by_request ON past (request) WHERE request IS NOT NULL;

  -- What was recorded and not yet folded into the sums and lists: totals, and of each event its id, reference, time, account, schema and
  -- status.
  CREATE TABLE journal (seq INTEGER NOT NULL PRIMARY KEY, totals TEXT NOT NULL, places TEXT NOT NULL) STRICT;

  -- Every event by time, the newest first: back is the time in milliseconds, negative.
  CREATE TABLE timeline (
    back INTEGER NOT NULL,
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    account TEXT NOT NULL,
    schema TEXT NOT NULL,
    status INTEGER NOT NULL,
    PRIMARY KEY (back, id, reference)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX timeline_unprocessed ON timeline (status, back, id) WHERE status NOT IN (1, 2, 3);

  CREATE TABLE listing (
    account TEXT NOT NULL,
    back INTEGER NOT NULL,
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    schema TEXT NOT NULL,
    status INTEGER NOT NULL,
    PRIMARY KEY (account, back, id, reference)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE account (account TEXT NOT NULL PRIMARY KEY, customer TEXT) STRICT, WITHOUT ROWID;
  CREATE TABLE series (series TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE rule_set (name TEXT NOT NULL PRIMARY KEY, rules TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- What the events of an hour, and of a day, add up to. The account * is all of them together.
  CREATE TABLE sum_hour (
    account TEXT NOT NULL,
    series TEXT NOT NULL,
    start INTEGER NOT NULL,
    units TEXT NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (account, series, start)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sum_day (
    account TEXT NOT NULL,
    series TEXT NOT NULL,
    start INTEGER NOT NULL,
    units TEXT NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (account, series, start)
  ) STRICT, WITHOUT ROWID;

  -- Events that wait for an account to take a name.
  CREATE TABLE waiting (name TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (name, id)) STRICT, WITHOUT ROWID;

  -- What an account's ledger is to be asked for an event in progress, or to take back (is_undo), by the reference of the event.
  CREATE TABLE progress (
    reference TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    act TEXT NOT NULL,
    is_undo INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;

  -- Times of an account that are closed: its invoice is frozen.
  CREATE TABLE closing (account TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (account, since)) STRICT, WITHOUT ROWID;
  CREATE INDEX closing_by_until ON closing (until);

  -- The versions of accounts that changed in the last two minutes.
  CREATE TABLE told (account TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, told_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- Events to be ingested elsewhere because of a correction here, until they have been.
  CREATE TABLE carry (
    correction TEXT NOT NULL PRIMARY KEY,
    act TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;

  -- Under which Idempotency-Key which request was made.
  CREATE TABLE request_key (key TEXT NOT NULL PRIMARY KEY, fingerprint TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- Accounts whose events changed and that have not been reckoned since. mark says which change was the last one.
  CREATE TABLE changed (account TEXT NOT NULL PRIMARY KEY, mark INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- Events in the order in which they became unprocessed, since this table was made; no number is given twice.
  CREATE TABLE unprocessed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL
  ) STRICT;
  CREATE INDEX unprocessed_by_account ON unprocessed (account, seq);
  `,
]
