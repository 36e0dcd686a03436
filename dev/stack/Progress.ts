import { Logger } from "effect"

/** Plain log lines: seconds since the command started, then the message. */
export const progressLines = Logger.replace(
  Logger.defaultLogger,
  Logger.make(({ message }) => {
    const elapsed = (performance.now() / 1000).toFixed(1).padStart(6)
    const text = Array.isArray(message) ? message.join(" ") : String(message)
    globalThis.console.log(`${elapsed} s  ${text}`)
  })
)
