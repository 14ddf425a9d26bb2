import { type Placeholder, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto, prepare, selection } from '../../db/statements.ts'
import { files } from './table.ts'

export type FileRow = typeof files.$inferSelect

export const insertFiles = insertInto(files)

const readFiles = selection(getTableColumns(files))

const isFile = (at: Readonly<Record<'id' | 'organizationId', Placeholder>>) =>
  and(eq(files.id, at.id), sql`coalesce(${at.organizationId}, ${files.organizationId}) = ${files.organizationId}`)

const oneFile = prepare(['id', 'organizationId'], (at) => builder.select(readFiles.selected).from(files).where(isFile(at)))

/** Reads a file of an organization; or of any, for whoever has a link that was signed for it. */
export const readFileRow = async ({ session }: Pick<Ctx, 'session'>, id: string, organizationId?: string): Promise<FileRow | undefined> =>
  readFiles.read(await session.rows(oneFile({ id, organizationId: organizationId ?? null })))[0]
