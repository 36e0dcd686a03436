import process from "node:process"
import { NodeRuntime } from "@effect/platform-node"
import { upkeepWorker } from "../../dev/simulators/UpkeepWorker.ts"

const count = Number(process.env.BENCH_WORKSPACES)

// As many workspaces as the bench has put into the database; all but every thousandth stay below their quota of a million.
NodeRuntime.runMain(
  upkeepWorker(
    Array.from({ length: count }, (_, nth) => ({
      workspaceId: `ws_${String(nth).padStart(7, "0")}`,
      used: nth % 1000 === 0 ? 2_000_000 : 500_000
    }))
  )
)
