import { firstCodePoints, fitsCodePoints, shortened } from "../../text/codePoints.ts"

/** Width of `deployment_steps.error`, which MySQL counts in code points. */
const maxCodePoints = 512
/** Longer texts are truncated before the search for secrets, which bounds its time. */
const maxSearched = 4096
const redacted = "[redacted]"

const secretName =
  "[\\w-]{0,40}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|signature|authorization)[\\w-]{0,40}"

/** Patterns of secrets and their replacements. Specific patterns come before the general name=value pattern. */
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
 * The error text of a failed deployment step. Never empty, because the dashboard treats an empty error as success; at
 * most 512 code points, the width of the column; credentials are redacted, because the dashboard shows it.
 */
export const stepError = (problem: string): string => {
  const text = withoutSecrets(bounded(problem.toWellFormed())).replace(/\s+/g, " ").trim()
  return text === "" ? "failed without giving a reason" : shortened(text, maxCodePoints)
}

const bounded = (text: string): string => {
  if (fitsCodePoints(text, maxSearched)) return text
  // The cut could split a secret so that it is not recognised, so the word at the cut is dropped too.
  const cut = firstCodePoints(text, maxSearched)
  return cut.slice(0, Math.max(cut.lastIndexOf(" "), cut.lastIndexOf("\n"), 0))
}

const withoutSecrets = (text: string): string =>
  redactions.reduce((rest, [secret, replacement]) => rest.replace(secret, replacement), text)
