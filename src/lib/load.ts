/** The functions of a module that is loaded when the first of them is called. */
type Loaded<Module> = {
  readonly [Name in keyof Module]: Module[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never
}

/**
 * The functions of a module that only serves requests, so that a start of the Worker does not evaluate it:
 * `const service = loadLater(() => import('./service.ts'))`. The first call loads it, the others find it there.
 */
export const loadLater = <Module extends object>(load: () => Promise<Module>): Loaded<Module> => {
  let module: Module | undefined
  const call = async (name: keyof Module, args: unknown[]): Promise<unknown> => {
    module ??= await load()
    return (module[name] as (...all: unknown[]) => unknown)(...args)
  }
  return new Proxy({} as Loaded<Module>, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        call(name as keyof Module, args),
  })
}
