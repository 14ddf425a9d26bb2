/** Text as a search compares it: without its case and its form of Unicode. ß and ẞ are ss there, Σ is one letter, and so is i, with a dot or without. */
export const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replaceAll(/i\u0307+/g, 'i')
    .normalize('NFKC')

/** An e-mail address without its case, for comparing: ı and i, ß and ss, ﬁ and fi are different there, as they are to a mail server. */
export const foldEmail = (email: string): string => email.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC')
