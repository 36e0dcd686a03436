import { Context, Effect, Layer } from "effect"
import { KeyRefillService } from "../../../src/contract/KeyRefillService.ts"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../../../src/services/Heartbeat.ts"
import { JobProgress, type UpkeepJob } from "../../../src/services/JobProgress.ts"
import { UpkeepSettings } from "../../../src/services/UpkeepSettings.ts"
import { KeyRefillWorkflows } from "../../../src/workflows/keyRefill/KeyRefillWorkflows.ts"
import { type ControlPlaneOptions, Engine, type Ground } from "./ControlPlane.ts"
import { command, submission } from "./commands.ts"

/** What the scheduled jobs told the world. */
export class Upkeep extends Context.Tag("test/Upkeep")<
  Upkeep,
  {
    readonly beats: Array<HeartbeatJob>
    readonly reports: Array<readonly [UpkeepJob, number]>
  }
>() {}

export interface UpkeepOptions {
  readonly batchSize?: number
  readonly minimumUsage?: number
  readonly isMonitorAway?: boolean
}

const doubles = ({ batchSize = 2, isMonitorAway = false, minimumUsage = 100 }: UpkeepOptions) =>
  Layer.effectContext(
    Effect.sync(() => {
      const upkeep = Upkeep.of({ beats: [], reports: [] })
      return Context.make(Upkeep, upkeep).pipe(
        Context.add(UpkeepSettings, { refillBatchSize: batchSize, minimumUsage }),
        Context.add(JobProgress, { report: (job, done) => Effect.sync(() => upkeep.reports.push([job, done])) }),
        Context.add(Heartbeat, {
          beat: (job) =>
            isMonitorAway
              ? new HeartbeatFailed({ job, reason: "unreachable" })
              : Effect.sync(() => void upkeep.beats.push(job))
        })
      )
    })
  )

const served = Layer.effectDiscard(Effect.flatMap(Engine, (engine) => engine.serve(KeyRefillWorkflows)))

/** The scheduled jobs on the engine of the control plane, with doubles of whom they talk to. */
export const upkeep = (options: UpkeepOptions = {}): Layer.Layer<Upkeep, never, Ground> =>
  Layer.provideMerge(served, doubles(options))

/** A control plane with them. */
export const withUpkeep = (options: UpkeepOptions = {}): ControlPlaneOptions<Upkeep> => ({ more: upkeep(options) })

export const runRefill = (key: string) => command(KeyRefillService, "RunRefill")(key, {})
export const submitRefill = (key: string) => submission(KeyRefillService, "RunRefill")(key, {})
export const refillProgress = (key: string) => command(KeyRefillService, "Progress")(key, {})
