import { Cause, Effect } from "effect"
import { waitingFor } from "../stack/Progress.ts"
import { paint } from "./terminal.ts"

interface Told {
  number: number
  asPromised: number
  readonly leftOut: Array<string>
}

/** The last line of the demo. */
export const summaryOf = (
  { asPromised, leftOut }: Pick<Told, "asPromised" | "leftOut">,
  total: number,
  elapsedSeconds: number
): string => {
  const missing = leftOut.length === 0 ? "" : `, ${leftOut.length} left out (${leftOut.join(", ")})`
  return `${asPromised} of ${total} chapters as promised in ${Math.round(elapsedSeconds)} s${missing}`
}

/** Numbers the chapters of the demo, and counts which ones went as promised. */
export const numberedChapters = (total: number) => {
  const told: Told = { number: 0, asPromised: 0, leftOut: [] }
  const heading = (title: string) =>
    Effect.suspend(() => {
      told.number++
      return Effect.zipRight(Effect.logInfo(""), Effect.logInfo(paint("bold", `(${told.number}/${total}) ${title}`)))
    })
  const reportFailure = (title: string) => (cause: Cause.Cause<unknown>) =>
    Cause.isInterruptedOnly(cause)
      ? Effect.void
      : Effect.logError(paint("red", `Chapter ${told.number} of ${total} failed: ${title}`))
  return {
    tell: <A, E, R>(title: string, chapter: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.zipRight(heading(title), waitingFor(title)).pipe(
        Effect.zipRight(Effect.tapErrorCause(chapter, reportFailure(title))),
        Effect.tap(() => Effect.sync(() => told.asPromised++))
      ),
    /** For a chapter that this machine cannot show. */
    leaveOut: (title: string, reason: string) =>
      Effect.zipRight(heading(title), Effect.logInfo(paint("yellow", `  left out: ${reason}`))).pipe(
        Effect.tap(() => Effect.sync(() => told.leftOut.push(title)))
      ),
    summary: Effect.sync(() => summaryOf(told, total, performance.now() / 1000))
  }
}
