import { Effect } from "effect"
import { activeBuilds as ask } from "../../../src/layers/builder/buildkit/activeBuilds.ts"
import { openBuildkit } from "../../../src/layers/builder/buildkit/BuildkitClient.ts"

/** The number of running builds that the daemon reports. */
export const activeBuilds = (address: string): Effect.Effect<number> =>
  openBuildkit({ address }).pipe(
    Effect.flatMap(ask),
    Effect.map((refs) => refs.length),
    Effect.scoped,
    Effect.orDie
  )
