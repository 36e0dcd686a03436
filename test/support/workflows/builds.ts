import { Effect } from "effect"
import { MemoryBuilder } from "../memory/MemoryBuilder.ts"
import { MemoryGitHub } from "../memory/MemoryGitHub.ts"
import { ControlPlane, type ControlPlaneOptions } from "./ControlPlane.ts"
import { submitFromGit } from "./commands.ts"
import { pending, shop } from "./seeds.ts"

/** A worker that builds, with a GitHub App: one build of a workspace at a time. */
export const building: ControlPlaneOptions = { builder: {}, github: {} }

/** The n-th deployment of the shop out of git, on a branch. */
export const fromGit = (
  id: string,
  nth: number,
  branch = `branch-${nth}`,
  columns: Parameters<typeof pending>[2] = {}
) => pending(id, nth, { git_branch: branch, git_commit_sha: `${nth}`.repeat(40), ...columns })

/** The shop with one pending deployment out of git after another: `d_1`, and so on. */
export const shopFromGit = (count: 1 | 2) =>
  Effect.gen(function* () {
    yield* shop
    for (let nth = 1; nth <= count; nth++) yield* fromGit(`d_${nth}`, nth)
  })

/** `d_1` builds, and `d_2` waits behind it. */
export const oneBehindTheOther = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  yield* shopFromGit(2)
  const first = yield* submitFromGit("d_1")
  yield* engine.settle
  const second = yield* submitFromGit("d_2")
  yield* engine.settle
  return { first, second, startedAt: engine.time.now }
})

/** How often each deployment was really built, and what GitHub was told about it in the end. */
export const buildsOf = (...ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const builder = yield* MemoryBuilder
    const github = yield* MemoryGitHub
    return ids.map((id) => ({
      id,
      runs: builder.runs.filter(({ request }) => request.deploymentId === id).length,
      status: github.lastOf(id)?.state ?? "none"
    }))
  })

/** After the end no build runs and none waits. */
export const slotsInUse = (workspaceId = "ws_shop") =>
  Effect.map(ControlPlane, ({ engine }) => engine.stateOf("ctrl_worker.v1.BuildSlotService", workspaceId))

export const runningNow = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  const { runningAt } = yield* MemoryBuilder
  return runningAt(engine.time.now).map(({ deploymentId }) => deploymentId)
})
