import { Effect } from "effect"
import { AddressRefused, addressesOf, bareHost } from "../../outbound/addresses.ts"
import { DepotFailed } from "./DepotApi.ts"

/** Schemes that Depot may name, and the port of each where none is given. */
const schemes: ReadonlyMap<string, string> = new Map([
  ["tcp:", ""],
  ["https:", "443"]
])

const failed = new DepotFailed({ operation: "get-endpoint", code: null })

const refused = (endpoint: string) =>
  Effect.zipRight(
    Effect.logWarning("Depot names a machine that is not connected to: only public tcp and https addresses are", {
      scheme: URL.canParse(endpoint) ? new URL(endpoint).protocol : "none"
    }),
    failed
  )

/**
 * Where the machine is that Depot names, as `tcp://address:port`: by address and not by name, so that what was checked is
 * what is connected to. Only `tcp://host:port` and `https://host`, and only public addresses, unless Depot's API itself
 * is at one that is not; never a socket of this machine.
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
