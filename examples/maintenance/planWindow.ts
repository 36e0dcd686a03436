import { Either } from "effect"
import { WindowRefused } from "./MaintenanceService.ts"

/** Unix milliseconds. */
export interface Window {
  readonly opensAt: number
  readonly closesAt: number
}

const longest = 8 * 60

/** The window of so many minutes from now on, or why there is none. */
export const planWindow = (minutes: number, now: number): Either.Either<Window, WindowRefused> => {
  if (minutes < 1) return Either.left(new WindowRefused({ reason: "no_time" }))
  if (minutes > longest) return Either.left(new WindowRefused({ reason: "too_long" }))
  return Either.right({ opensAt: now, closesAt: now + minutes * 60_000 })
}
