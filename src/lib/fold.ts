/** Text without its case, for comparing: what differs in nothing else is the same, ß and ss, Σ and its two small forms. */
export const fold = (text: string): string => text.toUpperCase().toLowerCase().replaceAll('ς', 'σ')

/** An e-mail address without its case, for comparing: ı and i, ß and ss, ﬁ and fi are different there, as they are to a mail server. */
export const foldEmail = (email: string): string => email.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC')
