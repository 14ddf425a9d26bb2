/** A code block of a page in Markdown. */
export interface Block {
  language: string
  text: string
}

/** The code blocks of a page, each with the next one. */
export const listBlocks = (page: string): (Block & { next: Block | undefined })[] =>
  Array.from(page.matchAll(/^```(\w+)\n(.*?)\n```$/gms), ([, language = '', text = '']) => ({ language, text })).map(
    (block, index, all) => ({
      ...block,
      next: all[index + 1],
    }),
  )

/** Whether `actual` is what the page shows. … matches anything. */
export const isShown = (shown: unknown, actual: unknown): boolean => {
  if (shown === '…') return actual !== undefined
  if (typeof shown !== 'object' || typeof actual !== 'object' || !shown || !actual) return shown === actual
  const [one, other] = [shown, actual] as Record<string, unknown>[]
  return Object.keys({ ...shown, ...actual }).every((name) => isShown(one?.[name], other?.[name]))
}
