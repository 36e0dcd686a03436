import { Context, Effect, Layer } from "effect"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { ClickhouseUnavailable, type TrafficQuery, TrafficSource } from "../../../src/services/clickhouse/Usage.ts"
import { IdlePreviewWorkflows } from "../../../src/workflows/idlePreviews/IdlePreviewWorkflows.ts"
import { namesOf } from "../memory/seeds.ts"
import type { Tables } from "../memory/Tables.ts"
import { ControlPlane, type ControlPlaneOptions, Engine, type FixtureServices } from "./ControlPlane.ts"
import { createdAt, seedReady, withLive } from "./seeds.ts"

/** What the source of traffic was asked, in order. */
export class Questions extends Context.Tag("test/Questions")<Questions, Array<TrafficQuery>>() {}

export interface TrafficOptions {
  /** These have requests all the time. */
  readonly busy?: ReadonlyArray<string>
  /** When these had their last request, in Unix milliseconds. */
  readonly lastRequests?: ReadonlyMap<string, number>
  /** Whether the source fails when the n-th question, counted from 0, arrives. */
  readonly isAway?: (nth: number, question: TrafficQuery) => boolean
}

const traffic = ({ busy = [], isAway = () => false, lastRequests = new Map() }: TrafficOptions) =>
  Layer.effectContext(
    Effect.sync(() => {
      const questions: Array<TrafficQuery> = []
      return Context.make(Questions, questions).pipe(
        Context.add(
          TrafficSource,
          TrafficSource.of({
            withTraffic: (question) =>
              Effect.suspend(() => {
                questions.push(question)
                const served = [...lastRequests].filter(([, at]) => at >= question.since).map(([id]) => id)
                return isAway(questions.length - 1, question)
                  ? new ClickhouseUnavailable({ operation: "requests-of-deployments", reason: "unreachable" })
                  : Effect.succeed(new Set([...busy, ...served]))
              })
          })
        )
      )
    })
  )

/** Serves the search for idle previews on the engine of the story. */
export const idleSearch = (options: TrafficOptions = {}): Layer.Layer<Questions, never, FixtureServices> =>
  Layer.effectDiscard(Effect.flatMap(Engine, (engine) => engine.serve(IdlePreviewWorkflows))).pipe(
    Layer.provideMerge(traffic(options))
  )

/** A control plane with it. */
export const idlePreviews = (options: TrafficOptions = {}): ControlPlaneOptions<Questions> => ({
  more: idleSearch(options)
})

export const scaleDown = Effect.flatMap(ControlPlane, ({ engine }) =>
  Effect.either(engine.call(DeployService, "global", "ScaleDownIdlePreviewDeployments", {}))
)

/** A preview of the shop that became ready long ago. Its number is its version. */
export const seedPreview = (id: string, nth: number, columns: Partial<Tables["deployments"]> = {}) =>
  seedReady("shop", id, {
    version: nth,
    created_at: createdAt(nth),
    environment_id: namesOf("shop").previewId,
    ...columns
  })

/** The shop with a live deployment and three previews. */
export const withPreviews = Effect.gen(function* () {
  yield* withLive
  yield* seedPreview("d_idle", 2)
  yield* seedPreview("d_busy", 3)
  yield* seedPreview("d_standby", 4, { desired_state: "standby" })
})
