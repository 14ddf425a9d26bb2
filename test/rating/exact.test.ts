import { describe, expect, it } from 'vitest'
import { findNumberUses } from '../helpers/arithmetic.ts'

/**
 * Amounts and quantities are decimal texts and Decimals (src/lib/decimal.ts). A number, which is a binary fraction, counts, orders or dates
 * things. So where rating, logic and ledger reckon with numbers, round them, make them of texts or declare them, each name must be one of
 * these. Who adds a name here says that what it names can never be money, usage or a number of licences.
 */
const NAMES: Readonly<Record<string, string>> = {
  days: 'day days month months year years weeks weekday dayOfMonth lastDay today of inPeriod nominalStart nominalEnd',
  'cycles and their offsets': 'ordinal interval offset behind gracePeriod dayOffset monthOffset MONTHS',
  'functions of the calendar':
    'dayOf instantOf firstOf daysIn monthOf weekdayOf startOfDay getTime getUTCDate getUTCMonth getUTCFullYear formatOffset',
  instants:
    'wallClock cycleAt changesAt present begunAt settledUntil updated_at at instant time now start end from until since created_at createdAt createdFrom createdUntil effectiveFrom effectiveUntil held_since closed_until closedUntil toldUntil clock local newest earliest due back before wanted withMonths settled startedAt endedAt updatedAt arrivedAt arrived_at ended_at firstHour lastHour',
  durations:
    'REMEMBERED_FOR REFUSED_FOR ms hour hours minute minutes second seconds milliseconds millisecondsOf ofSeconds size unit DAY HOUR MINUTE MS_PER_DAY TAKEN_FOR TAKEN_UP_AFTER FOLDED_AFTER TOLD_FOR KEPT_FOR KEPT_LONGER KEPT_AT_LEAST EVENTS_KEPT_FOR LONGEST_WAIT readForgot offsetHours offsetMinutes',
  'places in lists and texts':
    'place index indexOf first last next after position dot depth open ends found length slice charCodeAt findLastIndex padEnd LONGEST_PLACE dropped forgotten seq key n most limit',
  'counts of things of this program':
    'count entries names characters steps operations calls attempt joined inserted #recorded #failures PAIRS_IN_A_STEP FARTHEST factor sign MOST_BYTES',
  'orders, codes and versions':
    'turn turns isFeature isGone is_void order priority version status statusOf source action isUndo generation ledgers slot slotOf hash imul SLOTS REFERENCES_BEGIN_AGAIN',
  'digits of decimals': 'scale digits places shift',
  'functions of numbers': 'Number MAX_SAFE_INTEGER isFinite min max floor ceil random',
}

/** Whole numbers without bounds, which may be reckoned with, and never be made numbers. */
const BIG = new Set(['coefficient', 'divisor', 'over', 'under', 'BigInt'])

/** Names that stand for numbers in one file only, each for what is said there. */
const IN_FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'rating/slabs.ts': { compare: 'the place of a slab, found by comparing decimals', quantity: 'compared for that' },
  'logic/comparison.ts': { left: 'instants of dates', right: 'instants of dates', difference: 'below, at or above 0' },
  'logic/dates.ts': { number: 'two digits of a time', get: 'milliseconds of a unit of time' },
  'logic/template.ts': { whole: 'a text', one: 'a text' },
  'logic/texts.ts': {
    text: 'a text',
    part: 'a text',
    value: 'a place in a text',
    truncate: 'a place in a text',
    coefficient: 'a place in a text',
  },
  'logic/json.ts': { text: 'a place in a text' },
  'logic/var.ts': { formatDecimal: 'a place in a list', path: 'a place in a list' },
  'logic/times.ts': { coefficient: 'milliseconds' },
  'rating/license_revenue.ts': { one: 'an instant', other: 'an instant' },
  'rating/revenue.ts': { hourOf: 'an instant' },
  'ledger/account_ledger.ts': { number: 'which reckoning of an account it is', erased: 'how many rows' },
  'ledger/batch.ts': { totals: 'how many of them fit' },
  'ledger/changed.ts': { mark: 'which change of an account it is' },
  'ledger/erase.ts': { erased: 'how many rows', held: 'how many rows', changed: 'how many rows', renamed: 'how many rows' },
  'ledger/compare.ts': { left: 'a code point', right: 'a code point' },
  'ledger/erase_names.ts': { erased: 'how many rows', DIGITS: 'how many digits' },
  'ledger/feature_balances.ts': { changes: 'instants' },
  'ledger/fold.ts': { total: 'its count' },
  'ledger/groups.ts': { one: 'the series of a status' },
  'ledger/event_ledger.ts': { '#store': 'what it forgot', due: 'instants' },
  'ledger/largest.ts': { one: 'a count of events', MOST_JOINED: 'how many hours or days', table: 'an hour or a day' },
  'ledger/licenses.ts': { reference: 'texts, compared' },
  'ledger/mark.ts': { marked: 'which change of an account it is' },
  'ledger/parts.ts': {
    query: 'a place',
    part: 'a place',
    low: 'a place',
    high: 'a place',
    middle: 'a place',
    space: 'a place in a text',
    cut: 'an instant',
    inner: 'instants',
  },
  'ledger/read_revenue.ts': { kind: 'a code', is_last: '0 or 1', present: 'an instant' },
  'ledger/record.ts': { exec: 'how many rows' },
  'ledger/revenue.ts': {
    kind: 'a code',
    number: 'which reckoning of an account it is',
    asked: 'how many reckonings were begun',
    reckoned: 'which reckoning of an account it is',
    one: 'its count',
  },
  'ledger/slot.ts': { value: 'a hash in base 62' },
  'ledger/store.ts': {
    value: 'a row of the settings of the ledger',
    one: 'one of them',
    marked: 'which change of an account it is',
    readState: 'which change of an account it is',
    sql: 'where that is kept',
  },
  'ledger/taken.ts': { is_bare: '0 or 1' },
  'ledger/sums.ts': { row: 'its count' },
}

