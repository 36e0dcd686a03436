import { firstCodePoints, fitsCodePoints, shortened } from "../../text/codePoints.ts"

/** Width of `deployment_steps.error`, which MySQL counts in code points. */
const maxCodePoints = 512
/** A longer text is cut before it is searched for secrets, which bounds the time the search can take. */
const maxSearched = 4096
const redacted = "[redacted]"

const secretName =
  "[\\w-]{0,40}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|signature|authorization)[\\w-]{0,40}"

/** What secrets look like, and what stands there instead. Specific forms come before the general name=value one. */
const redactions: ReadonlyArray<readonly [RegExp, string]> = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
  [/([a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/:]*:\S*|[^\s/]*)@/gi, `$1${redacted}@`],
  [/\S{1,400}@(?=(?:tcp|unix)\()/g, `${redacted}@`],
  [/\b(bearer|basic)(\s+)[\w.~+/=-]+/gi, `$1$2${redacted}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, redacted],
  [/\bgh[pousr]_\w+/g, redacted],
  [new RegExp(`\\b(${secretName}["']?\\s*[:=]\\s*)("[^"]*"?|'[^']*'?|[^\\s,;&"']+)`, "gi"), `$1${redacted}`]
]

/**
 * The text that closes a failed deployment step. Never empty, because readers take an empty error for success; at most 512
 * code points, because the column refuses more; without credentials, because the dashboard shows it.
 */
export const stepError = (problem: string): string => {
  const text = withoutSecrets(bounded(problem.toWellFormed())).replace(/\s+/g, " ").trim()
  return text === "" ? "failed without giving a reason" : shortened(text, maxCodePoints)
}

const bounded = (text: string): string => {
  if (fitsCodePoints(text, maxSearched)) return text
  // The cut could split a secret so that it is no longer recognised, so the word it falls into goes too.
  const cut = firstCodePoints(text, maxSearched)
  return cut.slice(0, Math.max(cut.lastIndexOf(" "), cut.lastIndexOf("\n"), 0))
}

const withoutSecrets = (text: string): string =>
  redactions.reduce((rest, [secret, replacement]) => rest.replace(secret, replacement), text)
