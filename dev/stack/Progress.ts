import { Effect, Logger } from "effect"
import { wrapped } from "../demo/terminal.ts"

/** Progress of the one command of this process. */
interface Progress {
  /** When the last line was shown, in milliseconds since the process started. */
  shownAt: number
  action: string | undefined
  actionSince: number
}

const progress: Progress = { shownAt: 0, action: undefined, actionSince: 0 }

const prefixWidth = "  12.3 s  ".length

/** Within a width, files of this checkout by their relative paths. */
const brokenAt = (line: string, width: number): ReadonlyArray<string> =>
  width === Number.POSITIVE_INFINITY ? [line] : wrapped(line.replaceAll(`${process.cwd()}/`, ""), width - prefixWidth)

/** A message with the time since the command started, in lines of at most `width` columns. */
export const linesOf = (text: string, width: number): ReadonlyArray<string> => {
  const elapsed = `${(performance.now() / 1000).toFixed(1).padStart(6)} s  `
  // Only the first line has the time. Further lines of the message itself (the end of a log) keep their own form.
  return text
    .split("\n")
    .flatMap((line) => brokenAt(line, width))
    .map((line, at) => (at === 0 ? elapsed : " ".repeat(prefixWidth)) + line)
}

/** Log lines: seconds since the command started, then the message, in at most `width` columns. An empty message is an empty line. */
export const progressLines = (width: number = Number.POSITIVE_INFINITY) =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ message }) => {
      const text = Array.isArray(message) ? message.join(" ") : String(message)
      progress.shownAt = performance.now()
      globalThis.console.log(text === "" ? "" : linesOf(text, width).join("\n"))
    })
  )

/** What the command waits for from now on; undefined if its silence means nothing. */
export const waitingFor = (action: string | undefined): Effect.Effect<void> =>
  Effect.sync(() => {
    progress.action = action
    progress.actionSince = performance.now()
  })

/** Half a second below the three seconds after which a silent command looks as if it hangs. */
const silentFor = 2_500

/** Says what the command waits for whenever it was silent for a while. */
export const breakSilence: Effect.Effect<never> = Effect.sync(() => {
  const now = performance.now()
  if (progress.action === undefined || now - progress.shownAt < silentFor) return Effect.void
  const seconds = Math.round((now - progress.actionSince) / 1000)
  return Effect.logInfo(`  … ${progress.action} (${seconds} s)`)
}).pipe(Effect.flatten, Effect.delay("250 millis"), Effect.forever)
