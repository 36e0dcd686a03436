import { Duration, Effect } from "effect"
import { waitingFor } from "../stack/Progress.ts"
import { paint } from "./terminal.ts"

/** The next action, and in short what is waited for if it takes a while. */
export const say = (text: string, waiting: string) => Effect.zipRight(Effect.logInfo(text), waitingFor(waiting))
/** Output of the worker or another service. */
export const show = (text: string) => Effect.logInfo(`  ${text}`)
/** A success. */
export const good = (text: string) => Effect.logInfo(paint("green", `  ${text}`))
/** A refusal or failure that the chapter is about. */
export const asExpected = (text: string) => Effect.logInfo(paint("yellow", `  as expected: ${text}`))
/** A part that is left out on this machine, and why. */
export const missing = (text: string) => Effect.logInfo(paint("yellow", `  ${text}`))

export const seconds = (duration: Duration.Duration): string => `${Duration.toSeconds(duration).toFixed(1)} s`
export const thousands = (count: number): string => count.toLocaleString("en-US")
