import { parseArgs } from "node:util"
import { Effect, Layer } from "effect"
import { runCommand } from "../dev/stack/Command.ts"
import { mySqlServer } from "../dev/stack/MySqlServer.ts"
import { restateServer } from "../dev/stack/RestateServer.ts"
import { RunDirectoryLive } from "../dev/stack/RunDirectory.ts"
import { writeUpkeep } from "./resultsFile.ts"
import { benchQuota } from "./upkeep/quota.ts"
import { benchRefill } from "./upkeep/refill.ts"
import { upkeepReport } from "./upkeep/report.ts"

const { values } = parseArgs({
  options: {
    /** Keys that are due in the largest run. */
    keys: { type: "string", default: "1000000" },
    workspaces: { type: "string", default: "100000" },
    /** A short look: printed and not written. */
    quick: { type: "boolean", default: false }
  }
})

const { quick } = values
const most = quick ? 20_000 : Number(values.keys)
const workspaces = quick ? 5_000 : Number(values.workspaces)

const bench = Effect.gen(function* () {
  const quota = yield* benchQuota({ workspaces })
  const refill = yield* benchRefill({
    sizes: [most / 100, most / 10, most],
    batches: [100, 300, 1000, 2000, 5000],
    batch: 1000
  })
  const text = upkeepReport({ refill, quota })
  yield* Effect.sync(() => process.stdout.write(`\n${text}\n`))
  if (!quick) yield* writeUpkeep(text)
})

bench.pipe(Effect.scoped, Effect.provide(Layer.mergeAll(mySqlServer, restateServer(), RunDirectoryLive)), runCommand)
