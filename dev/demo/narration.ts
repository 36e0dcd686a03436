import { Duration, Effect } from "effect"
import { paint } from "./terminal.ts"

/** The next action. */
export const say = (text: string) => Effect.logInfo(paint("bold", text))
/** Output of the worker or another service. */
export const show = (text: string) => Effect.logInfo(`  ${text}`)
/** A success. */
export const good = (text: string) => Effect.logInfo(paint("green", `  ${text}`))
/** An expected refusal or missing state. */
export const refusal = (text: string) => Effect.logInfo(paint("yellow", `  ${text}`))

export const seconds = (duration: Duration.Duration): string => `${Duration.toSeconds(duration).toFixed(1)} s`
export const thousands = (count: number): string => count.toLocaleString("en-US")
