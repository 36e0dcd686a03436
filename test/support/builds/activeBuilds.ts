import { Effect } from "effect"
import { openBuildkit } from "../../../src/layers/builder/buildkit/BuildkitClient.ts"

/** BuildHistoryRequest with ActiveOnly (1) and EarlyExit (3) set. */
const activeOnly = Buffer.from([0x08, 1, 0x18, 1])

/** How many builds the daemon is at work on, as it says itself. */
export const activeBuilds = (address: string): Effect.Effect<number> =>
  Effect.scoped(
    Effect.flatMap(openBuildkit({ address }), (client) =>
      Effect.async<number>((resume) => {
        let active = 0
        const call = client.makeServerStreamRequest(
          "/moby.buildkit.v1.Control/ListenBuildHistory",
          () => activeOnly,
          (bytes) => bytes,
          {}
        )
        call.on("data", () => {
          active += 1
        })
        call.on("error", (error) => resume(Effect.die(error)))
        call.on("end", () => resume(Effect.succeed(active)))
        return Effect.sync(() => call.cancel())
      })
    )
  )
