import { Logger } from "effect"

/** Plain lines for a person at a terminal: seconds since the command started, then what happened. */
export const progressLines = Logger.replace(
  Logger.defaultLogger,
  Logger.make(({ message }) => {
    const elapsed = (performance.now() / 1000).toFixed(1).padStart(6)
    const text = Array.isArray(message) ? message.join(" ") : String(message)
    globalThis.console.log(`${elapsed} s  ${text}`)
  })
)
