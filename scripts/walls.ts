/** The layers below the domains, each with the layers that it may import. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  logic: ['lib'],
  rating: ['lib', 'logic'],
  db: ['lib'],
  ledger: ['lib', 'db'],
  http: ['lib', 'db', 'ledger'],
}

export const layers: readonly string[] = Object.keys(LAYERS)

/** The domains in order. Each may import those before it. */
const DOMAINS = [
  'access',
  'customers',
  'metering',
  'catalogue',
  'events',
  'billing',
  'entitlements',
  'metrics',
  'alerts',
  'reports',
  'webhooks',
  'erasure',
  'v1',
] as const

const FOLDERS = [...layers, ...DOMAINS]

/** A wall forbids certain imports in certain files. Paths are relative to src. */
interface Wall {
  files: string
  message: string
  patterns: readonly string[]
  /** A file and a forbidden import, which the linter must report. */
  broken: readonly [file: string, imported: string][]
  /** A file and an allowed import, which the linter must not report. */
  allowed?: readonly [file: string, imported: string][]
}

const inside = (folder: string): string => `**/${folder}/**`

/** The files that put everything together. Nothing imports them. */
const TOP = ['**/app.ts', '**/index.ts', '**/operations.ts']

const layerWall = (layer: string): Wall => {
  const allowed = LAYERS[layer] ?? []
  const others = FOLDERS.filter((folder) => folder !== layer && !allowed.includes(folder))
  return {
    files: `src/${layer}/**`,
    message: `${layer} imports ${allowed.join(', ') || 'nothing of ours'}.`,
    patterns: [...others.map(inside), ...TOP],
    broken: [...others, 'app.ts'].map((other) => [
      `src/${layer}/planted/deep/to_${other.replace('.', '_')}.ts`,
      other.includes('.') ? other : `${other}/planted.ts`,
    ]),
    allowed: allowed.map((other) => [`src/${layer}/planted/deep/from_${other}.ts`, `${other}/planted.ts`]),
  }
}

/** The files of a domain that later domains may import. */
const SHOWN = ['service.ts', 'schema.ts', 'table.ts']

const domainWalls = (domain: string, at: number): Wall[] => {
  const before = DOMAINS.slice(0, at)
  const after = DOMAINS.slice(at + 1)
  const between = [...after.map(inside), ...before.flatMap((other) => [inside(other), ...SHOWN.map((file) => `!**/${other}/**/${file}`)])]
  const deep = `src/${domain}/planted/deep`
  const [next] = after
  const [former] = before.slice(-1)
  const bounds = (file: string): [string, string][] => [
    ...(next ? [[file, `${next}/planted/service.ts`] as [string, string]] : []),
    ...(former ? [[file, `${former}/planted/queries.ts`] as [string, string]] : []),
  ]
  const v1 = domain === 'v1' ? ['**/table.ts', '**/queries.ts', '**/ledger/**', 'drizzle-orm', 'drizzle-orm/**'] : []
  return [
    {
      files: `src/${domain}/**`,
      message: `${domain} does not know HTTP; it imports the layers below, and service, schema and table of the domains before it.`,
      patterns: [...between, '**/http/**', inside('ledger'), '!**/ledger/client.ts', ...TOP, ...v1],
      broken: [
        [`${deep}/service.ts`, 'http/operation.ts'],
        [`${deep}/rates.ts`, 'http/operation.ts'],
        [`${deep}/ledgers.ts`, 'ledger/store.ts'],
        [`${deep}/top.ts`, 'operations.ts'],
        ...bounds(`${deep}/bounds.ts`),
        ...(v1.length ? [[`${deep}/tables.ts`, 'billing/planted/table.ts'] as [string, string]] : []),
      ],
      allowed: [
        [`${deep}/allowed.ts`, 'db/commit.ts'],
        [`${deep}/allowed2.ts`, 'lib/errors.ts'],
        ...(former ? SHOWN.slice(0, 2).map((file) => [`${deep}/allowed_${file}`, `${former}/planted/${file}`] as [string, string]) : []),
      ],
    },
    {
      files: `src/${domain}/**/operations.ts`,
      message: 'An operation leaves the database and the ledgers to its service.',
      patterns: [
        ...between,
        '**/table.ts',
        '**/queries.ts',
        inside('db'),
        inside('ledger'),
        'drizzle-orm',
        'drizzle-orm/**',
        '**/app.ts',
        '**/index.ts',
      ],
      broken: [
        [`${deep}/operations.ts`, `${domain}/planted/table.ts`],
        [`${deep}2/operations.ts`, 'db/commit.ts'],
        [`${deep}3/operations.ts`, 'drizzle-orm'],
        ...bounds(`${deep}4/operations.ts`),
      ],
      allowed: [[`${deep}5/operations.ts`, 'http/operation.ts']],
    },
    {
      files: `src/${domain}/**/{table,schema}.ts`,
      message: 'A schema or a table imports lib, and its like.',
      patterns: [...between, '**/http/**', inside('db'), inside('ledger'), '**/service.ts', ...TOP],
      broken: [
        [`${deep}/table.ts`, `${domain}/planted/service.ts`],
        [`${deep}/schema.ts`, 'db/commit.ts'],
        ...bounds(`${deep}2/schema.ts`),
      ],
      allowed: [[`${deep}2/table.ts`, `${domain}/planted/schema.ts`]],
    },
  ]
}

