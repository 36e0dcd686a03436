import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { projectPath } from "../../src/names/imageReference.ts"
import { everythingIsReadable } from "../contract/neighbours/misreadings.ts"
import { BuildFixture, unavailableReason } from "../support/builds/BuildFixture.ts"
import { runInProcess } from "../support/cli/runInProcess.ts"
import { namesOf, seedProject } from "../support/memory/seeds.ts"
import { sharedClickhouse } from "../support/stack/Clickhouse.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { buildStack, Origin, region } from "./support/buildStack.ts"
import { deploymentRow, unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import {
  commitScript,
  positionOf,
  push,
  standingOf,
  statesOf,
  telemetryOf,
  untilBuilding,
  untilIdle,
  untilSlotsFree,
  untilTold
} from "./support/pushes.ts"
import { DatabaseUrl, Workers } from "./support/Stack.ts"

const reason = await unavailableReason

/** What Kubernetes takes as a label's value. */
const label = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/

const attach = (invocation: string) => Effect.flatMap(RestateClient, (restate) => restate.attach(invocation))

/** What the command `build` prints. */
const buildOf = (id: string) =>
  Effect.gen(function* () {
    const { admin } = yield* RestateClient
    const environment = {
      WORKER_RESTATE_ADMIN_URL: admin,
      WORKER_DATABASE_PRIMARY: yield* DatabaseUrl,
      WORKER_CLICKHOUSE_URL: (yield* sharedClickhouse).url
    }
    const { errors, printed } = yield* runInProcess(environment, "build", id)
    assert.deepStrictEqual(errors, [])
    return printed.join("\n")
  }).pipe(inRealTime)

const allDone = { queued: "done", building: "done", deploying: "done", network: "done" }

const isReady = { status: "ready", steps: allDone, isPublished: true } as const

const withProject = (project: string) => seedProject(project, { regions: { [region]: 1 } })

interface Failure {
  readonly name: string
  readonly what: string
  readonly push: { readonly dockerfilePath?: string; readonly commitSha?: string }
  readonly status: number
  /** The step that ends with these words. */
  readonly step: "queued" | "building"
  readonly words: string
  readonly told: ReadonlyArray<string>
}

const failures: ReadonlyArray<Failure> = [
  {
    name: "nofile",
    what: "a Dockerfile that is not there",
    push: { dockerfilePath: "none.Dockerfile" },
    status: 500,
    step: "building",
    words: `"apps/web/none.Dockerfile"`,
    told: ["pending", "in_progress", "failure"]
  },
  {
    name: "failing",
    what: "a command that fails",
    push: { dockerfilePath: "failing.Dockerfile" },
    status: 500,
    step: "building",
    words: "exit code 7",
    told: ["pending", "in_progress", "failure"]
  },
  {
    name: "nocommit",
    what: "a commit that is not there",
    push: { commitSha: "1".repeat(40) },
    status: 500,
    step: "building",
    words: "commitSha",
    told: ["pending", "in_progress", "failure"]
  },
  {
    // There is no commit whose page could show it.
    name: "deleted",
    what: "the push that deletes a branch",
    push: { commitSha: "0".repeat(40) },
    status: 400,
    step: "queued",
    words: "names no commit",
    told: []
  }
]

if (reason !== null) {
  describe("deploys from git on the real stack", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildStack, { excludeTestServices: true, timeout: "5 minutes" })("deploys from git on the real stack", (it) => {
    it.effect("a push becomes an image in the registry, is deployed by its digest, and GitHub shows it", () =>
      Effect.gen(function* () {
        const { commitSha } = yield* Origin
        const { registry } = yield* BuildFixture
        yield* withProject("git")
        const reply = yield* attach(yield* push({ project: "git", deploymentId: "d_git", commitSha }))
        assert.deepInclude(reply, { status: 200, body: {} })

        const repository = projectPath(namesOf("git"))
        const digest = yield* registry.digestOf(repository, "d_git")
        const { buildId, image, ...state } = yield* standingOf("d_git")
        assert.deepStrictEqual(state, isReady)
        assert.strictEqual(image, `${registry.host}/${repository}@${Option.getOrElse(digest, () => "none")}`)
        assert.match(buildId ?? "", label)
        yield* untilTold("d_git", "success")
        assert.deepStrictEqual(yield* statesOf("d_git"), ["pending", "in_progress", "success"])
        yield* untilSlotsFree("git")
      })
    )

    it.effect(
      "its steps and what they wrote are in ClickHouse, and a step has logs exactly when it wrote something",
      () =>
        Effect.gen(function* () {
          const { logs, steps } = yield* eventually("the last step of the build", telemetryOf("git", "d_git"), (seen) =>
            seen.steps.some(({ name }) => String(name).startsWith("exporting"))
          )
          const output = logs.map(({ message }) => message).join("")
          for (const line of ["building", "careful"]) assert.include(output, line)
          assert.isTrue(steps.some(({ has_logs, name }) => has_logs === true && String(name).includes("build 2/2")))
          const writers = new Set(logs.map(({ step_id }) => step_id))
          for (const { error, has_logs, name, step_id } of steps) {
            assert.deepStrictEqual([has_logs, error], [writers.has(step_id), ""], String(name))
          }
          const ids = steps.map(({ step_id }) => step_id)
          assert.lengthOf(new Set(ids), ids.length, "every step is there once")
          assert.includeMembers(ids, [...writers])
        })
    )

    it.effect("`build` shows its image, its deployment and the end of its log, by each of its ids", () =>
      Effect.gen(function* () {
        const { image } = yield* standingOf("d_git")
        const shown = yield* buildOf("d_git")
        const id = shown.split(" ")[0] ?? ""
        assert.match(shown, /^bld-\w+ {2}succeeded {2}build 1 of d_git {2}git\/git /)
        assert.match(shown, new RegExp(` image +\\S+, ${image?.split("@")[1]}\n`))
        assert.match(shown, / building +\d/)
        assert.match(shown, / log +\d\d:\d\d:\d\d {2}/)
        assert.include(shown, "careful")
        assert.deepStrictEqual((yield* buildOf(id)).split("\n")[0], shown.split("\n")[0])
      })
    )

    for (const { name, push: change, status, step, told, what, words } of failures) {
      it.effect(`${what} fails the deployment with a reason, and nothing of it is run`, () =>
        Effect.gen(function* () {
          const { commitSha } = yield* Origin
          const deploymentId = `d_${name}`
          yield* withProject(name)
          const reply = yield* attach(yield* push({ project: name, deploymentId, commitSha, ...change }))
          assert.strictEqual(reply.status, status, JSON.stringify(reply.body))
          const { steps, ...state } = yield* standingOf(deploymentId)
          assert.deepStrictEqual(state, { status: "failed", image: null, buildId: null, isPublished: false })
          assert.include(steps[step], words)
          if (step === "building") {
            const shown = yield* buildOf(deploymentId)
            assert.match(shown, /^bld-\w+ {2}(failed|no record) {2}build 1 of /)
            assert.include(shown, words)
          }
          assert.deepStrictEqual(Object.keys(steps).toSorted(), step === "queued" ? ["queued"] : ["building", "queued"])
          if (told.length > 0) yield* untilTold(deploymentId, "failure")
          assert.deepStrictEqual(yield* statesOf(deploymentId), told)
          yield* untilSlotsFree(name)
        })
      )
    }

    it.effect("a deploy that is cancelled while it builds ends its build at once and returns its slot", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { commitSha } = yield* Origin
        yield* withProject("cancel")
        const slow = { project: "cancel", commitSha, dockerfilePath: "slow.Dockerfile" }
        const invocation = yield* push({ ...slow, deploymentId: "d_cancel" })
        yield* untilBuilding
        assert.deepInclude(yield* positionOf("cancel", "d_cancel"), { state: "building", building: ["d_cancel"] })
        yield* restate.cancel(invocation)
        yield* untilIdle
        yield* attach(invocation)
        const { isPublished, status, steps } = yield* standingOf("d_cancel")
        assert.deepStrictEqual([status, isPublished], ["failed", false])
        assert.deepStrictEqual(steps, { queued: "done", building: "the deployment was cancelled" })
        yield* untilTold("d_cancel", "failure")
        yield* untilSlotsFree("cancel")
      })
    )

    it.effect("a newer commit of the same branch supersedes one that still waits, and takes its turn", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { commitSha } = yield* Origin
        yield* withProject("line")
        const slow = { project: "line", deploymentId: "d_line_1", commitSha, dockerfilePath: "slow.Dockerfile" }
        const first = yield* push({ ...slow, columns: { git_branch: "other" } })
        yield* untilBuilding
        const second = yield* push({ project: "line", deploymentId: "d_line_2", commitSha, nth: 2 })
        const state = Effect.map(positionOf("line", "d_line_2"), (body) => JSON.stringify(body))
        yield* eventually("a place in the queue", state, (body) => body.includes(`"state":"waiting"`))
        const [waits, builds] = [yield* buildOf("d_line_2"), yield* buildOf("d_line_1")]
        assert.include(waits, "place 1 of 1 in the queue of the workspace; slots are held by d_line_1")
        assert.include(waits, "a build slot of the workspace, until ")
        assert.match(builds, /^bld-\w+ {2}running {2}build 1 of d_line_1 {2}line\/line /)
        assert.include(builds, "held; 1 in the workspace wait for one")
        assert.include(builds, `cancel ${first}`)
        const third = yield* push({ project: "line", deploymentId: "d_line_3", commitSha, nth: 3 })
        assert.strictEqual((yield* attach(second)).status, 500)
        const { steps } = yield* standingOf("d_line_2")
        assert.deepStrictEqual(steps, { queued: "superseded by d_line_3" })
        yield* restate.cancel(first)
        assert.strictEqual((yield* attach(third)).status, 200)
        assert.strictEqual((yield* deploymentRow("d_line_3"))?.status, "ready")
        yield* untilSlotsFree("line")
      })
    )

    it.effect("a worker that is killed while it builds leaves nothing at the daemon, and its deploy finishes", () =>
      Effect.gen(function* () {
        const { first: worker } = yield* Workers
        const { registry } = yield* BuildFixture
        yield* withProject("killed")
        const commitSha = yield* commitScript("killed-worker", "/bin/busybox sleep 4; echo survived > /survived")
        const dockerfilePath = "killed-worker.Dockerfile"
        const invocation = yield* push({ project: "killed", deploymentId: "d_killed", commitSha, dockerfilePath })
        yield* untilBuilding
        yield* worker.kill("SIGKILL")
        yield* untilIdle
        assert.deepInclude(yield* standingOf("d_killed"), { status: "building", image: null })
        yield* worker.restart
        assert.deepInclude(yield* attach(invocation), { status: 200, body: {} })
        const { buildId, image, ...state } = yield* standingOf("d_killed")
        assert.deepStrictEqual(state, isReady)
        assert.match(buildId ?? "", label)
        const pushed = yield* registry.digestOf(projectPath(namesOf("killed")), "d_killed")
        const digest = Option.getOrElse(pushed, () => "none")
        assert.isTrue(image?.endsWith(`@${digest}`), `${image} is not ${digest}`)
        yield* untilIdle
        yield* untilSlotsFree("killed")
      })
    )

    it.effect("nothing is left behind unfinished or paused, nor unreadable to krane, frontline or the dashboard", () =>
      Effect.zipRight(
        eventually("the end of every invocation", unfinished, (left) => left.length === 0),
        everythingIsReadable
      )
    )
  })
}
