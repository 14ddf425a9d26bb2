import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { newId } from '../../lib/ids.ts'
import { type FileRow, insertFiles } from './queries.ts'

/** The kind of due work that deletes a file. Its subject is the id of the file. */
export const FILE = 'FILE'

/** How long a file is kept, in milliseconds: 400 days. */
export const KEPT_FOR = 400 * 86_400_000

/** Drafts a file whose object is in the bucket already. It is deleted when it has been kept long enough. */
export const draftFile = (
  { organizationId, now }: Ctx,
  file: Pick<FileRow, 'key' | 'name' | 'contentType' | 'size' | 'accountId' | 'customerId'>,
): Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>> & { id: string } => {
  const id = newId('FILE', now)
  return {
    id,
    statements: [insertFiles([{ id, organizationId, ...file, createdAt: now, deletedAt: null }])],
    changes: [{ type: 'FILE', id, fields: { name: [null, file.name], size: [null, file.size] } }],
    due: [{ kind: FILE, subject: id, dueAt: now + KEPT_FOR }],
  }
}