/** The files of the Worker that the tools may import. */
const RUN = ['index.ts', 'operations.ts', 'reference.ts', 'http/openapi.ts', 'access/audit/chain.ts', 'db/context.ts']

const toolWall = (folder: string, others: readonly string[], more: readonly string[] = []): Wall => ({
  files: `${folder}/**`,
  message: `${folder} knows of src ${[...RUN, ...more].join(', ')}.`,
  patterns: ['**/src/**', ...[...RUN, ...more].map((file) => `!**/src/${file}`), ...others.map(inside)],
  broken: [
    [`${folder}/planted/deep/service.ts`, 'customers/customers/service.ts'],
    [`${folder}/planted/deep/errors.ts`, 'lib/errors.ts'],
    ...others.map((other): [string, string] => [`${folder}/planted/deep/to_${other}.ts`, `../${other}/planted.ts`]),
  ],
  allowed: [...RUN, ...more].map((file, index) => [`${folder}/planted/deep/allowed${index}.ts`, file]),
})

export const walls: readonly Wall[] = [
  ...layers.map(layerWall),
  ...DOMAINS.flatMap(domainWalls),
  {
    files: 'src/features.ts',
    message: 'features.ts lists features.',
    patterns: ['./**', '!./**/operations.ts'],
    broken: [['src/features.ts', 'customers/customers/service.ts']],
  },
  toolWall('scripts', ['system', 'bench'], ['lib/decimal.ts']),
  toolWall('system', ['bench']),
  toolWall(
    'bench',
    ['system'],
    [
      'ledger/client.ts',
      'ledger/event_ledger.ts',
      'ledger/account_ledger.ts',
      'rating/card.ts',
      'rating/cycle.ts',
      'rating/invoice.ts',
      'rating/rate.ts',
      'reports/reports/collect.ts',
      'reports/reports/parts.ts',
      'reports/reports/query.ts',
    ],
  ),
  {
    files: 'console/**',
    message: 'The console knows the API by its document, and of src only the decimals.',
    patterns: ['**/src/**', '!**/src/lib/decimal.ts', inside('scripts'), inside('system'), inside('bench')],
    broken: [
      ['console/planted/deep/money.ts', 'lib/money.ts'],
      ['console/planted/deep/schema.ts', 'customers/customers/schema.ts'],
      ['console/planted/deep/to_scripts.ts', '../scripts/planted.ts'],
    ],
    allowed: [['console/planted/deep/decimal.ts', 'lib/decimal.ts']],
  },
  {
    files: 'scripts/token.ts',
    message: 'token calls the verb of tokens.',
    patterns: [
      '**/src/**',
      '!**/src/lib/**',
      '!**/src/db/**',
      '!**/src/access/tokens/**',
      '!**/src/conflicts.ts',
      '!**/src/ledger/client.ts',
    ],
    broken: [['scripts/token.ts', 'customers/customers/service.ts']],
  },
  {
    files: 'scripts/{context,ledgers,reconcile}.ts',
    message: 'A script that writes to the database calls the verb that the Worker calls.',
    patterns: ['**/src/**', '!**/src/db/**', '!**/src/conflicts.ts', '!**/src/ledger/client.ts', '!**/src/events/ingestion/generations.ts'],
    broken: [
      ['scripts/context.ts', 'customers/customers/service.ts'],
      ['scripts/ledgers.ts', 'events/ingestion/service.ts'],
      ['scripts/reconcile.ts', 'events/ingestion/service.ts'],
    ],
  },
]

/** Writes the walls as rules of the linter, which applies the last rule that matches a file. */
export const writeWalls = (): string => {
  const zod = { name: 'zod', message: 'zod/mini does the same in a third of the bytes.' }
  const overrides = walls.map(({ files, patterns, message }) => ({
    files: [files],
    rules: { 'no-restricted-imports': ['error', { paths: [zod], patterns: [{ group: patterns, message }] }] },
  }))
  return `{"overrides":[\n${overrides.map((override) => JSON.stringify(override)).join(',\n')}\n]}\n`
}
