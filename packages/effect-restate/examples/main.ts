import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { Restate } from "effect-restate/node"
import { memoryBank } from "./Bank.ts"
import { CounterLive } from "./counter.ts"
import { TransfersLive } from "./transfer.ts"

Restate.serve({ services: [TransfersLive, CounterLive], port: 9080 }).pipe(
  Effect.provide(memoryBank({ ada: 100, bob: 0 })),
  NodeRuntime.runMain
)
