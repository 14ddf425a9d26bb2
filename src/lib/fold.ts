/** Text without its case, for comparing: what differs in nothing else is the same, ß and ss, Σ and its two small forms. */
export const fold = (text: string): string => text.toUpperCase().toLowerCase().replaceAll('ς', 'σ')