const everywhere = new Set(Object.values(NAMES).flatMap((names) => names.split(' ')))

const sources = Object.entries(
  import.meta.glob<string>(['../../src/rating/*.ts', '../../src/logic/*.ts', '../../src/ledger/*.ts'], {
    eager: true,
    query: '?raw',
    import: 'default',
  }),
).map(([path, source]) => ({ file: path.replace('../../src/', ''), source }))

/** Where a file has numbers under names that say nothing of days, places or counts. */
const findInexact = (file: string, source: string): string[] =>
  findNumberUses(source).flatMap(({ line, kind, names, text }) =>
    names
      .filter((name) => !everywhere.has(name) && !(BIG.has(name) && kind === 'operator') && !Object.hasOwn(IN_FILES[file] ?? {}, name))
      .map((name) => `${file}:${line} ${kind} ${text}: ${name}`),
  )

/** Sums and conversions of SQLite, whose numbers are binary fractions where they are not whole. */
const IN_SQL = /\b(?:sum|total|avg|round)\s*\(|\bas\s+(?:real|numeric)\b/gi

describe('no binary fraction', () => {
  it('is an amount or a quantity in rating, logic or ledger', () => {
    expect(sources.length).toBeGreaterThan(50)
    expect(sources.flatMap(({ file, source }) => findInexact(file, source))).toEqual([])
  })

  it('is made by SQL in a ledger', () => {
    const inLedgers = sources.filter(({ file }) => file.startsWith('ledger/'))
    expect(inLedgers.flatMap(({ file, source }) => (source.match(IN_SQL) ?? []).map((made) => `${file} ${made}`))).toEqual([])
    expect('SELECT SUM (units) FROM sum_hour'.match(IN_SQL)).toHaveLength(1)
    expect('SELECT CAST(units AS REAL)'.match(IN_SQL)).toHaveLength(1)
  })

  it('goes unseen', () => {
    const planted: [source: string, names: string[]][] = [
      ['const fee = amount * days', ['amount']],
      ['const fee = days * line.amount', ['amount']],
      ['const half = (quantity) / 2', ['quantity']],
      ['const half = (line.quantity ?? 0) / 2', ['quantity']],
      ['const left = prices[index] - paid', ['prices', 'paid']],
      ['total += units', ['total', 'units']],
      ['const fee = rateOf(card).price % 10', ['price']],
      ['const rest = -balance', ['balance']],
      ['const made = +price', ['price']],
      ['const text = `${count} of ${usage * 2} units`', ['usage']],
      ['const cut = Math.round(amount)', ['amount']],
      ['const most = Math.max(index, line.amount)', ['amount']],
      ['const made = Number(rate)', ['rate']],
      ['const made = Number(formatDecimal(rate))', ['formatDecimal', 'rate']],
      ['const made = Number(amount.coefficient / divisor)', ['coefficient', 'divisor']],
      ['const made = Number.parseFloat(amount)', ['amount']],
      ['const made = parseFloat(line.amount)', ['amount']],
      ['const shown = amount.toFixed(2)', ['amount']],
      ['interface Line { amount: number; days: number }', ['amount']],
      ['const rateIt = (quantity?: number) => quantity', ['quantity']],
      ["const text = 'it''s' /* amount * 2 */ // price * 2", []],
      ['const found = /amount * 2/.exec(text)', []],
      ['const span = nominalEnd - nominalStart + days * 7', []],
    ]
    for (const [source, names] of planted)
      expect([source, [...new Set(findInexact('rating/planted.ts', `${source}\n`).map((found) => found.split(': ').at(-1)))]]).toEqual([
        source,
        names,
      ])
  })

  it('has a name here that nothing has any more', () => {
    const seen = new Map(sources.map(({ file, source }) => [file, new Set(findNumberUses(source).flatMap(({ names }) => names))]))
    const all = new Set([...seen.values()].flatMap((names) => [...names]))
    expect([...everywhere, ...BIG].filter((name) => !all.has(name))).toEqual([])
    const gone = Object.entries(IN_FILES).flatMap(([file, names]) =>
      Object.keys(names)
        .filter((name) => !seen.get(file)?.has(name))
        .map((name) => `${file} ${name}`),
    )
    expect(gone).toEqual([])
  })
})
