import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { MemoryBuilder } from "../../../support/memory/MemoryBuilder.ts"
import { MemoryGitHub } from "../../../support/memory/MemoryGitHub.ts"
import {
  building,
  buildsOf,
  fromGit,
  oneBehindTheOther,
  runningNow,
  shopFromGit,
  slotsInUse
} from "../../../support/workflows/builds.ts"
import { ControlPlane, on } from "../../../support/workflows/ControlPlane.ts"
import {
  commitSha,
  deployFromBranch,
  deployFromGit,
  slotPosition,
  submitFromGit
} from "../../../support/workflows/commands.ts"
import { answerOf, deploymentRow, rows, stepsOf, topologyOf, traffic } from "../../../support/workflows/queries.ts"
import { pending, shop, withLive } from "../../../support/workflows/seeds.ts"

const allEnded = { queued: null, building: null, deploying: null, network: null }

const commitNumber = (nth: number) => ({
  sha: `${nth}`.repeat(40),
  message: `commit ${nth}`,
  authorHandle: "ada",
  authorAvatarUrl: null,
  timestamp: 1000 + nth
})

describe("a deploy from git", () => {
  it.effect("builds the commit, deploys the image by its digest and tells GitHub on the way", () =>
    Effect.gen(function* () {
      yield* shopFromGit(1)
      assert.deepStrictEqual(yield* deployFromGit("d_1"), Either.right({}))
      assert.deepStrictEqual(yield* stepsOf("d_1"), allEnded)
      const { build_id, image, status } = yield* deploymentRow("d_1")
      const [run] = (yield* MemoryBuilder).runs
      assert.deepInclude(run?.request, {
        repository: "acme/shop",
        commitSha,
        contextPath: "apps/api",
        dockerfilePath: "Dockerfile",
        platform: "linux/amd64",
        installationId: 42n
      })
      assert.strictEqual(status, "ready")
      assert.strictEqual(image, `registry.test/proj_shop@sha256:${"d1".repeat(32)}`)
      assert.strictEqual(build_id, run?.request.buildId)
      assert.match(build_id ?? "", /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/)
      assert.deepStrictEqual((yield* MemoryGitHub).statesOf("d_1"), ["pending", "in_progress", "success"])
      assert.strictEqual((yield* MemoryGitHub).lastOf("d_1")?.url, "https://shop-shop.unkey.test")
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on(building))
  )

  for (const suspend of ["never", "always"] as const)
    it.effect(`of a branch builds its newest commit, asked for once and written to the row (${suspend})`, () =>
      Effect.gen(function* () {
        yield* shop
        yield* pending("d_1", 1, { git_commit_sha: null, git_branch: null })
        assert.deepStrictEqual(yield* deployFromBranch("d_1", "feature/cart"), Either.right({}))
        const github = yield* MemoryGitHub
        assert.deepStrictEqual(github.asked, ["acme/shop feature/cart 42"])
        assert.strictEqual((yield* MemoryBuilder).runs[0]?.request.commitSha, "1".repeat(40))
        assert.strictEqual(github.lastOf("d_1")?.sha, "1".repeat(40))
        assert.deepInclude(yield* deploymentRow("d_1"), {
          status: "ready",
          git_commit_sha: "1".repeat(40),
          git_branch: "feature/cart",
          git_commit_message: "commit 1",
          git_commit_author_handle: "ada",
          git_commit_author_avatar_url: null,
          git_commit_timestamp: 1001
        })
        assert.include(Object.keys((yield* traffic()).routes), "shop-git-feature-cart-shop.unkey.test")
      }).pipe(on({ ...building, suspend, github: { headOf: (_, nth) => commitNumber(nth) } }))
    )

  it.effect("of a branch waits while GitHub is away", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1)
      assert.deepStrictEqual(yield* deployFromBranch("d_1", "main"), Either.right({}))
      assert.lengthOf((yield* MemoryGitHub).asked, 3)
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "ready", git_commit_sha: "3".repeat(40) })
    }).pipe(on({ ...building, github: { headOf: (_, nth) => (nth < 3 ? "unavailable" : commitNumber(nth)) } }))
  )

  it.effect("of a branch whose newest commit has a message of 2 MiB is built all the same", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1)
      assert.deepStrictEqual(yield* deployFromBranch("d_1", "main"), Either.right({}))
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "ready", git_commit_message: "m".repeat(16_383) })
    }).pipe(on({ ...building, github: { headOf: () => ({ ...commitNumber(1), message: "m".repeat(2 ** 21) }) } }))
  )

  it.effect("of a branch that another delivery builds already builds the same commit", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1, { status: "building", git_commit_sha: "7".repeat(40), git_branch: "main" })
      assert.deepStrictEqual(yield* deployFromBranch("d_1", "main"), Either.right({}))
      assert.strictEqual((yield* MemoryBuilder).runs[0]?.request.commitSha, "7".repeat(40))
      assert.deepInclude(yield* deploymentRow("d_1"), { git_commit_sha: "7".repeat(40), git_commit_message: null })
    }).pipe(on(building))
  )

  it.effect("is queued, visibly and without a word in its row, until a build of its workspace ends", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { second } = yield* oneBehindTheOther
      yield* engine.advance("30500 millis")
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "building" })
      assert.deepInclude(yield* deploymentRow("d_2"), { status: "pending" })
      assert.deepStrictEqual(yield* stepsOf("d_2"), { queued: "open" })
      assert.deepStrictEqual(
        yield* slotPosition("ws_shop", "d_2"),
        Either.right({ state: "waiting", position: 1, waiting: 1, building: ["d_1"] })
      )
      assert.deepStrictEqual(yield* runningNow, ["d_1"])
      assert.deepStrictEqual(yield* answerOf(second), { code: 200, message: "" })
      assert.strictEqual((yield* MemoryBuilder).peakOf("ws_shop"), 1)
    }).pipe(on(building))
  )

  it.effect("[W41] builds in the Depot project of the first build from then on", () =>
    Effect.gen(function* () {
      yield* shopFromGit(2)
      yield* deployFromGit("d_1")
      yield* deployFromGit("d_2")
      const used = (yield* MemoryBuilder).runs.map(({ request }) => request.depotProjectId)
      assert.deepStrictEqual(used, [null, "depot-proj_shop"])
    }).pipe(on(building))
  )

  it.effect("that was delivered twice does nothing more once the other delivery has made it ready", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* oneBehindTheOther
      const { runs } = yield* MemoryBuilder
      yield* engine.until(() => runs.length === 2)
      // The slot is d_2's by now, and d_1 waits for its instances.
      const again = yield* submitFromGit("d_1")
      yield* engine.until(() => again.result !== undefined)
      assert.deepStrictEqual(yield* answerOf(again), { code: 200, message: "" })
      yield* engine.advance("2 minutes")
      const published = engine.invocations.filter(({ target }) => target.handler === "RaiseVersion")
      assert.lengthOf(published, 4, "two deployments, each once in each of two regions")
      assert.lengthOf(runs, 2)
    }).pipe(on({ ...building, startOf: () => ({ after: "20300 millis", status: "running" }) }))
  )

  it.effect("commits image and build id before krane can see any topology", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shopFromGit(1)
      yield* submitFromGit("d_1")
      const { feed } = yield* ControlPlane
      yield* engine.until(() => feed.length > 0)
      const { build_id, image } = yield* deploymentRow("d_1")
      assert.isNotNull(build_id)
      assert.isNotNull(image)
    }).pipe(on(building))
  )

  it.effect("[W31] whose build fails says why at its open step, and frees its slot", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* fromGit("d_2", 2)
      const answer = yield* deployFromGit("d_2")
      assert.isTrue(Either.isLeft(answer))
      assert.deepStrictEqual(yield* stepsOf("d_2"), {
        queued: null,
        building: "Dockerfile not found at apps/api/Dockerfile"
      })
      assert.deepInclude(yield* deploymentRow("d_2"), { status: "failed", build_id: null })
      assert.deepInclude((yield* MemoryGitHub).lastOf("d_2"), {
        state: "failure",
        description: "Dockerfile not found at apps/api/Dockerfile"
      })
      assert.deepStrictEqual(yield* topologyOf("d_2"), {})
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(
      on({
        ...building,
        builder: {
          fateOf: () => ({
            takes: "2500 millis",
            ends: { kind: "dockerfile_not_found", message: "Dockerfile not found at apps/api/Dockerfile" }
          })
        }
      })
    )
  )

  it.effect("[W31] never closes a step with an empty reason, and lets no token through", () =>
    Effect.gen(function* () {
      yield* shopFromGit(2)
      yield* deployFromGit("d_1")
      const answer = yield* deployFromGit("d_2")
      assert.notInclude(JSON.stringify(answer), "ghs_canary")
      assert.strictEqual((yield* stepsOf("d_1")).building, "failed without giving a reason")
      assert.strictEqual((yield* stepsOf("d_2")).building, "cannot clone https://[redacted]@github.com/acme/shop.git")
      assert.notInclude((yield* MemoryGitHub).lastOf("d_2")?.description ?? "", "ghs_canary")
    }).pipe(
      on({
        ...building,
        builder: {
          fateOf: ({ deploymentId }) => ({
            takes: "2500 millis",
            ends: {
              kind: "unknown",
              message:
                deploymentId === "d_1"
                  ? " "
                  : "cannot clone https://x-access-token:ghs_canary0123456789@github.com/acme/shop.git"
            }
          })
        }
      })
    )
  )

  it.effect("ends with its deadline when the build does not, and stops the build", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shopFromGit(1)
      yield* deployFromGit("d_1")
      assert.strictEqual((yield* stepsOf("d_1")).building, "the build did not finish within 30 minutes")
      assert.deepStrictEqual(yield* runningNow, [])
      const [deploying] = engine.invocations
      assert.isBelow(deploying?.entries.length ?? 0, 1000)
    }).pipe(on({ ...building, builder: { fateOf: () => ({ takes: "5 hours", ends: "succeeds" }) } }))
  )

  it.effect("looks on while the builder is away, and says so when the deadline comes", () =>
    Effect.gen(function* () {
      yield* shopFromGit(1)
      yield* deployFromGit("d_1")
      const said = (yield* stepsOf("d_1")).building
      assert.strictEqual(said, "the build did not finish within 30 minutes; the builder's last problem: unreachable")
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on({ ...building, builder: { isAway: () => true } }))
  )

  it.effect("survives a builder that is away for some minutes, before and during the build", () =>
    Effect.gen(function* () {
      yield* shopFromGit(1)
      assert.deepStrictEqual(yield* deployFromGit("d_1"), Either.right({}))
      assert.deepStrictEqual(yield* buildsOf("d_1"), [{ id: "d_1", runs: 1, status: "success" }])
    }).pipe(on({ ...building, builder: { isAway: (now) => Math.floor(now / 20_000) % 2 === 0 } }))
  )

  it.effect("starts a build again that its builder has lost, and gives up when that goes on", () =>
    Effect.gen(function* () {
      yield* shopFromGit(2)
      assert.deepStrictEqual(yield* deployFromGit("d_1"), Either.right({}))
      yield* deployFromGit("d_2")
      assert.deepStrictEqual(yield* buildsOf("d_1", "d_2"), [
        { id: "d_1", runs: 3, status: "success" },
        { id: "d_2", runs: 4, status: "failure" }
      ])
      assert.strictEqual((yield* stepsOf("d_2")).building, "the builder lost this build 4 times; try again later")
    }).pipe(
      on({
        ...building,
        builder: {
          fateOf: ({ deploymentId }, run) => ({
            takes: "7500 millis",
            ends: deploymentId === "d_1" && run === 3 ? "succeeds" : "vanishes"
          })
        }
      })
    )
  )

  it.effect("whose builder refuses the build fails with its reason", () =>
    Effect.gen(function* () {
      yield* shopFromGit(1)
      yield* deployFromGit("d_1")
      assert.strictEqual((yield* stepsOf("d_1")).building, "platform: no machine builds for linux/amd64")
    }).pipe(on({ ...building, builder: { refuses: ({ platform }) => `no machine builds for ${platform}` } }))
  )

  for (const reports of ["unavailable", "refused"] as const)
    it.effect(`is neither failed nor delayed by a GitHub whose statuses are ${reports}`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* shopFromGit(1)
        const startedAt = engine.time.now
        assert.deepStrictEqual(yield* deployFromGit("d_1"), Either.right({}))
        assert.isBelow(engine.time.now - startedAt, 50_000)
        yield* engine.drain
        const open = engine.invocations.filter(({ status }) => status !== "completed")
        assert.deepStrictEqual(open, [])
        assert.strictEqual((yield* rows).deployments[0]?.status, "ready")
      }).pipe(on({ ...building, github: { reports } }))
    )
})
