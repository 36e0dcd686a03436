import { type SecretScan, secretMatcher } from "./SecretMatcher.ts"

/** Replacement of a secret. */
export const redactedText = "[secret]"

/** Shorter secrets are not redacted: a few letters occur in ordinary words, and redacting those would reveal the secret. */
export const shortestSecret = 6

/** Redacts a text that arrives in pieces, which may split a secret. */
export interface StreamRedactor {
  /** The part that is safe to show so far. Holds back at most the length of the longest secret. */
  readonly push: (piece: string) => string
  /** The rest, at the end of the text. */
  readonly end: () => string
}

export interface Redaction {
  /** Redacts a complete text. */
  readonly text: (whole: string) => string
  readonly stream: () => StreamRedactor
}

/** A contiguous range of secrets. Positions count from the start of the held-back text. */
interface SecretRange {
  readonly start: number
  readonly end: number
}

/** Adds an occurrence and merges it with ranges it overlaps or touches. Earlier ranges end before it does. */
const addRange = (stretches: Array<SecretRange>, { end, start: begin }: SecretRange): void => {
  let start = begin
  for (let last = stretches.at(-1); last !== undefined && last.end >= start; last = stretches.at(-1)) {
    start = Math.min(start, last.start)
    stretches.pop()
  }
  stretches.push({ start, end })
}

const streamOf = (scan: SecretScan): StreamRedactor => {
  let kept = ""
  let stretches: Array<SecretRange> = []
  /** Whether the last output replaced a secret that may continue. */
  let isWithin = false

  /** Releases the held-back text up to that position. */
  const show = (to: number): string => {
    let shown = ""
    let at = 0
    const left: Array<SecretRange> = []
    for (const { end, start } of stretches) {
      if (start < to) {
        if (start > at || !isWithin) shown += kept.slice(at, start) + redactedText
        at = Math.min(end, to)
        isWithin = true
      }
      if (end > to) left.push({ start: Math.max(start, to) - to, end: end - to })
    }
    if (at < to) {
      shown += kept.slice(at, to)
      isWithin = false
    }
    kept = kept.slice(to)
    stretches = left
    return shown
  }

  return {
    push: (piece) => {
      const before = kept.length
      kept += piece
      for (let at = 0; at < piece.length; at++) {
        const end = before + at + 1
        const length = scan.next(piece.charCodeAt(at))
        if (length > 0) addRange(stretches, { start: end - length, end })
      }
      return show(kept.length - scan.pending())
    },
    end: () => show(kept.length)
  }
}

/**
 * Replaces every occurrence of the exact secrets, overlapping ones included, so that the result does not depend on how the text
 * is cut. Each line of a multi-line secret counts, because output is shown by line. Transformed secrets (base64, reversed,
 * spaced) are not detected.
 */
export const redaction = (values: ReadonlyArray<string>): Redaction => {
  const secrets = new Set(values.flatMap((value) => [value, ...value.split(/\r?\n/)]))
  const scan = secretMatcher([...secrets].filter(({ length }) => length >= shortestSecret))
  return {
    text: (whole) => {
      const stream = streamOf(scan())
      return stream.push(whole) + stream.end()
    },
    stream: () => streamOf(scan())
  }
}
