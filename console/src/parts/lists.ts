/** The paths of the OpenAPI document that have no parameter, as the build read them. */
declare const LISTS: readonly string[]

/** Whether this Worker has the operations of a path. */
export const has = (path: string): boolean => LISTS.includes(path)
