import { Effect } from "effect"
import { publishAddresses } from "./AddressFile.ts"

/** Logs and publishes all addresses, and keeps the stack running until interrupted. */
export const stayUp = Effect.fnUntraced(function* (addresses: Readonly<Record<string, string>>) {
  yield* publishAddresses(addresses)
  const width = Math.max(...Object.keys(addresses).map((name) => name.length))
  yield* Effect.forEach(Object.entries(addresses), ([name, url]) => Effect.logInfo(`${name.padEnd(width)} ${url}`))
  yield* Effect.logInfo("Everything is up. Ctrl-C ends all of it.")
  return yield* Effect.never
})
