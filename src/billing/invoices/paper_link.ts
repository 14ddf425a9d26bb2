import type { Ctx } from '../../db/context.ts'
import { tagOf } from '../../lib/etag.ts'
import { signLink } from '../../lib/links.ts'
import type { InvoiceOwner } from './owner.ts'
import { tagOfInvoice } from './queries.ts'
import type { InvoiceRow } from './show.ts'

/** In milliseconds. */
const DAY = 86_400_000
/** A link works for more than so many days: until the end of the last one, so that it is the same all day. */
const DAYS = 7

type Its = Pick<InvoiceRow, 'id' | 'generatedAt'>

const hasPaper = ({ origin }: Pick<Ctx, 'origin'>, { generatedAt }: Pick<Its, 'generatedAt'>): boolean =>
  origin !== undefined && generatedAt !== null

/** The day on which links end that are made now, since 1970-01-01. */
const endOf = ({ wallClock }: Pick<Ctx, 'wallClock'>): number => Math.floor(wallClock / DAY) + DAYS + 1

/** The link to the paper of an invoice that fell due, under the address that was called. Scheduled work has none. */
export const linkPaper = async (ctx: Ctx, row: Its): Promise<{ pdfUrl?: string }> => {
  const { origin, secrets } = ctx
  const [secret] = secrets
  if (!hasPaper(ctx, row) || origin === undefined || secret === undefined) return {}
  return { pdfUrl: await signLink(origin, secret, row.id.replace(/^inv\./, 'file.'), (endOf(ctx) * DAY) / 1000) }
}

/** The state of an invoice as it is shown: that which a change names, and the day if it has a link. */
export const tagOfShown = (ctx: Ctx, row: InvoiceRow, owner: InvoiceOwner | undefined): Promise<string> =>
  hasPaper(ctx, row) ? Promise.resolve(tagOf(row.version, endOf(ctx))) : tagOfInvoice(row, owner)
