import { type Period, bucketStart, nextBucket } from '../../lib/time.ts'

export const PERIODS = ['HOUR', 'DAY', 'WEEK', 'MONTH'] as const satisfies readonly Period[]
export type MetricPeriod = (typeof PERIODS)[number]

/** The most buckets of a series (the contract). */
export const MOST_BUCKETS = 300

/** The starts (milliseconds) of the buckets that overlap a time range, at most `most` of them. */
export const bucketsOf = (from: number, until: number, period: MetricPeriod, most = MOST_BUCKETS): number[] => {
  const starts: number[] = []
  for (let start = bucketStart(from, period); start < until && starts.length < most; start = nextBucket(start, period)) starts.push(start)
  return starts
}

/** The index of the bucket that contains a time. */
export const placeIn = (starts: readonly number[], time: number): number => {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= time) low = middle
    else high = middle - 1
  }
  return low
}
