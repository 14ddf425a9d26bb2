import type { ComponentType } from 'preact'

/** What a page is given of its address: what its pattern names. */
export type Names = Readonly<Record<string, string>>

type Loaded = ComponentType<{ names: Names }>

/** The pages, each a file that is loaded when it is first opened. */
const PAGES: Readonly<Record<string, () => Promise<Loaded>>> = {
  '': () => import('./pages/overview/overview.tsx').then((page) => page.Overview),
  events: () => import('./pages/events/list.tsx').then((page) => page.Events),
  'events/send': () => import('./pages/events/send.tsx').then((page) => page.SendEvent),
  'events/correct': () => import('./pages/events/correct_many.tsx').then((page) => page.CorrectMany),
  'events/:id': () => import('./pages/events/event.tsx').then((page) => page.EventPage),
  customers: () => import('./pages/customers/list.tsx').then((page) => page.Customers),
  'customers/:id': () => import('./pages/customers/customer.tsx').then((page) => page.CustomerPage),
  accounts: () => import('./pages/accounts/list.tsx').then((page) => page.Accounts),
  'accounts/:id': () => import('./pages/accounts/account.tsx').then((page) => page.AccountPage),
  'accounts/:id/schedules/:schedule': () => import('./pages/accounts/schedule.tsx').then((page) => page.SchedulePage),
  aliases: () => import('./pages/aliases/list.tsx').then((page) => page.Aliases),
  import: () => import('./pages/import/import.tsx').then((page) => page.ImportPage),
  invoices: () => import('./pages/invoices/list.tsx').then((page) => page.Invoices),
  'invoices/:id': () => import('./pages/invoices/invoice.tsx').then((page) => page.InvoicePage),
  'bill-runs': () => import('./pages/invoices/bill_runs.tsx').then((page) => page.BillRuns),
  jobs: () => import('./pages/jobs/list.tsx').then((page) => page.Jobs),
  'jobs/:id': () => import('./pages/jobs/job.tsx').then((page) => page.JobPage),
  plans: () => import('./pages/plans/list.tsx').then((page) => page.Plans),
  'plans/new': () => import('./pages/plans/editor.tsx').then((page) => page.NewPlan),
  'plans/:id': () => import('./pages/plans/plan.tsx').then((page) => page.PlanPage),
  'plans/:id/edit': () => import('./pages/plans/editor.tsx').then((page) => page.EditPlan),
  'plans/:id/compare': () => import('./pages/plans/compare.tsx').then((page) => page.ComparePlan),
  schemas: () => import('./pages/schemas/list.tsx').then((page) => page.EventSchemas),
  'schemas/:name': () => import('./pages/schemas/schema.tsx').then((page) => page.SchemaPage),
  meters: () => import('./pages/meters/list.tsx').then((page) => page.UsageMeters),
  'meters/:id': () => import('./pages/meters/meter.tsx').then((page) => page.MeterPage),
  addons: () => import('./pages/addons/list.tsx').then((page) => page.AddOns),
  features: () => import('./pages/features/list.tsx').then((page) => page.Features),
  'features/:id': () => import('./pages/features/feature.tsx').then((page) => page.FeaturePage),
  groups: () => import('./pages/groups/list.tsx').then((page) => page.InvoiceGroups),
  'groups/:id': () => import('./pages/groups/group.tsx').then((page) => page.GroupPage),
  payments: () => import('./pages/money/payments.tsx').then((page) => page.Payments),
  credits: () => import('./pages/money/credits.tsx').then((page) => page.Credits),
  'credits/:id': () => import('./pages/money/credit.tsx').then((page) => page.CreditPage),
  purchases: () => import('./pages/purchases/list.tsx').then((page) => page.Purchases),
  'purchases/new': () => import('./pages/purchases/new.tsx').then((page) => page.NewPurchase),
  'purchases/:id': () => import('./pages/purchases/purchase.tsx').then((page) => page.PurchasePage),
  'proposals/:id': () => import('./pages/purchases/purchase.tsx').then((page) => page.ProposalPage),
  audit: () => import('./pages/audit/audit.tsx').then((page) => page.AuditLog),
  tokens: () => import('./pages/tokens/tokens.tsx').then((page) => page.Tokens),
  settings: () => import('./pages/settings/settings.tsx').then((page) => page.Settings),
  alerts: () => import('./pages/alerts/alerts.tsx').then((page) => page.Alerts),
  incidents: () => import('./pages/alerts/alerts.tsx').then((page) => page.Incidents),
  reports: () => import('./pages/reports/reports.tsx').then((page) => page.Reports),
  webhooks: () => import('./pages/webhooks/list.tsx').then((page) => page.Webhooks),
  'webhooks/:id': () => import('./pages/webhooks/endpoint.tsx').then((page) => page.EndpointPage),
}

const patterns = Object.entries(PAGES).map(([pattern, load]) => ({ parts: pattern.split('/').filter(Boolean), pattern, load }))

export interface Route {
  pattern: string
  names: Names
  load: () => Promise<Loaded>
}

const namesIn = (parts: readonly string[], segments: readonly string[]): Names | undefined => {
  if (parts.length !== segments.length) return undefined
  const names: Record<string, string> = {}
  for (const [at, part] of parts.entries()) {
    const segment = segments[at] ?? ''
    if (part.startsWith(':')) names[part.slice(1)] = decodeURIComponent(segment)
    else if (part !== segment) return undefined
  }
  return names
}

/** The page of a path such as /console/customers/acme. What a pattern names as it is goes before what it has a place for. */
export const findRoute = (path: string): Route | undefined => {
  const segments = path.split('/').filter(Boolean).slice(1)
  for (const { parts, pattern, load } of patterns) {
    try {
      const names = namesIn(parts, segments)
      if (names) return { pattern, names, load }
    } catch {
      return undefined
    }
  }
  return undefined
}
