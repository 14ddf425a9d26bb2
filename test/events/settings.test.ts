import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KnownSetting, mapFullNames, mapSettings, resolveSetting, type SettingLevels } from '../../src/events/ingestion/settings.ts'
import cases from '../data/events.json'

const setting = (namespace: string, id: string, value: string): KnownSetting => ({ namespace, id, value, dataType: 'NUMERIC' })

const LEVELS = [
  ['account', 'ACCOUNT'],
  ['invoiceGroup', 'INVOICE_GROUP'],
  ['customer', 'CUSTOMER'],
  ['eventSchema', 'EVENT_SCHEMA'],
  ['organization', 'ORGANIZATION'],
] as const

const valueOf = (key: string, levels: SettingLevels): string | undefined => resolveSetting(key, levels)?.value

describe('a setting by its short key', () => {
  it.each(cases.filter(({ id }) => id === 'enrich.settings-order'))(
    'is that of the account before that of the customer and of the organization: $id',
    ({ given, expect: expected }) => {
      const kept = given.settings as unknown as { entityType: string; value: string }[]
      const levelsOf = (some: typeof kept): SettingLevels =>
        Object.fromEntries(
          LEVELS.map(([level, type]) => [
            level,
            mapSettings(some.filter(({ entityType }) => entityType === type).map(({ value }) => setting('USER', 'meters_per_km', value))),
          ]),
        )
      const key = given.key ?? ''
      expect(valueOf(key, levelsOf(kept))).toBe(expected['resolved'])
      expect(valueOf(key, levelsOf(kept.filter(({ entityType }) => entityType !== 'ACCOUNT')))).toBe('1609.344')
      expect(valueOf(key, levelsOf(kept.filter(({ entityType }) => entityType === 'ORGANIZATION')))).toBe('1000')
      expect(valueOf(key, {})).toBeUndefined()
    },
  )

  it('is that of the most specific of any entities that have it', () => {
    fc.assert(
      fc.property(fc.subarray([...LEVELS]), (some) => {
        const levels = Object.fromEntries(some.map(([level, type]) => [level, mapSettings([setting('USER', 'rate', type)])]))
        expect(valueOf('setting.user.rate', levels)).toBe(some[0]?.[1])
      }),
    )
  })

  const account = mapSettings([
    setting('USER', 'rate', 'plain'),
    setting('a.b', 'c', 'dotted namespace'),
    setting('x', 'y.z', 'dotted id'),
    setting('p', 'q.r', 'short namespace'),
    setting('p.q', 'r', 'long namespace'),
    setting('n', 'M.o', 'capital id'),
    setting('n.m', 'o', 'namespace alike'),
    setting('STRASSE', 'w', 'folded'),
  ])

  it.each([
    ['setting.USER.rate', 'plain'],
    ['setting.User.rate', 'plain'],
    ['setting.user.Rate', undefined],
    ['setting.user.rat', undefined],
    ['setting.user.rate.x', undefined],
    ['user.rate', undefined],
    ['SETTING.user.rate', undefined],
    ['setting.user', undefined],
    ['setting.', undefined],
    ['', undefined],
    ['setting.A.B.c', 'dotted namespace'],
    ['setting.a.b', undefined],
    ['setting.X.y.z', 'dotted id'],
    ['setting.x.Y.z', undefined],
    ['setting.p.q.r', 'short namespace'],
    ['setting.p.Q.r', 'long namespace'],
    ['setting.N.M.o', 'capital id'],
    ['setting.n.m.o', 'namespace alike'],
    ['setting.straße.w', 'folded'],
    [`setting.${'.'.repeat(100_000)}`, undefined],
  ])('%.40s', (key, value) => {
    expect(valueOf(key, { account })).toBe(value)
  })

  it('is the one whose namespace is spelled so, of two that differ in its case only', () => {
    const [upper, lower, mixed] = [setting('USER', 'rate', 'upper'), setting('user', 'rate', 'lower'), setting('a.User', 'rate', 'mixed')]
    for (const settings of [
      [upper, lower, mixed],
      [mixed, lower, upper],
    ]) {
      const levels = { account: mapSettings(settings) }
      expect(valueOf('setting.USER.rate', levels)).toBe('upper')
      expect(valueOf('setting.user.rate', levels)).toBe('lower')
      expect(valueOf('setting.User.rate', levels)).toBe('upper')
      expect(valueOf('setting.a.user.rate', levels)).toBe('mixed')
    }
  })

  it('looks for the whole key on one entity before the next', () => {
    const levels = { account: mapSettings([setting('p.q', 'r', 'account')]), customer: mapSettings([setting('p', 'q.r', 'customer')]) }
    expect(valueOf('setting.p.q.r', levels)).toBe('account')
  })
})

describe('a setting by its full key', () => {
  const named = mapFullNames([
    { ...setting('USER', 'rate', 'of acc1'), entityType: 'ACCOUNT', entityId: 'acc1' },
    { ...setting('USER', 'rate', 'of a.b'), entityType: 'ACCOUNT', entityId: 'a.b' },
    { ...setting('USER', 'my.rate', 'dotted'), entityType: 'CUSTOMER', entityId: 'c.1' },
    { ...setting('u', 'v.w', 'first'), entityType: 'ORGANIZATION', entityId: 'o' },
    { ...setting('u.v', 'w', 'second'), entityType: 'ORGANIZATION', entityId: 'o' },
  ])

  it.each([
    ['setting.USER.rate.ACCOUNT.acc1', 'of acc1'],
    ['setting.user.rate.ACCOUNT.acc1', 'of acc1'],
    ['setting.USER.rate.ACCOUNT.a.b', 'of a.b'],
    ['setting.user.my.rate.CUSTOMER.c.1', 'dotted'],
    ['setting.u.v.w.ORGANIZATION.o', 'first'],
    ['setting.USER.rate.account.acc1', undefined],
    ['setting.USER.rate.CUSTOMER.acc1', undefined],
    ['setting.USER.rate.ACCOUNT.acc2', undefined],
  ])('%s is that of the entity that it names, or none: %s', (key, value) => {
    expect(valueOf(key, { named, account: mapSettings([setting('USER', 'rate', 'short')]) })).toBe(value)
  })

  it('is one of the chain where its id only looks like the name of an entity', () => {
    expect(
      valueOf('setting.USER.rate.ACCOUNT.acc9', { named, organization: mapSettings([setting('USER', 'rate.ACCOUNT.acc9', 'odd')]) }),
    ).toBe('odd')
  })
})
