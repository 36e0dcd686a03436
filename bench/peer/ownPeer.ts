import { join } from "node:path"
import { Context, Effect, Layer, Option } from "effect"
import { privateRestateServer, RestateServer } from "../../dev/stack/RestateServer.ts"
import { RunDirectory } from "../../dev/stack/RunDirectory.ts"
import { workerEnvironment, workerProcess } from "../../dev/stack/WorkerProcess.ts"
import { bundle } from "../BenchWorker.ts"
import { ownDatabase } from "../deploys.ts"
import type { Peer } from "./Peer.ts"

/** The worker of this checkout as production runs it, with a Restate server and a database of its own. */
export const ownPeer = (regions: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { admin, ingress } = Context.get(yield* Layer.build(privateRestateServer()), RestateServer)
    const database = yield* ownDatabase
    const run = yield* RunDirectory
    const entry = yield* bundle("../src/main.ts", join(yield* run.folderFor("bundle"), "main.mjs"))
    const env = { ...workerEnvironment({ database, restateAdmin: admin }), WORKER_AVAILABLE_REGIONS: regions.join(",") }
    const { metrics } = yield* workerProcess({ entry, env })
    const peer: Peer = { name: "ours", ingress, database, metrics: Option.some(metrics), admin: Option.some(admin) }
    return peer
  })
