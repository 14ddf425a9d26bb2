/** The pages of the navigation: where they are, what they are called, and whether only an administrator opens them. */
export const NAVIGATION: readonly { title: string; pages: readonly (readonly [path: string, title: string, administers?: boolean])[] }[] = [
  { title: '', pages: [['', 'Overview']] },
  {
    title: 'Customers',
    pages: [
      ['customers', 'Customers'],
      ['accounts', 'Accounts'],
      ['groups', 'Invoice groups'],
    ],
  },
  {
    title: 'Billing',
    pages: [
      ['invoices', 'Invoices'],
      ['bill-runs', 'Bill runs'],
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
