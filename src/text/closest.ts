/** Rows of the edit distance of Damerau and Levenshtein in its restricted form: inserted, deleted, replaced, swapped. */
const distance = (from: string, to: string): number => {
  let beforePrevious: ReadonlyArray<number> = []
  let previous: ReadonlyArray<number> = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current: Array<number> = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped && row > 1 && column > 1 ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
        )
      )
    }
    beforePrevious = previous
    previous = current
  }
  return previous[to.length] ?? 0
}

/** Longer than any name that is compared. */
const longest = 100

/** The known name that was probably meant: at most every fourth letter is wrong. Undefined if none is that close. */
export const closest = (name: string, known: Iterable<string>): string | undefined => {
  if (name.length > longest) return undefined
  const allowed = Math.max(1, Math.floor(name.length / 4))
  const near = [...known]
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= allowed)
    .sort((one, other) => one.edits - other.edits)
  return near[0]?.candidate
}

/** What a message about an unknown name ends with. */
export const didYouMean = (name: string, known: Iterable<string>): string => {
  const meant = closest(name, known)
  return meant === undefined ? "" : `; did you mean ${meant}?`
}
