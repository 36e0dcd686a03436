/** What stands in a text where a secret was. */
export const redactedText = "[secret]"

/**
 * Shorter ones are not looked for: a password of a few letters occurs in ordinary words, and showing where would tell it.
 */
const shortest = 6

/** Replaces secrets in a text that comes in pieces, cut anywhere: also within a secret. */
export interface StreamRedactor {
  /** What is known to be shown of the text so far. Keeps back less than the longest secret has characters. */
  readonly push: (piece: string) => string
  /** The rest, once nothing more comes. */
  readonly end: () => string
}

export interface Redaction {
  /** Replaces secrets in a whole text. */
  readonly text: (whole: string) => string
  readonly stream: () => StreamRedactor
}

/** The longest of the secrets that the text has at `at`. `secrets` are sorted, longest first. */
const secretAt = (text: string, at: number, secrets: ReadonlyArray<string>): string | undefined =>
  secrets.find((secret) => text.startsWith(secret, at))

/** Whether more text could make a secret of what begins at `at`, longer than what is there already. */
const mayBegin = (text: string, at: number, secrets: ReadonlyArray<string>): boolean => {
  const left = text.length - at
  return secrets.some((secret) => secret.length > left && secret.startsWith(text.slice(at)))
}

/**
 * Replaces the exact secrets, from the left and the longest first, so that every way to cut a text gives the same result. Forms
 * of a secret that something computed (base64, reversed, with spaces between) are other texts, and are shown.
 */
export const redaction = (values: ReadonlyArray<string>): Redaction => {
  const secrets = [...new Set(values)].filter(({ length }) => length >= shortest).sort((a, b) => b.length - a.length)
  const begins = new Set(secrets.map((secret) => secret.charAt(0)))

  /** What can be said of the text, and the index from which it has to wait for more. */
  const redact = (text: string, isWhole: boolean): readonly [string, number] => {
    let shown = ""
    let from = 0
    let at = 0
    while (at < text.length) {
      if (!begins.has(text.charAt(at))) {
        at += 1
        continue
      }
      if (!isWhole && mayBegin(text, at, secrets)) break
      const secret = secretAt(text, at, secrets)
      if (secret === undefined) at += 1
      else {
        shown += text.slice(from, at) + redactedText
        at += secret.length
        from = at
      }
    }
    return [shown + text.slice(from, at), at]
  }

  return {
    text: (whole) => redact(whole, true)[0],
    stream: () => {
      let kept = ""
      return {
        push: (piece) => {
          const text = kept + piece
          const [shown, next] = redact(text, false)
          kept = text.slice(next)
          return shown
        },
        end: () => {
          const [shown] = redact(kept, true)
          kept = ""
          return shown
        }
      }
    }
  }
}
