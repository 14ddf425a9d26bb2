/** Folds text for search, so that case and Unicode normalization do not matter. ß and ẞ become ss, all forms of Σ are equal, and so are i and ı. */
export const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replaceAll(/i\u0307+/g, 'i')
    .normalize('NFKC')

/** Folds the case of an e-mail address for comparison. ı and i, ß and ss, ﬁ and fi stay different, as for a mail server. */
export const foldEmail = (email: string): string => email.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC')
