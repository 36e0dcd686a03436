import { type SecretScan, secretMatcher } from "./SecretMatcher.ts"

/** What stands in a text where a secret was. */
export const redactedText = "[secret]"

/**
 * Shorter ones are not looked for: a password of a few letters occurs in ordinary words, and showing where would tell it.
 */
export const shortestSecret = 6

/** Replaces secrets in a text that comes in pieces, cut anywhere: also within a secret. */
export interface StreamRedactor {
  /** What is known to be shown of the text so far. Keeps back at most as many characters as the longest secret has. */
  readonly push: (piece: string) => string
  /** The rest, once nothing more comes. */
  readonly end: () => string
}

export interface Redaction {
  /** Replaces secrets in a whole text. */
  readonly text: (whole: string) => string
  readonly stream: () => StreamRedactor
}

/** A stretch of secrets without a gap. Positions count from the beginning of what is kept back. */
interface Stretch {
  readonly start: number
  readonly end: number
}

/** Adds an occurrence and joins what it overlaps or touches. Those before it end before it does. */
const cover = (stretches: Array<Stretch>, { end, start: begin }: Stretch): void => {
  let start = begin
  for (let last = stretches.at(-1); last !== undefined && last.end >= start; last = stretches.at(-1)) {
    start = Math.min(start, last.start)
    stretches.pop()
  }
  stretches.push({ start, end })
}

const streamOf = (scan: SecretScan): StreamRedactor => {
  let kept = ""
  let stretches: Array<Stretch> = []
  /** Whether what was shown last stands for a secret that may go on. */
  let isWithin = false

  /** Shows what is kept up to that position. */
  const show = (to: number): string => {
    let shown = ""
    let at = 0
    const left: Array<Stretch> = []
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
        if (length > 0) cover(stretches, { start: end - length, end })
      }
      return show(kept.length - scan.pending())
    },
    end: () => show(kept.length)
  }
}

/**
 * Replaces every occurrence of the exact secrets, one that overlaps another included, so that every way to cut a text gives
 * the same result. Of a secret of several lines each line is one, because outputs are shown by the line. Forms of a secret
 * that something computed (base64, reversed, with spaces between) are other texts, and are shown.
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
