/** Compares texts as SQLite does: by code points, which is the order of their bytes in UTF-8. */
export const compareTexts = (one: string, other: string): number => {
  for (let at = 0; at < one.length && at < other.length;) {
    const [left = 0, right = 0] = [one.codePointAt(at), other.codePointAt(at)]
    if (left !== right) return left - right
    at += left > 0xffff ? 2 : 1
  }
  return one.length - other.length
}
