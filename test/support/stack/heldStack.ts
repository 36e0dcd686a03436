import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Logger, Option } from "effect"
import { MySqlServer, mySqlServer } from "../../../dev/stack/MySqlServer.ts"
import { RestateServer, restateServer } from "../../../dev/stack/RestateServer.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"

const stack = Layer.mergeAll(mySqlServer, restateServer(), RunDirectoryLive).pipe(
  Layer.provide(Logger.remove(Logger.defaultLogger))
)

// A program that holds a stack until it is killed; its output line names what must be gone afterwards.
Effect.gen(function* () {
  const mysql = yield* MySqlServer
  const restate = yield* RestateServer
  const run = yield* RunDirectory
  const pids = [...Option.toArray(mysql.process), ...restate.processes].map((it) => it.pid)
  const held = { pids, folder: run.path, mysql: mysql.adminUrl, ingress: restate.ingress, admin: restate.admin }
  yield* Effect.sync(() => process.stdout.write(`${JSON.stringify(held)}\n`))
  return yield* Effect.never
}).pipe(Effect.provide(stack), NodeRuntime.runMain({ disablePrettyLogger: true }))
