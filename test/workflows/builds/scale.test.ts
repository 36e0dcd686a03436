import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { leaseDuration } from "../../../src/workflows/builds/slotQueue.ts"
import type { Run } from "../../support/memory/MemoryBuilder.ts"
import { sized } from "../../support/size.ts"
import { fleet, type Job } from "../../support/workflows/buildFleet.ts"

/** Another size: `PILE_UP=3000/60/5 npx vitest run test/workflows/builds/scale.test.ts --testTimeout=3600000`. */
const [builds = sized(200, 1000), workspaces = sized(10, 50), limit = 3] =
  process.env.PILE_UP?.split("/").map(Number) ?? []
/** One in so many journal points is where the process dies. */
const crashEvery = 150
/** From the end of a build until the slot is the next one's: one look, at most two seconds later in builds this short. */
const handOver = 2100

const dice = (seed: number) => {
  let state = (seed % 2147483646) + 1
  return (sides: number): number => {
    state = (state * 48271) % 2147483647
    return state % sides
  }
}

const jobsOf = (seed: number): ReadonlyArray<Job> => {
  const roll = dice(seed)
  return Array.from({ length: builds }, (_, nth) => {
    const end = roll(12)
    return {
      id: `d_${String(nth).padStart(5, "0")}`,
      workspaceId: `ws_${nth % workspaces}`,
      isProduction: roll(4) === 0,
      createdAt: 1_000_000 + roll(1_000_000),
      fate: {
        takes: 4300 + 1000 * roll(15),
        ends: end === 0 ? "vanishes" : end === 1 ? { kind: "command_failed", message: "npm test failed" } : "succeeds"
      }
    }
  })
}

type Fleet = Effect.Effect.Success<ReturnType<typeof fleet>>

const inUse = ({ queueOf }: Fleet, workspaceId: string): number =>
  queueOf(workspaceId)?.tickets.filter(({ state }) => state !== "waiting").length ?? 0

const limitsHold = (world: Fleet) => {
  for (let nth = 0; nth < workspaces; nth++) {
    const workspaceId = `ws_${nth}`
    assert.isAtMost(inUse(world, workspaceId), limit, workspaceId)
    assert.isAtMost(world.builder.peakOf(workspaceId), limit, `${workspaceId} at the builder`)
  }
}

/** The first run of each deployment, in the order of their start. */
const firstRuns = ({ builder }: Fleet, workspaceId: string): ReadonlyArray<Run> => {
  const own = builder.runs.filter(({ request }) => request.workspaceId === workspaceId)
  return own.filter((run) => own.find(({ request }) => request.deploymentId === run.request.deploymentId) === run)
}

describe(`${builds} builds in ${workspaces} workspaces, with a process that dies all the time`, () => {
  it.effect(
    "keep their limits, go production first and the oldest first, take no more than their share, and all end",
    () =>
      Effect.gen(function* () {
        const jobs = jobsOf(7)
        const roll = dice(11)
        const world = yield* fleet({ jobs, limit, faults: () => roll(crashEvery) === 0 })
        const { builder, engine } = world
        // One slot of every fifth workspace is taken by an invocation that is killed at once.
        for (let nth = 0; nth < workspaces; nth += 5) world.abandon(`ws_${nth}`, `d_killed_${nth}`)
        yield* engine.settle
        const submitted = jobs.map((job) => ({ job, invocation: world.submit(job) }))
        yield* engine.settle
        const startedAt = engine.time.now
        const isOpen = () => submitted.some(({ invocation }) => invocation.result === undefined)
        for (let rounds = 0; isOpen() && rounds < 60; rounds++) {
          yield* engine.advance("7 seconds")
          engine.crash()
          limitsHold(world)
        }
        yield* engine.drain
        limitsHold(world)
        for (const { invocation, job } of submitted) {
          const isBroken = typeof job.fate.ends !== "string"
          assert.strictEqual(invocation.result?.ok, !isBroken, `${job.id}: ${JSON.stringify(invocation.result)}`)
        }
        for (let nth = 0; nth < workspaces; nth++) {
          const workspaceId = `ws_${nth}`
          assert.isUndefined(world.queueOf(workspaceId), `${workspaceId} is empty in the end`)
          servedInOrder(firstRuns(world, workspaceId), jobs)
          const own = builder.runs.filter(({ request }) => request.workspaceId === workspaceId)
          const work = own.map((run) => run.endsAt - run.startedAt + handOver)
          const killed = nth % 5 === 0 ? leaseDuration : 0
          const share = (work.reduce((sum, time) => sum + time, 0) + killed) / limit + Math.max(...work, killed)
          assert.isAtMost(Math.max(...own.map((run) => run.endsAt)) - startedAt, share, `${workspaceId} and its share`)
        }
        assert.deepStrictEqual(
          engine.invocations.filter(({ status }) => status !== "completed").map(({ label }) => label),
          []
        )
      })
  )
})

/** Those that were granted at once came first; after them each start is that of the best waiter. */
const servedInOrder = (runs: ReadonlyArray<Run>, jobs: ReadonlyArray<Job>) => {
  const later = runs.filter((run) => run.startedAt > (runs[0]?.startedAt ?? 0))
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const rank = ({ request }: Run) => {
    const job = byId.get(request.deploymentId)
    return (job?.isProduction ? 0 : 10_000_000) + (job?.createdAt ?? 0)
  }
  later.forEach((run, at) => {
    for (const next of later.slice(at + 1))
      if (run.startedAt < next.startedAt)
        assert.isBelow(rank(run), rank(next), `${run.request.deploymentId} before ${next.request.deploymentId}`)
  })
}
