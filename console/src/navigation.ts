interface NavigationPart {
  title: string
  /** Where each page is, what it is called, and whether only an administrator opens it. */
  pages: readonly (readonly [path: string, title: string, administers?: boolean])[]
}

export const NAVIGATION: readonly NavigationPart[] = [
  { title: '', pages: [['', 'Overview']] },
  {
    title: 'Customers',
    pages: [
      ['customers', 'Customers'],
      ['accounts', 'Accounts'],
      ['groups', 'Invoice groups'],
      ['aliases', 'Aliases'],
      ['import', 'Import'],
    ],
  },
  {
    title: 'Billing',
    pages: [
      ['invoices', 'Invoices'],
      ['bill-runs', 'Bill runs'],
      ['purchases', 'Purchases'],
      ['payments', 'Payments'],
      ['credits', 'Credits'],
    ],
  },
  {
    title: 'Metering',
    pages: [
      ['events', 'Events'],
      ['schemas', 'Event schemas'],
      ['meters', 'Usage meters'],
    ],
  },
  {
    title: 'Pricing',
    pages: [
      ['plans', 'Price plans'],
      ['addons', 'Add-ons'],
      ['features', 'Features'],
    ],
  },
  {
    title: 'Watching',
    pages: [
      ['incidents', 'Incidents'],
      ['alerts', 'Alerts'],
      ['reports', 'Reports'],
      ['jobs', 'Jobs'],
      ['audit', 'Audit log'],
    ],
  },
  {
    title: 'Set-up',
    pages: [
      ['settings', 'Settings'],
      ['webhooks', 'Webhooks'],
      ['tokens', 'Tokens', true],
    ],
  },
]
