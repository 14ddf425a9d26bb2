import { type RankQuery, type Ranking, compareRanks } from '../../ledger/client.ts'
import { type Decimal, ZERO, add, compare, formatDecimal, isZero, requireDecimal } from '../../lib/decimal.ts'

/** The groups that each ledger names at first. One with no more groups names all. */
const MOST_LISTED = 4000

/** The most groups of which the sums are asked for one by one. */
const MOST_CANDIDATES = 100_000

/** The digits of a share of a sum. With fewer digits a share is smaller, and names more groups than it must. */
const SHARE_PLACES = 20
const SHARE_UNITS = 10n ** BigInt(SHARE_PLACES)

/** The ledgers that rank groups, and what else is known of them. */
interface Ranked {
  /** Asks all ledgers. */
  rank: (asked: RankQuery) => Promise<Ranking[]>
  /** What groups have beside what the ledgers say: decimals. */
  beside?: ReadonlyMap<string, readonly string[]>
  /** Whether all that the ledgers know of a group is in one ledger. */
  isApart: boolean
}

type Sums = Map<string, Decimal>

const addTo = (sums: Sums, group: string, amount: string): void => {
  sums.set(group, add(sums.get(group) ?? ZERO, requireDecimal(amount)))
}

const sumUp = (rankings: readonly Ranking[], beside: Ranked['beside']): Sums => {
  const sums: Sums = new Map()
  for (const { groups } of rankings) for (const [group, sum] of groups) addTo(sums, group, sum)
  for (const [group, amounts] of beside ?? []) for (const amount of amounts) addTo(sums, group, amount)
  return sums
}

const ofLargest = (sums: Sums, most: number): [string, Decimal][] => [...sums].toSorted(compareRanks).slice(0, most)

const isPositive = (decimal: Decimal): boolean => compare(decimal, ZERO) > 0

/** What each of some ledgers has of a sum, if all have the same, cut. */
const shareOf = ({ coefficient, scale }: Decimal, among: number): Decimal => ({
  coefficient: (coefficient * SHARE_UNITS) / BigInt(among),
  scale: scale + SHARE_PLACES,
})

/**
 * The names of the groups with the largest sums, at most `most`, the largest first and equal ones by name. Undefined if too many groups can
 * be among them.
 *
 * Each ledger names its largest groups. A group that none of them names has at most the sum of what each ledger left out at most. Where that
 * reaches the least of the largest sums, each ledger names all groups that have a share of it: a group with less than its share everywhere has
 * less of it.
 */
export const findLargest = async (
  most: number,
  { rank, beside, isApart }: Ranked,
  mostListed = MOST_LISTED,
): Promise<string[] | undefined> => {
  const namesOf = (sums: Sums): string[] => ofLargest(sums, most).map(([group]) => group)
  const besides = [...(beside?.keys() ?? [])]
  const first = await rank({ first: Math.max(mostListed, most + besides.length) })
  if (first.every(({ next }) => next === undefined)) return namesOf(sumUp(first, beside))
  const candidates = new Set([...first.flatMap(({ groups }) => groups.map(([group]) => group)), ...besides])
  if (isApart) {
    const listed = new Set(first.flatMap(({ groups }) => groups.map(([group]) => group)))
    const others = besides.filter((group) => !listed.has(group))
    return namesOf(sumUp([...first, ...(others.length ? await rank({ of: others }) : [])], beside))
  }
  if (candidates.size > MOST_CANDIDATES) return undefined
  const sums = sumUp(await rank({ of: [...candidates] }), beside)
  const [, least] = ofLargest(sums, most)[most - 1] ?? []
  const unnamed = first.reduce((sum, { next }) => {
    const decimal = requireDecimal(next ?? '0')
    return isPositive(decimal) ? add(sum, decimal) : sum
  }, ZERO)
  if (least && compare(unnamed, least) < 0) return namesOf(sums)
  const share = least && isPositive(least) ? shareOf(least, first.length) : ZERO
  const shared = await rank({ first: MOST_CANDIDATES, ...(!isZero(share) && { atLeast: formatDecimal(share) }) })
  if (shared.some(({ next }) => next !== undefined)) return undefined
  if (isZero(share)) return namesOf(sumUp(shared, beside))
  const more = [...new Set(shared.flatMap(({ groups }) => groups.map(([group]) => group))).difference(candidates)]
  if (more.length > MOST_CANDIDATES) return undefined
  const found = more.length ? await rank({ of: more }) : []
  for (const { groups } of found) for (const [group, sum] of groups) addTo(sums, group, sum)
  return namesOf(sums)
}
