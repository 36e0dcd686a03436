import { Duration, Effect } from "effect"
import { paint } from "./terminal.ts"

/** What happens next. */
export const say = (text: string) => Effect.logInfo(paint("bold", text))
/** Something the worker or a neighbour shows. */
export const show = (text: string) => Effect.logInfo(`  ${text}`)
/** It came out well. */
export const good = (text: string) => Effect.logInfo(paint("green", `  ${text}`))
/** It was refused or is not there yet, as it should be. */
export const refusal = (text: string) => Effect.logInfo(paint("yellow", `  ${text}`))

export const seconds = (duration: Duration.Duration): string => `${Duration.toSeconds(duration).toFixed(1)} s`
export const thousands = (count: number): string => count.toLocaleString("en-US")
