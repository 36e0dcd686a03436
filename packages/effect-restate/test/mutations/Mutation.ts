/** A way to break the bridge on purpose: texts in `src` and what they become. */
export interface Mutation {
  readonly name: string
  readonly edits: ReadonlyArray<{ readonly file: string; readonly find: string; readonly replace: string }>
  /** The tests that must notice, when the semantics on a real server cannot. */
  readonly tests?: ReadonlyArray<string>
}

export const edit = (file: string, find: string, replace: string) => ({ file, find, replace })
