import { Effect } from "effect"
import { AddressRefused, addressesOf, bareHost } from "../../outbound/addresses.ts"
import { DepotFailed } from "./DepotApi.ts"

/** Allowed schemes of a machine's endpoint, with default ports. */
const schemes: ReadonlyMap<string, string> = new Map([
  ["tcp:", ""],
  ["https:", "443"]
])

const failed = new DepotFailed({ operation: "get-endpoint", code: null })

const refused = (endpoint: string) =>
  Effect.zipRight(
    Effect.logWarning("Refused to connect to a Depot machine: only public tcp and https addresses are allowed", {
      scheme: URL.canParse(endpoint) ? new URL(endpoint).protocol : "none"
    }),
    failed
  )

/**
 * Resolves a machine's endpoint to `tcp://address:port`: connecting to the checked address, not the name, rules out a second
 * DNS lookup. Accepts only `tcp://host:port` and `https://host`, and only public addresses unless Depot's API itself has a
 * private one; never a local socket.
 */
export const machineAddress = (endpoint: string, apiUrl: string): Effect.Effect<string, DepotFailed> =>
  Effect.gen(function* () {
    if (!URL.canParse(endpoint)) return yield* refused(endpoint)
    const { hostname, port: given, protocol } = new URL(endpoint)
    const port = given || schemes.get(protocol)
    if (!schemes.has(protocol) || port === "" || hostname === "") return yield* refused(endpoint)
    const found = yield* Effect.tryPromise({
      try: () => addressesOf(bareHost(hostname), bareHost(new URL(apiUrl).hostname)),
      catch: (error) => (error instanceof AddressRefused ? ("refused" as const) : ("unknown" as const))
    }).pipe(Effect.catchAll((why) => (why === "refused" ? refused(endpoint) : failed)))
    const [first] = found.toSorted((one, other) => one.family - other.family)
    if (first === undefined) return yield* failed
    return `tcp://${first.family === 6 ? `[${first.address}]` : first.address}:${port}`
  })
