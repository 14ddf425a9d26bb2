import * as fc from 'fast-check'
import type { CreateCustomerRequest } from '../../src/customers/customers/schema.ts'
import { regexes } from 'zod/mini'
import { COUNTRIES } from '../../src/lib/codes.ts'

/** The codes of ISO 4217 that are no money. */
export const NO_MONEY = ['XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XPD', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX']

/** ISO 4217, as the package has it, but for these. */
export const CURRENCIES = (regexes.currencyCode.source.match(/[A-Z]{3}/g) ?? []).filter((code) => !NO_MONEY.includes(code))

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** A body of POST /customers as JSON has it. */
export type Body = Omit<CreateCustomerRequest, 'account'> & { account?: Loose }

const LETTERS = [...Array.from('abcXYZ0189-_~!$&()*+,;=:@/%?#[]{}"\'<>|^`\\.'), 'é', 'ß', '日', '本', 'Ж', '😀', 'e\u0301', '\u2764\ufe0f']
const within = (min: number, max: number, extra: string[] = []) =>
  fc.array(fc.constantFrom(...LETTERS, ...extra), { minLength: min, maxLength: Math.floor(max / 2) }).map((letters) => letters.join(''))

/** A number that no other generated value has: ids and aliases must not collide by chance. */
let unique = 0
const once = (min: number, max: number) => within(Math.max(0, min - 8), max - 16).map((tail) => `${(++unique).toString(36)}.${tail}x`)

const id = () => once(1, 50)
const name = () =>
  fc.tuple(fc.constantFrom('N', '👩\u200d💻', 'می\u200cخ'), within(3, 240, [' '])).map(([start, middle]) => `${start}${middle}e`)
const email = () =>
  fc
    .tuple(within(1, 60), within(1, 60))
    .map(([local, domain]) => `${[local, domain].map((part) => `x${part.replaceAll(/[\s@,;<>"]/g, '')}`).join('@')}.org`)
const free = () => within(0, 200, [' ', '\n', '\t', '\r'])
const address = () =>
  fc.record(
    {
      phoneNumber: free(),
      line1: free(),
      line2: free(),
      postalCode: free(),
      city: free(),
      state: free(),
      country: fc.constantFrom(...COUNTRIES),
    },
    { requiredKeys: [] },
  )

const value = fc.oneof(
  fc.record({ dataType: fc.constant('STRING' as const), value: free() }),
  fc.record({
    dataType: fc.constant('NUMERIC' as const),
    value: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.constantFrom('0', '-1', '+2.50', '.5', '7.', '1e9'),
    ),
  }),
  fc.record({ dataType: fc.constant('JSON' as const), value: fc.json() }),
  fc.record({
    dataType: fc.constant('JSON_LOGIC' as const),
    value: fc.constantFrom('5', 'null', '["a"]', '{"*":[{"var":"attributes.n"},2]}'),
  }),
)
const settings = () =>
  fc
    .array(fc.tuple(fc.constantFrom('USER', 'TOGAI', 'togai'), once(1, 50), name(), value), { maxLength: 10 })
    .map((list) => list.map(([namespace, settingId, settingName, sent]) => ({ id: settingId, namespace, name: settingName, ...sent })))

const DAY = 86_400_000
const day = (n: number, zone: string) => new Date(Date.UTC(2020, 0, 1) + n * DAY).toISOString().replace('Z', zone)
const dated = fc
  .array(fc.tuple(once(1, 50), fc.nat(300), fc.integer({ min: 1, max: 300 }), fc.constantFrom('Z', '', '+05:30')), { maxLength: 5 })
  .map((list) =>
    list.map(([alias, from, days, zone]) => ({
      value: alias,
      ...(from % 3 && { effectiveFrom: day(from, zone) }),
      ...(days % 3 && { effectiveUntil: day(300 + from + days, zone) }),
    })),
  )

const account = () =>
  fc
    .record(
      {
        id: id(),
        name: name(),
        invoiceCurrency: fc.constantFrom(...CURRENCIES),
        aliases: fc.array(once(3, 50), { maxLength: 5 }),
        accountAliases: dated,
        address: address(),
        primaryEmail: email(),
        billingInformation: fc.record(
          { emailRecipients: fc.array(email(), { maxLength: 3 }), additionalEmailRecipients: fc.array(email(), { maxLength: 3 }) },
          { requiredKeys: [] },
        ),
        settings: settings(),
        netTermDays: fc.nat(2 ** 31 - 1),
        metadata: fc.dictionary(
          within(1, 40).map((key) => `k${key}`),
          free(),
          { maxKeys: 8 },
        ),
        tags: fc.array(once(1, 40), { maxLength: 8 }),
        status: fc.constantFrom('ACTIVE', 'DRAFT'),
      },
      { requiredKeys: ['id', 'name'] },
    )
    .map((whole) => ({
      ...whole,
      ...(unique % 4 === 0 && { aliases: [whole.id.padEnd(3, 'x').slice(0, 50)].filter((self) => self === whole.id) }),
    }))

export const validBody = (): fc.Arbitrary<Body> =>
  fc.record(
    { id: id(), name: name(), primaryEmail: email(), address: address(), settings: settings(), account: account() },
    { requiredKeys: ['id', 'name', 'primaryEmail', 'address'] },
  )

const nfc = (text: string): string => text.normalize('NFC')

/** What is kept of a body: what names a thing in NFC, and free text as it is. */
export const keptOf = ({ account: first, ...body }: Body): Body => {
  const named = (of: Loose): Loose => ({
    ...of,
    id: nfc(of.id),
    name: nfc(of.name),
    ...(of.namespace && { namespace: nfc(of.namespace) }),
    ...(of.primaryEmail && { primaryEmail: nfc(of.primaryEmail) }),
    ...(of.settings && { settings: of.settings.map(named) }),
    ...(of.aliases && { aliases: of.aliases.map(nfc) }),
    ...(of.accountAliases && { accountAliases: of.accountAliases.map((one: Loose) => ({ ...one, value: nfc(one.value) })) }),
    ...(of.tags && { tags: [...new Set(of.tags.map((tag: string) => nfc(nfc(tag).toLowerCase())))] }),
    ...(of.metadata && { metadata: Object.fromEntries(Object.entries<string>(of.metadata).map(([key, item]) => [nfc(key), item])) }),
    ...(of.billingInformation && {
      billingInformation: Object.fromEntries(Object.entries<string[]>(of.billingInformation).map(([key, list]) => [key, list.map(nfc)])),
    }),
  })
  return { ...named(body), ...(first && { account: named(first) }) }
}

const setting = (sent: Loose) => ({ id: 'fault', namespace: 'USER', name: 'Fault', dataType: 'STRING', value: '', ...sent })
const put = (key: string, wrong: unknown) => (of: Loose) => {
  of[key] = wrong
}
const drop = (key: string) => (of: Loose) => {
  delete of[key]
}

type Fault = [path: string, apply: (of: Loose) => void]

const IDS: Fault[] = [
  ...['', 'x'.repeat(51), '.', '..', ' x', 'x ', 'a\nb', 'a\u0000b', 'a\u007fb', 'a\u200b', 'a\u200db', '\ud800', 5, null, {}, []].map(
    (wrong): Fault => ['id', put('id', wrong)],
  ),
  ['id', drop('id')],
]
const NAMES: Fault[] = [
  ...['ab', '   ', '\u200b\u200b\u200b', 'x'.repeat(256), ' abc', 'ab\tc', 'abc\u00ad', 'abc\u200c', 7, null, true].map((wrong): Fault => [
    'name',
    put('name', wrong),
  ]),
  ['name', drop('name')],
]
const EMAILS = (key: string): Fault[] =>
  ['plain', 'a@b', '@b.c', 'a b@c.d', 'a@b.cd,e@f.gh', 'a@b@c.de', `${'a'.repeat(316)}@b.cd`, '', 1, null].map((wrong): Fault => [
    key,
    put(key, wrong),
  ])
const ADDRESSES: Fault[] = [
  ...['XX', 'us', 'USA', '', 1].map((wrong): Fault => ['address.country', (of) => put('country', wrong)((of.address ??= {}))]),
  ...[1, null, 'a\u0000', '\udc00x'].map((wrong): Fault => ['address.city', (of) => put('city', wrong)((of.address ??= {}))]),
  ['address.zip', (of) => put('zip', '1')((of.address ??= {}))],
  ...['x', null, []].map((wrong): Fault => ['address', put('address', wrong)]),
]
const SETTINGS: Fault[] = [
  [
    'settings',
    put(
      'settings',
      Array.from({ length: 11 }, (_, n) => setting({ id: `${n}` })),
    ),
  ],
  ['settings[1]', put('settings', [setting({}), setting({})])],
  ['settings[0].value', put('settings', [setting({ dataType: 'NUMERIC', value: '1,5' })])],
  ['settings[0].value', put('settings', [setting({ dataType: 'NUMERIC', value: '0x10' })])],
  ['settings[0].value', put('settings', [setting({ dataType: 'NUMERIC', value: '' })])],
  ['settings[0].value', put('settings', [setting({ dataType: 'JSON', value: '{' })])],
  ['settings[0].value', put('settings', [setting({ dataType: 'JSON_LOGIC', value: "{'a':1}" })])],
  ['settings[0].value', put('settings', [setting({ dataType: 'JSON_LOGIC', value: '{"contains":["a","b"]}' })])],
  ['settings[0].value', put('settings', [setting({ dataType: 'JSON_LOGIC', value: `${'{"!":['.repeat(4000)}${']}'.repeat(4000)}` })])],
  ['settings[0].value', put('settings', [setting({ value: 5 })])],
  ['settings[0].dataType', put('settings', [setting({ dataType: 'TEXT' })])],
  ['settings[0].namespace', put('settings', [setting({ namespace: '' })])],
  ['settings[0].extra', put('settings', [setting({ extra: 1 })])],
  ['settings[0].id', put('settings', [setting({ id: undefined })])],
  ['settings', put('settings', {})],
  ['settings[0].value', put('settings', [setting({ dataType: 'NUMERIC', value: '1e9999' })])],
  ['settings[0].value', put('settings', [setting({ dataType: 'NUMERIC', value: '1'.repeat(513) })])],
]
const range = (n: number, effectiveFrom?: string, effectiveUntil?: string) => ({ value: `range-${n}`, effectiveFrom, effectiveUntil })
const ACCOUNTS: Fault[] = [
  ...IDS,
  ...NAMES,
  ...EMAILS('primaryEmail'),
  ...ADDRESSES,
  ...SETTINGS,
  ...['usd', 'US', 'USDX', 'HRK', 'ABC', ...NO_MONEY, '', 1, null].map((wrong): Fault => [
    'invoiceCurrency',
    put('invoiceCurrency', wrong),
  ]),
  ...[-1, 1.5, 2 ** 31, '5', null].map((wrong): Fault => ['netTermDays', put('netTermDays', wrong)]),
  ...['ARCHIVED', 'active', '', null].map((wrong): Fault => ['status', put('status', wrong)]),
  ...['ab', 'x'.repeat(51), 5, ' abc', 'abc\u2060'].map((wrong): Fault => ['aliases[0]', put('aliases', [wrong])]),
  [
    'aliases',
    put(
      'aliases',
      Array.from({ length: 11 }, (_, n) => `alias-${n}`),
    ),
  ],
  ['aliases[1]', put('aliases', ['twice', 'twice'])],
  [
    'accountAliases[1]',
    put('accountAliases', [range(1, '2020-01-01T00:00:00Z'), range(1, '2021-01-01T00:00:00Z', '2022-01-01T00:00:00Z')]),
  ],
  ['accountAliases[0].effectiveUntil', put('accountAliases', [range(1, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z')])],
  ['accountAliases[0].effectiveUntil', put('accountAliases', [range(1, '9999-01-01T00:00:00Z')])],
  ['accountAliases[0].effectiveUntil', put('accountAliases', [range(1, undefined, '1970-01-01T00:00:00Z')])],
  ['accountAliases[0].effectiveUntil', put('accountAliases', [range(1, '2020-01-02T00:00:00Z', '2020-01-01T00:00:00Z')])],
  ['accountAliases[0].effectiveFrom', put('accountAliases', [range(1, '2020-02-30T00:00:00Z')])],
  ['accountAliases[0].effectiveFrom', put('accountAliases', [range(1, '2020-02-01')])],
  ['accountAliases[0].effectiveFrom', put('accountAliases', [range(1, '1969-12-31T23:59:59Z')])],
  ['accountAliases[0].effectiveUntil', put('accountAliases', [range(1, undefined, '9999-01-01T00:00:01Z')])],
  ['accountAliases[0].value', put('accountAliases', [{ value: '' }])],
  ['accountAliases[0].value', put('accountAliases', [{ value: '..' }])],
  ['accountAliases[0].until', put('accountAliases', [{ value: 'x', until: 'now' }])],
  [
    'accountAliases',
    put(
      'accountAliases',
      Array.from({ length: 11 }, (_, n) => range(n)),
    ),
  ],
  [
    'accountAliases',
    put(
      'accountAliases',
      Array.from({ length: 51 }, (_, n) => range(n, day(n, 'Z'), day(n + 1, 'Z'))),
    ),
  ],
  ['metadata.key', put('metadata', { key: 5 })],
  ['metadata', put('metadata', ['x'])],
  ['metadata', put('metadata', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])))],
  ['metadata.__proto__', put('metadata', JSON.parse('{"__proto__":"x"}'))],
  ['tags[1]', put('tags', ['Gold', 'İ'.repeat(200)])],
  ['tags[0]', put('tags', [''])],
  ['tags[0]', put('tags', [3])],
  [
    'tags',
    put(
      'tags',
      Array.from({ length: 51 }, (_, n) => `t${n}`),
    ),
  ],
  ['billingInformation.emailRecipients[0]', put('billingInformation', { emailRecipients: ['nobody'] })],
  [
    'billingInformation.additionalEmailRecipients',
    put('billingInformation', { additionalEmailRecipients: Array.from({ length: 101 }, () => 'a@b.cd') }),
  ],
  ['billingInformation.bcc', put('billingInformation', { bcc: [] })],
  ['togaiAccountId', put('togaiAccountId', 'account.x.y')],
  ['customerId', put('customerId', 'c')],
]

/** Every way in which a body is made wrong in one place, with the path that the refusal must name. */
export const FAULTS: Fault[] = [
  ...IDS,
  ...NAMES,
  ...EMAILS('primaryEmail'),
  ...ADDRESSES,
  ...SETTINGS,
  ['primaryEmail', drop('primaryEmail')],
  ['address', drop('address')],
  ['address', (body) => put('line1', 'x'.repeat(1001))((body.address = {}))],
  ['status', put('status', 'ACTIVE')],
  ['__proto__', (body) => Object.defineProperty(body, '__proto__', { value: 1, enumerable: true })],
  ...['x', 1, null, []].map((wrong): Fault => ['account', put('account', wrong)]),
  ...ACCOUNTS.map(([path, apply]): Fault => [`account.${path}`, (body) => apply((body.account ??= { id: 'fault', name: 'Fault' }))]),
]

export const wrongBody = (): fc.Arbitrary<{ body: Body; path: string }> =>
  fc.tuple(validBody(), fc.constantFrom(...FAULTS)).map(([body, [path, apply]]) => {
    const wrong = structuredClone(body)
    apply(wrong)
    return { body: wrong, path }
  })
