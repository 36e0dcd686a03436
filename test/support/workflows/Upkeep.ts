import { Context, Effect, Layer } from "effect"
import { KeyRefillService } from "../../../src/contract/KeyRefillService.ts"
import { QuotaCheckService } from "../../../src/contract/QuotaCheckService.ts"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../../../src/services/Heartbeat.ts"
import { type MetricEvent, Metrics } from "../../../src/services/Metrics.ts"
import { type NotificationFailed, Notifier, type QuotaNotice } from "../../../src/services/quotaCheck/Notifier.ts"
import { UpkeepSettings } from "../../../src/services/UpkeepSettings.ts"
import { KeyRefillWorkflows } from "../../../src/workflows/keyRefill/KeyRefillWorkflows.ts"
import { QuotaCheckWorkflows } from "../../../src/workflows/quotaCheck/QuotaCheckWorkflows.ts"
import { QuotaNoticeWorkflows } from "../../../src/workflows/quotaCheck/QuotaNoticeWorkflows.ts"
import { type MemoryUsage, type MemoryUsageOptions, memoryUsage } from "../memory/MemoryUsage.ts"
import { type ControlPlaneOptions, Engine, type FixtureServices } from "./ControlPlane.ts"
import { command, submission } from "./commands.ts"
import { recordingAlso } from "./recordingAlso.ts"

type JobProgressed = Extract<MetricEvent, { readonly _tag: "JobProgressed" }>

/** What the scheduled jobs told the world. */
export class Upkeep extends Context.Tag("test/Upkeep")<
  Upkeep,
  {
    readonly beats: Array<HeartbeatJob>
    readonly reports: Array<readonly [JobProgressed["job"], number]>
    /** Notices that arrived, and how often delivery was tried. */
    readonly notices: Array<QuotaNotice>
    deliveries: number
  }
>() {}

export interface UpkeepOptions extends MemoryUsageOptions {
  readonly batchSize?: number
  readonly minimumUsage?: number
  readonly isMonitorAway?: boolean
  /** How the nth delivery of a notice fails, from 1. */
  readonly failureOf?: (nth: number, notice: QuotaNotice) => NotificationFailed | undefined
}

const doubles = ({ batchSize = 2, failureOf, isMonitorAway = false, minimumUsage = 100 }: UpkeepOptions) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const upkeep = Upkeep.of({ beats: [], reports: [], notices: [], deliveries: 0 })
      const metrics = yield* recordingAlso((event) => {
        if (event._tag === "JobProgressed") upkeep.reports.push([event.job, event.done])
      })
      return Context.make(Upkeep, upkeep).pipe(
        Context.add(UpkeepSettings, { refillBatchSize: batchSize, minimumUsage, daysWithoutProof: 7 }),
        Context.add(Metrics, metrics),
        Context.add(Heartbeat, {
          send: (job) =>
            isMonitorAway
              ? new HeartbeatFailed({ job, reason: "unreachable" })
              : Effect.sync(() => void upkeep.beats.push(job))
        }),
        Context.add(Notifier, {
          quotaExceeded: (notice) =>
            Effect.suspend(() => {
              upkeep.deliveries += 1
              const failure = failureOf?.(upkeep.deliveries, notice)
              return failure ?? Effect.sync(() => void upkeep.notices.push(notice))
            })
        })
      )
    })
  )

const served = Layer.effectDiscard(
  Effect.flatMap(Engine, (engine) =>
    Effect.all([
      engine.serve(KeyRefillWorkflows),
      engine.serve(QuotaCheckWorkflows),
      engine.serve(QuotaNoticeWorkflows)
    ])
  )
)

/** What a story about scheduled jobs may look into. */
export type UpkeepDoubles = Upkeep | MemoryUsage

/** The scheduled jobs on the engine of the control plane, with doubles of whom they talk to. */
export const upkeep = (options: UpkeepOptions = {}): Layer.Layer<UpkeepDoubles, never, FixtureServices> =>
  Layer.provideMerge(served, Layer.merge(doubles(options), memoryUsage(options)))

/** A control plane with them. */
export const withUpkeep = (options: UpkeepOptions = {}): ControlPlaneOptions<UpkeepDoubles> => ({
  more: upkeep(options)
})

export const runRefill = (key: string) => command(KeyRefillService, "RunRefill")(key, {})
export const submitRefill = (key: string) => submission(KeyRefillService, "RunRefill")(key, {})
export const refillProgress = (key: string) => command(KeyRefillService, "Progress")(key, {})
export const runCheck = (key: string) => command(QuotaCheckService, "RunCheck")(key, {})
export const submitCheck = (key: string) => submission(QuotaCheckService, "RunCheck")(key, {})
