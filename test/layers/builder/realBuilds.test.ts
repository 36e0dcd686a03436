import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { BuildkitBuilderLive } from "../../../src/layers/builder/BuildkitBuilderLive.ts"
import { Builder, type BuildFailureKind } from "../../../src/services/Builder.ts"
import type { BuildEvent } from "../../../src/services/BuildTelemetry.ts"
import { BuildTelemetry } from "../../../src/services/BuildTelemetry.ts"
import { BuildGround, buildGround, gitToken, registryOf, whyNoBuilds } from "../../support/builds/BuildGround.ts"
import { build, pollUntil, request } from "../../support/builds/builds.ts"
import { gitHubWithTokens } from "../../support/builds/MemoryGitHub.ts"

const reason = await whyNoBuilds
const recorded: Array<BuildEvent> = []

const telemetry = Layer.succeed(
  BuildTelemetry,
  BuildTelemetry.of({
    record: () => Effect.succeed((events) => Effect.sync(() => void recorded.push(...events))),
    dropped: Effect.succeed(0)
  })
)

const builderWith = (change: { readonly password?: string; readonly tokens?: Readonly<Record<string, string>> } = {}) =>
  Layer.unwrapEffect(
    Effect.map(BuildGround, ({ buildkit, git, registry }) =>
      BuildkitBuilderLive({
        buildkit: { address: buildkit.address },
        gitUrl: git.url,
        registry: { ...registryOf(registry), password: Redacted.make(change.password ?? registry.password) }
      })
    )
  ).pipe(
    Layer.provide(telemetry),
    Layer.provide(gitHubWithTokens(change.tokens ?? { "1": gitToken, "2": "ghs_of-somebody-else" }))
  )

if (reason !== null) {
  describe("builds on a real BuildKit", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildGround, { timeout: "5 minutes" })("builds on a real BuildKit", (it) => {
    it.scoped(
      "a multi-stage Dockerfile in a subdirectory is built from the exact commit and pushed under its digest",
      () =>
        Effect.gen(function* () {
          const { commitSha, registry } = yield* BuildGround
          const asked = request(commitSha)
          const state = yield* build(asked)
          if (state._tag !== "Succeeded") return assert.fail(JSON.stringify(state))
          const tag = `${asked.projectId}-${asked.deploymentId}`
          assert.strictEqual(state.image, `${registry.host}/deployments:${tag}`)
          assert.deepStrictEqual(yield* registry.digestOf("deployments", tag), Option.some(state.digest))

          const output = recorded.flatMap((event) => (event._tag === "Output" ? [event.text] : [])).join("")
          assert.include(output, "building")
          assert.include(output, "careful")
          const steps = recorded.filter((event) => event._tag === "Step")
          assert.isTrue(steps.some(({ completedAt, name }) => completedAt !== null && name.includes("build 2/2")))
          assert.isFalse(JSON.stringify(recorded).includes(gitToken), "no token in telemetry")
        }).pipe(Effect.provide(builderWith()))
    )

    const failures: ReadonlyArray<readonly [string, object, BuildFailureKind, string]> = [
      ["a command that fails", { dockerfilePath: "failing.Dockerfile" }, "command_failed", "exit code 7"],
      ["a command that is killed", { dockerfilePath: "killed.Dockerfile" }, "out_of_memory", "memory"],
      [
        "a missing Dockerfile",
        { dockerfilePath: "none.Dockerfile" },
        "dockerfile_not_found",
        `"apps/web/none.Dockerfile"`
      ],
      ["a missing directory", { contextPath: "apps/api" }, "context_not_found", `"apps/api"`],
      ["an instruction that is none", { dockerfilePath: "invalid.Dockerfile" }, "dockerfile_invalid", "FETCH"],
      [
        "a base image that is not there",
        { dockerfilePath: "baseless.Dockerfile" },
        "base_image_not_found",
        "nobody:here"
      ],
      ["a file that is not there", { dockerfilePath: "incomplete.Dockerfile" }, "file_not_found", "COPY not-there"]
    ]
    for (const [what, change, kind, words] of failures) {
      it.scoped(`${what} is told as what it is`, () =>
        Effect.gen(function* () {
          const { commitSha } = yield* BuildGround
          const state = yield* build(request(commitSha, change))
          if (state._tag !== "Failed") return assert.fail(JSON.stringify(state))
          assert.strictEqual(state.kind, kind, state.message)
          assert.include(state.message, words)
        }).pipe(Effect.provide(builderWith()))
      )
    }

    it.scoped("a registry that refuses the worker is not mistaken for a mistake in the Dockerfile", () =>
      Effect.gen(function* () {
        const { commitSha } = yield* BuildGround
        const state = yield* build(request(commitSha))
        if (state._tag !== "Failed") return assert.fail(JSON.stringify(state))
        assert.strictEqual(state.kind, "push_failed")
        assert.notInclude(state.message, "not-the-password")
      }).pipe(Effect.provide(builderWith({ password: "not-the-password" })))
    )

    it.scoped("a cancelled build ends at once on the daemon, and starting it again does not bring it back", () =>
      Effect.gen(function* () {
        const { commitSha } = yield* BuildGround
        const builder = yield* Builder
        const asked = request(commitSha, { dockerfilePath: "slow.Dockerfile" })
        yield* builder.start(asked)
        yield* pollUntil(asked.buildId, (state) => state._tag === "Running" && state.detail.includes("sleep"))
        yield* builder.cancel(asked.buildId)
        yield* builder.cancel(asked.buildId)
        yield* builder.start(asked)
        const state = yield* builder.poll(asked.buildId)
        assert.deepStrictEqual(state, { _tag: "Failed", kind: "cancelled", message: "the build was cancelled" })
      }).pipe(Effect.provide(builderWith()))
    )

    it.scoped("a token that may not read the repository gets nothing out of the cache of who may", () =>
      Effect.gen(function* () {
        const { commitSha, git } = yield* BuildGround
        const builder = yield* Builder
        const first = yield* build(request(commitSha))
        assert.strictEqual(first._tag, "Succeeded")
        const wrongToken = yield* Effect.flip(builder.start(request(commitSha, { installationId: 2n })))
        assert.include(wrongToken, { _tag: "BuildRefused", reason: "repository_not_accessible" })
        // BuildKit would build this one: its cache knows the commit and does not look at the repository.
        const stolen = request(commitSha, { repository: "acme/other" })
        assert.include(yield* Effect.flip(builder.start(stolen)), { _tag: "BuildRefused", reason: "commit_not_found" })
        const anonymous = yield* Effect.flip(builder.start(request(commitSha, { installationId: null })))
        assert.include(anonymous, { _tag: "BuildRefused", reason: "repository_not_accessible" })
        assert.isTrue(git.requests.every((line) => !line.includes(gitToken)))
      }).pipe(Effect.provide(builderWith()))
    )
  })
}
