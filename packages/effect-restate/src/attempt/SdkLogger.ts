import { type LoggerTransport, RestateError } from "@restatedev/restate-sdk"
import { Effect, FiberRef, FiberRefs, LogLevel, Runtime } from "effect"

/** Codes by which Restate says that a replay did not match its journal, or that the protocol was violated. */
const isProtocolError = (part: unknown): boolean => part instanceof RestateError && part.code >= 570 && part.code < 580

// The SDK declares its levels as an enum that it does not export at run time.
const errorLevel = "error"

const text = (part: unknown): string => (part instanceof Error ? `${part.name}: ${part.message}` : String(part))

/**
 * Passes the SDK's own lines to the Effect logger. The SDK warns at every terminal failure, which callers see anyway
 * and metrics count, so its warnings are debug lines here, except where they report a journal that does not match.
 */
export const sdkLogger: Effect.Effect<LoggerTransport> = Effect.map(Effect.runtime<never>(), (runtime) => {
  const minimum = FiberRefs.getOrDefault(runtime.fiberRefs, FiberRef.currentMinimumLogLevel)
  // The SDK logs twice per attempt; a line below the log level should not cost a fiber.
  const debugIsSeen = LogLevel.lessThanEqual(minimum, LogLevel.Debug)
  return (metadata, message: unknown, ...rest: ReadonlyArray<unknown>) => {
    if (metadata.replaying) return
    const urgent = String(metadata.level) === errorLevel || rest.some(isProtocolError) || isProtocolError(message)
    if (!urgent && !debugIsSeen) return
    const line = [message, ...rest].map(text).join(" ")
    const log = urgent ? Effect.logError(line) : Effect.logDebug(line)
    Runtime.runFork(runtime, Effect.annotateLogs(log, { source: "restate-sdk" }))
  }
})
