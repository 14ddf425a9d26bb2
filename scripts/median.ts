/** The value in the middle of some, or of an even number the higher one of the two. */
export const findMedian = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
