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
]
