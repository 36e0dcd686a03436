import { Clock, Context, Duration, Effect, Layer } from "effect"
import {
  Builder,
  BuilderUnavailable,
  BuildRefused,
  type BuildRequest,
  type BuildState
} from "../../../src/services/builds/Builder.ts"

/** The end of a run. `vanishes`: the building process dies, and the build becomes unknown. */
export interface Fate {
  readonly takes: Duration.DurationInput
  readonly ends: "succeeds" | "vanishes" | Omit<Extract<BuildState, { readonly _tag: "Failed" }>, "_tag">
}

/** By request and run number, from 1: a build that vanished is started again. */
export type FateOf = (request: BuildRequest, run: number) => Fate

/** Not a whole number of seconds: polls come every second, and a tie would depend on order. */
export const builds: Fate = { takes: "40500 millis", ends: "succeeds" }

export interface MemoryBuilderOptions {
  readonly fateOf?: FateOf
  /** Whether it is available, by Unix milliseconds. */
  readonly isAway?: (now: number) => boolean
  /** Whether polls of a build die with a defect, by Unix milliseconds: the poller is delayed and renews nothing. */
  readonly isBroken?: (now: number, buildId: string) => boolean
  /** The problem of an invalid request. */
  readonly refuses?: (request: BuildRequest) => string | undefined
}

/** One run of a build. It ends at the earliest of its scripted end and external events. */
export interface Run {
  readonly request: BuildRequest
  readonly startedAt: number
  readonly endsAt: number
  readonly ends: Fate["ends"] | "cancelled"
}

/** The test's view of the builder. */
export class MemoryBuilder extends Context.Tag("test/MemoryBuilder")<
  MemoryBuilder,
  {
    /** In the order of their start. */
    readonly runs: ReadonlyArray<Run>
    /** Ids of builds that were running when they were cancelled. */
    readonly cancelled: ReadonlyArray<string>
    /** Builds that run at a moment. */
    readonly runningAt: (now: number) => ReadonlyArray<BuildRequest>
    /** The most builds of one workspace that ever ran at the same time. */
    readonly peakOf: (workspaceId: string) => number
    /** The building process dies with all running builds. */
    readonly die: (now: number) => void
  }
>() {}

const imageOf = ({ deploymentId, projectId }: BuildRequest): string => `registry.test/${projectId}:${deploymentId}`
const digest = `sha256:${"d1".repeat(32)}`

const stateOf = ({ ends, endsAt, request }: Run, now: number): BuildState => {
  if (now < endsAt) return { _tag: "Running", detail: "builds" }
  if (ends === "vanishes") return { _tag: "Unknown" }
  if (ends === "cancelled") return { _tag: "Failed", kind: "cancelled", message: "the build was cancelled" }
  if (ends === "succeeds")
    return {
      _tag: "Succeeded",
      image: imageOf(request),
      digest,
      externalBuildId: null,
      depotProjectId: `depot-${request.projectId}`
    }
  return { _tag: "Failed", ...ends }
}

class Builds {
  readonly runs: Array<Run> = []
  readonly cancelled: Array<string> = []
  /** Where the runs of a build stand in the list. */
  readonly #places = new Map<string, ReadonlyArray<number>>()
  readonly #fateOf: FateOf

  constructor(fateOf: FateOf) {
    this.#fateOf = fateOf
  }

  poll(buildId: string, now: number): BuildState {
    const run = this.runs[this.#places.get(buildId)?.at(-1) ?? -1]
    return run === undefined ? { _tag: "Unknown" } : stateOf(run, now)
  }

  start(request: BuildRequest, now: number): void {
    if (this.poll(request.buildId, now)._tag !== "Unknown") return
    const places = this.#places.get(request.buildId) ?? []
    const { ends, takes } = this.#fateOf(request, places.length + 1)
    this.#places.set(request.buildId, [...places, this.runs.length])
    this.runs.push({ request, startedAt: now, endsAt: now + Duration.toMillis(takes), ends })
  }

  /** Ends the run at this place of the list if it still runs. */
  end(place: number, now: number, ends: Run["ends"]): boolean {
    const run = this.runs[place]
    if (run === undefined || now >= run.endsAt) return false
    this.runs[place] = { ...run, endsAt: now, ends }
    return true
  }

  cancel(buildId: string, now: number): void {
    const ended = (this.#places.get(buildId) ?? []).filter((place) => this.end(place, now, "cancelled"))
    this.cancelled.push(...ended.map(() => buildId))
  }

  die(now: number): void {
    for (const place of this.runs.keys()) this.end(place, now, "vanishes")
  }

  runningAt(now: number): ReadonlyArray<BuildRequest> {
    return this.runs.filter((run) => run.startedAt <= now && now < run.endsAt).map(({ request }) => request)
  }

  peakOf(workspaceId: string): number {
    const own = this.runs.filter(({ request }) => request.workspaceId === workspaceId)
    const beside = ({ startedAt: at }: Run) => own.filter((run) => run.startedAt <= at && at < run.endsAt).length
    return Math.max(0, ...own.map(beside))
  }
}

/** A builder whose builds take virtual time. Without options no builder is configured. */
export const memoryBuilder = (options?: MemoryBuilderOptions): Layer.Layer<Builder | MemoryBuilder> =>
  Layer.effectContext(
    Effect.sync(() => {
      const {
        fateOf = () => builds,
        isAway = () => false,
        isBroken = () => false,
        refuses = () => undefined
      } = options ?? {}
      const all = new Builds(fateOf)
      const answer = <A>(operation: BuilderUnavailable["operation"], act: (now: number) => A) =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now): Effect.Effect<A, BuilderUnavailable> =>
            isAway(now) ? new BuilderUnavailable({ operation, reason: "unreachable" }) : Effect.sync(() => act(now))
        )
      const builder = Builder.of({
        isConfigured: options !== undefined,
        start: (request) => {
          const problem = refuses(request)
          return problem === undefined
            ? answer("start", (now) => all.start(request, now))
            : new BuildRefused({ reason: "invalid", field: "platform", problem })
        },
        poll: (buildId) =>
          Effect.flatMap(
            answer("poll", (now) => (isBroken(now, buildId) ? undefined : all.poll(buildId, now))),
            (state) => (state === undefined ? Effect.dieMessage("the look ends with a defect") : Effect.succeed(state))
          ),
        cancel: (buildId) => answer("cancel", (now) => all.cancel(buildId, now))
      })
      const seen = MemoryBuilder.of({
        runs: all.runs,
        cancelled: all.cancelled,
        runningAt: (now) => all.runningAt(now),
        peakOf: (workspaceId) => all.peakOf(workspaceId),
        die: (now) => all.die(now)
      })
      return Context.make(Builder, builder).pipe(Context.add(MemoryBuilder, seen))
    })
  )
