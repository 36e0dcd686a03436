import { assert, layer } from "@effect/vitest"
import { status } from "@grpc/grpc-js"
import { Context, Duration, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { buildkitServer, type Play } from "../../../dev/simulators/BuildkitServer.ts"
import { makeCertificates } from "../../../dev/simulators/certificates.ts"
import { type DepotServer, depotServer } from "../../../dev/simulators/DepotServer.ts"
import { DepotBuilderLive, type DepotBuilderOptions } from "../../../src/layers/builder/DepotBuilderLive.ts"
import { NoBuildVariables } from "../../../src/layers/mysql/BuildVariablesLive.ts"
import { NoBuildTelemetry } from "../../../src/layers/telemetry/ClickhouseBuildTelemetry.ts"
import { Builder } from "../../../src/services/builds/Builder.ts"
import { BuildLedger } from "../../../src/services/builds/BuildLedger.ts"
import { build, hasEnded, pollUntil, request, until } from "../../support/builds/builds.ts"
import { gitHubWithTokens } from "../../support/builds/MemoryGitHub.ts"
import { openGit } from "../../support/builds/openGit.ts"
import { type AskedRegistry, registryStub } from "../../support/builds/registryStub.ts"
import { MemoryBuildLedger, makeMemoryBuildLedger } from "../../support/memory/MemoryBuildLedger.ts"

const sha = "8".repeat(40)
const digest = `sha256:${"e".repeat(64)}`
const gitToken = "ghs_canary-git"
const accountToken = "depot-account-token"
const serverName = "machine.depot.example"

class Stage extends Context.Tag("test/DepotStage")<
  Stage,
  {
    readonly depot: DepotServer
    readonly builder: (
      token?: string,
      ledger?: Layer.Layer<BuildLedger>,
      change?: Partial<DepotBuilderOptions>
    ) => Layer.Layer<Builder>
    /** The script of builds from now on. */
    readonly plays: (play: Play) => void
    readonly cancelled: ReadonlyArray<string>
    /** Requests of the registry and its token server. */
    readonly asked: ReadonlyArray<AskedRegistry>
  }
>() {}

// One Depot for the whole file: the SDK reads its URL once per process.
const stage = Layer.scoped(
  Stage,
  Effect.gen(function* () {
    let play: Play = () => Promise.resolve({ digest })
    const certificates = yield* Effect.promise(() => makeCertificates(serverName))
    const machine = yield* buildkitServer((solve) => play(solve), certificates)
    const depot = yield* depotServer(accountToken, { endpoint: machine.address, serverName, certificates })
    const gitUrl = yield* openGit(gitToken)
    const registry = registryStub()
    return {
      depot,
      builder: (token = accountToken, ledger = MemoryBuildLedger, change = {}) =>
        DepotBuilderLive({
          account: { apiUrl: depot.url, token: Redacted.make(token) },
          projectPrefix: "unkey",
          projectRegion: "eu-central-1",
          sharedProject: null,
          gitUrl,
          registry: {
            url: "registry.depot.example",
            username: "x-token",
            password: Redacted.make(token),
            insecure: false
          },
          ...change
        }).pipe(
          Layer.provide([
            ledger,
            NoBuildTelemetry,
            NoBuildVariables,
            registry.http,
            gitHubWithTokens({ "1": gitToken })
          ])
        ),
      asked: registry.asked,
      plays: (next) => {
        play = next
      },
      cancelled: machine.cancelled
    }
  })
)

const buildOf = (depot: DepotServer, depotProjectId: string) => {
  const found = depot.builds.filter(({ projectId }) => projectId === depotProjectId)
  assert.lengthOf(found, 1)
  return found[0]
}

const projectNamed = (depot: DepotServer, name: string) => {
  const found = depot.projects.filter((project) => project.name === name)
  assert.lengthOf(found, 1)
  return found[0]?.projectId ?? ""
}

layer(stage)("the Depot builder", (it) => {
  it.scoped(
    "[W41] builds at the configured address, in a project of the right name, region and cache, under Depot's id",
    () =>
      Effect.gen(function* () {
        const { builder, depot, plays } = yield* Stage
        plays(() => Promise.resolve({ digest }))
        const asked = request(sha, { projectId: "proj_first" })
        const state = yield* Effect.provide(build(asked), builder())
        const projectId = projectNamed(depot, "unkey-proj_first")
        const { buildId, finished, released } = buildOf(depot, projectId) ?? {}
        assert.deepStrictEqual(state, {
          _tag: "Succeeded",
          image: `registry.depot.example/${projectId}:proj_first-${asked.deploymentId}`,
          digest,
          externalBuildId: buildId ?? null,
          depotProjectId: projectId
        })
        assert.deepStrictEqual(finished, ["success"])
        assert.isTrue(released)
        const [project] = depot.projects
        assert.deepInclude(project, { regionId: "eu-central-1" })
        assert.deepInclude(project?.cachePolicy, { keepGb: 50, keepDays: 14 })
      })
  )

  it.scoped(
    "[W41] workers that meet a new project at the same time all build in one Depot project, and none is left over",
    () =>
      Effect.gen(function* () {
        const { builder, depot, plays } = yield* Stage
        plays(() => Promise.resolve({ digest }))
        depot.slowDown(50)
        const oneWorker = Effect.provide(
          Effect.all(
            Array.from({ length: 3 }, () => build(request(sha, { projectId: "proj_race" }))),
            { concurrency: 3 }
          ),
          Layer.fresh(builder())
        )
        const states = (yield* Effect.all([oneWorker, oneWorker, oneWorker], { concurrency: 3 })).flat()
        depot.slowDown(0)
        const projectId = projectNamed(depot, "unkey-proj_race")
        for (const state of states) assert.include(state, { _tag: "Succeeded", depotProjectId: projectId })
      })
  )

  it.scoped("a project that is known is used as it is, and one that is gone is found again by its name", () =>
    Effect.gen(function* () {
      const { builder, depot, plays } = yield* Stage
      plays(() => Promise.resolve({ digest }))
      const known = projectNamed(depot, "unkey-proj_first")
      const given = yield* Effect.provide(
        build(request(sha, { projectId: "proj_x", depotProjectId: known })),
        builder()
      )
      assert.include(given, { depotProjectId: known })
      assert.isFalse(depot.projects.some(({ name }) => name === "unkey-proj_x"))
      const gone = yield* Effect.provide(
        build(request(sha, { projectId: "proj_y", depotProjectId: "gone" })),
        builder()
      )
      assert.include(gone, { depotProjectId: projectNamed(depot, "unkey-proj_y") })
    })
  )

  it.scoped("installations that share an account have projects of their own, by their prefix", () =>
    Effect.gen(function* () {
      const { builder, depot, plays } = yield* Stage
      plays(() => Promise.resolve({ digest }))
      const asked = () => build(request(sha, { projectId: "proj_both" }))
      const first = yield* Effect.provide(asked(), builder())
      const second = yield* Effect.provide(asked(), builder(undefined, undefined, { projectPrefix: "staging" }))
      assert.include(first, { depotProjectId: projectNamed(depot, "unkey-proj_both") })
      assert.include(second, { depotProjectId: projectNamed(depot, "staging-proj_both") })
    })
  )

  it.scoped("with one project for all, every image is in its repository, and no project takes it for its own", () =>
    Effect.gen(function* () {
      const { builder, depot, plays } = yield* Stage
      plays(() => Promise.resolve({ digest }))
      const sharedProject = projectNamed(depot, "unkey-proj_first")
      const worker = builder(undefined, undefined, { sharedProject })
      for (const depotProjectId of [null, projectNamed(depot, "unkey-proj_race")]) {
        const asked = request(sha, { projectId: "proj_shared", depotProjectId })
        const state = yield* Effect.provide(build(asked), worker)
        assert.include(state, {
          _tag: "Succeeded",
          image: `registry.depot.example/${sharedProject}:proj_shared-${asked.deploymentId}`,
          depotProjectId: null
        })
        assert.include(depot.builds.at(-1), { projectId: sharedProject })
      }
      assert.isFalse(depot.projects.some(({ name }) => name === "unkey-proj_shared"))
    })
  )

  it.scoped("one project for all that is not there is for an operator, not for a repetition", () =>
    Effect.gen(function* () {
      const { builder } = yield* Stage
      const state = yield* Effect.provide(
        build(request(sha, { projectId: "proj_shared" })),
        builder(undefined, undefined, { sharedProject: "gone" })
      )
      assert.include(state, { _tag: "Failed", kind: "builder_denied" })
    })
  )

  const endings: ReadonlyArray<
    readonly [what: string, play: Play, end: (buildId: string) => Effect.Effect<void, unknown, Builder>, told: string]
  > = [
    [
      "failed",
      () => Promise.resolve({ code: status.UNKNOWN, text: "it did not work" }),
      (buildId) => Effect.asVoid(pollUntil(buildId, hasEnded)),
      "the build failed; the worker's log has the builder's own words"
    ],
    [
      "was cancelled",
      () => Promise.resolve(null),
      (buildId) => Effect.flatMap(Builder, (builder) => builder.cancel(buildId)),
      "the build was cancelled"
    ],
    [
      "was lost with its machine",
      () => Promise.resolve({ code: status.UNAVAILABLE, text: "gone" }),
      (buildId) => Effect.asVoid(pollUntil(buildId, hasEnded)),
      "the build was lost"
    ]
  ]
  for (const [what, play, end, told] of endings) {
    it.scoped(`Depot is told once, and truly, when a build ${what}`, () =>
      Effect.gen(function* () {
        const { builder, depot, plays } = yield* Stage
        plays(play)
        const before = depot.builds.length
        const asked = request(sha, { projectId: "proj_first" })
        yield* Effect.gen(function* () {
          const { start } = yield* Builder
          yield* start(asked)
          yield* until(() => (depot.builds[before]?.healthReports ?? 0) > 0)
          yield* end(asked.buildId)
        }).pipe(Effect.provide(builder()))
        assert.lengthOf(depot.builds, before + 1)
        assert.deepStrictEqual(depot.builds[before]?.finished, [told])
        assert.isTrue(depot.builds[before]?.released)
      })
    )
  }

  it.scoped("a worker that stops gives the machine back and says that the build did not come to its end", () =>
    Effect.gen(function* () {
      const { builder, cancelled, depot, plays } = yield* Stage
      plays(() => Promise.resolve(null))
      const before = depot.builds.length
      const cancelledBefore = cancelled.length
      const scope = yield* Scope.make()
      const worker = yield* Layer.buildWithScope(builder(), scope)
      yield* Context.get(worker, Builder).start(request(sha, { projectId: "proj_first" }))
      yield* until(() => (depot.builds[before]?.healthReports ?? 0) > 0)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(depot.builds[before]?.finished, ["the build was cancelled"])
      assert.isTrue(depot.builds[before]?.released)
      assert.isAtMost(cancelled.length - cancelledBefore, 1)
    })
  )

  it.scoped("what a worker that was killed left at Depot is finished once, by the one that takes its build over", () =>
    Effect.gen(function* () {
      const { builder, depot, plays } = yield* Stage
      let isBuilding = false
      plays(() => {
        isBuilding = true
        return Promise.resolve(null)
      })
      const before = depot.builds.length
      const ledger = yield* makeMemoryBuildLedger
      // Dead for the ledger; it resumes when its scope closes, like a suspended machine.
      const leaseless = BuildLedger.of({
        ...ledger,
        claim: (lease) => ledger.claim({ ...lease, duration: Duration.zero })
      })
      const scope = yield* Scope.make()
      const killed = yield* Layer.buildWithScope(builder(accountToken, Layer.succeed(BuildLedger, leaseless)), scope)
      const asked = request(sha, { projectId: "proj_first" })
      yield* Context.get(killed, Builder).start(asked)
      // The machine runs before it builds; an earlier script would apply to the first build.
      yield* until(() => isBuilding && (depot.builds[before]?.healthReports ?? 0) > 0)

      plays(() => Promise.resolve({ digest }))
      const state = yield* Effect.provide(
        Effect.flatMap(Builder, ({ start }) => Effect.zipRight(start(asked), pollUntil(asked.buildId, hasEnded))),
        Layer.fresh(builder(accountToken, Layer.succeed(BuildLedger, ledger)))
      )
      assert.include(state, { _tag: "Succeeded", externalBuildId: depot.builds[before + 1]?.buildId ?? null })
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(
        depot.builds.slice(before).map(({ finished }) => finished),
        [["the worker that ran the build is gone"], ["success"]]
      )
      assert.deepStrictEqual(yield* ledger.state(asked.buildId), state)
    })
  )

  it.scoped("a token that Depot does not take is for an operator, not for a repetition", () =>
    Effect.gen(function* () {
      const { builder } = yield* Stage
      const state = yield* Effect.provide(build(request(sha)), builder("canary-wrong-token"))
      assert.include(state, { _tag: "Failed", kind: "builder_denied" })
      assert.notInclude(JSON.stringify(state), "canary-wrong-token")
    })
  )

  it.scoped("a build's token that is seconds old and not known yet is asked with again", () =>
    Effect.gen(function* () {
      const { builder, depot, plays } = yield* Stage
      plays(() => Promise.resolve({ digest }))
      depot.forgetTokens(1)
      const state = yield* Effect.provide(build(request(sha, { projectId: "proj_young" })), builder())
      assert.include(state, { _tag: "Succeeded" })
      assert.deepInclude(buildOf(depot, projectNamed(depot, "unkey-proj_young")), { finished: ["success"] })
    })
  )

  it.scoped("the registry sees the build's own token, never the account's", () =>
    Effect.gen(function* () {
      const { asked, builder, depot, plays } = yield* Stage
      plays(async ({ ask, request: { exporters } }) => {
        const [repository = ""] = (exporters[0]?.attrs.name ?? "").split("/").slice(1).join("/").split(":")
        await ask.token("registry.depot.example", [`repository:${repository}:pull,push`])
        return { digest }
      })
      const [before, builds] = [asked.length, depot.builds.length]
      const state = yield* Effect.provide(build(request(sha, { projectId: "proj_first" })), builder())
      assert.strictEqual(state._tag, "Succeeded")
      const authorizations = asked.slice(before).flatMap(({ authorization }) => authorization ?? [])
      const own = `x-token:build-token-canary-${builds + 1}`
      assert.deepStrictEqual(authorizations, [`Basic ${Buffer.from(own).toString("base64")}`])
    })
  )

  it.scoped("a platform without machines is said to be one, and Depot is not asked", () =>
    Effect.gen(function* () {
      const { builder, depot } = yield* Stage
      const before = depot.builds.length
      const state = yield* Effect.provide(build(request(sha, { platform: "linux/riscv64" })), builder())
      assert.include(state, { _tag: "Failed", kind: "platform_not_supported" })
      assert.lengthOf(depot.builds, before)
    })
  )
})
