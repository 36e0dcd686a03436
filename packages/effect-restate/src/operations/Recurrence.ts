import { Cron, Duration } from "effect"

/** When something happens again and again: a cron expression in its time zone, or an interval of at least a millisecond. */
export type Recurrence = Cron.Cron | Duration.DurationInput

/**
 * What becomes of firings whose time comes while an earlier one still works. `skip`: they do not happen, and neither do those that
 * were missed meanwhile. `queue`: they happen one after the other, as soon as they can. One that is late for another reason, such
 * as a worker that was away, happens.
 */
export type Overlap = "skip" | "queue"

/** The first firing after a point in time, of a recurrence of which one fires at `due`. All in Unix milliseconds. */
const firingAfter = (recurrence: Recurrence, due: number, after: number): number => {
  if (Cron.isCron(recurrence)) return Cron.next(recurrence, new Date(after)).getTime()
  const interval = Math.max(1, Math.ceil(Duration.toMillis(recurrence)))
  return due + interval * (Math.floor((after - due) / interval) + 1)
}

/** When the recurrence fires for the first time after now. */
export const firstFiring = (recurrence: Recurrence, now: number): number => firingAfter(recurrence, now, now)

/** When it fires next after the firing that was due then and begins now, which may be late. */
export const nextFiring = (recurrence: Recurrence, overlap: Overlap, due: number, now: number): number =>
  firingAfter(recurrence, due, overlap === "queue" ? due : Math.max(due, now))
