/** A part of a manifest that the chart makes a value. */
export interface Edit {
  /** With the flag `g`. */
  readonly find: RegExp
  /** As in String.replace: `$1` is the first group. */
  readonly by: string
  /** How often it is found. Another number means that the manifest has changed and this edit has to follow. */
  readonly times: number
}

const applied = (source: string, text: string, { by, find, times }: Edit): string => {
  const found = text.match(find)?.length ?? 0
  if (found !== times) throw new Error(`${source} has ${find} ${found} times instead of ${times}`)
  return text.replaceAll(find, by)
}

/** The text of the manifest `source` after all edits, each applied to the result of the one before. */
export const edited = (source: string, text: string, edits: ReadonlyArray<Edit>): string =>
  edits.reduce((changed, edit) => applied(source, changed, edit), text)
