import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Schedule, Schema } from "effect"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { Builder, type BuildFailureKind } from "../../../src/services/builds/Builder.ts"
import { activeBuilds } from "../../support/builds/activeBuilds.ts"
import {
  BuildFixture,
  buildFixture,
  gitToken,
  registryOf,
  run,
  shell,
  unavailableReason
} from "../../support/builds/BuildFixture.ts"
import { buildkitBuilder } from "../../support/builds/buildkitBuilder.ts"
import { build, pollUntil, request } from "../../support/builds/builds.ts"
import { Orders } from "../../support/builds/Orders.ts"
import { recordedTelemetry } from "../../support/builds/recordedTelemetry.ts"

const reason = await unavailableReason
const { telemetry, told: recorded } = recordedTelemetry()

const builderWith = (change: { readonly password?: string; readonly tokens?: Readonly<Record<string, string>> } = {}) =>
  buildkitBuilder({
    telemetry,
    registry: ({ registry }) => ({
      ...registryOf(registry),
      password: Redacted.make(change.password ?? registry.password)
    }),
    tokens: change.tokens ?? { "1": gitToken, "2": "ghs_of-another-installation" }
  })

/** The daemon soon notices that the caller of a build is gone; the delay varies. */
const untilIdle = (address: string) =>
  activeBuilds(address).pipe(
    Effect.filterOrFail((active) => active === 0),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("30 seconds"),
    inRealTime
  )

const program = fileURLToPath(new URL("../../support/builds/buildingProcess.ts", import.meta.url))

/** Starts a worker, waits until its build runs on the daemon, and kills the worker with SIGKILL. */
const killedWhileBuilding = (orders: string, active: Effect.Effect<number>) =>
  Effect.gen(function* () {
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [program, orders], { stdio: ["ignore", "pipe", "inherit"] })),
      (started) => Effect.sync(() => started.kill("SIGKILL"))
    )
    yield* Effect.async<void>((resume) => void worker.stdout.once("data", () => resume(Effect.void)))
    assert.strictEqual(yield* active, 1)
    const ended = Effect.async<void>((resume) => void worker.once("exit", () => resume(Effect.void)))
    yield* Effect.sync(() => worker.kill("SIGKILL"))
    yield* ended
  })

if (reason !== null) {
  describe("builds on a real BuildKit", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildFixture, { timeout: "5 minutes" })("builds on a real BuildKit", (it) => {
    it.scoped(
      "a multi-stage Dockerfile in a subdirectory is built from the exact commit and pushed under its digest",
      () =>
        Effect.gen(function* () {
          const { commitSha, registry } = yield* BuildFixture
          const asked = request(commitSha)
          const state = yield* build(asked)
          if (state._tag !== "Succeeded") return assert.fail(JSON.stringify(state))
          assert.strictEqual(state.image, `${registry.host}/ws-01/proj-0-a:${asked.deploymentId}`)
          const pushed = yield* registry.digestOf("ws-01/proj-0-a", asked.deploymentId)
          assert.deepStrictEqual(pushed, Option.some(state.digest))

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
        "nobody/here:1"
      ],
      ["a file that is not there", { dockerfilePath: "incomplete.Dockerfile" }, "file_not_found", "COPY not-there"]
    ]
    for (const [what, change, kind, words] of failures) {
      it.scoped(`${what} is told as what it is`, () =>
        Effect.gen(function* () {
          const { commitSha } = yield* BuildFixture
          const state = yield* build(request(commitSha, change))
          if (state._tag !== "Failed") return assert.fail(JSON.stringify(state))
          assert.strictEqual(state.kind, kind, state.message)
          assert.include(state.message, words)
        }).pipe(Effect.provide(builderWith()))
      )
    }

    const directories = ["apps/(web)/[slug]", "my app, v1 & co", "größe/日本/😀", `a'b"c $HOME *; {x}^<y>|@+=!~`, "-rf"]
    for (const [nth, directory] of directories.entries()) {
      it.scoped(`the directory ${JSON.stringify(directory)} is a context, and such a file a Dockerfile`, () =>
        Effect.gen(function* () {
          const { files, git } = yield* BuildFixture
          const name = `docker/${directory.replaceAll("/", " ")}.Dockerfile`
          const commitSha = yield* git.commit("acme/shop", {
            [`${directory}/busybox`]: files["apps/web/busybox"] ?? "",
            [`${directory}/${name}`]: `${shell}\n${run(`echo built there ${nth}`)}\n`
          })
          const before = recorded.length
          const state = yield* build(request(commitSha, { contextPath: directory, dockerfilePath: name }))
          assert.strictEqual(state._tag, "Succeeded", JSON.stringify(state))
          assert.isTrue(
            recorded.slice(before).some((event) => event._tag === "Output" && event.text.includes(`built there ${nth}`))
          )
        }).pipe(Effect.provide(builderWith()))
      )
    }

    it.scoped("a registry that refuses the worker is not mistaken for a mistake in the Dockerfile", () =>
      Effect.gen(function* () {
        const { commitSha } = yield* BuildFixture
        const state = yield* build(request(commitSha))
        if (state._tag !== "Failed") return assert.fail(JSON.stringify(state))
        assert.strictEqual(state.kind, "push_failed")
        assert.notInclude(state.message, "not-the-password")
      }).pipe(Effect.provide(builderWith({ password: "not-the-password" })))
    )

    it.scoped("a cancelled build ends at once on the daemon, and starting it again does not bring it back", () =>
      Effect.gen(function* () {
        const { buildkit, commitSha } = yield* BuildFixture
        const builder = yield* Builder
        const asked = request(commitSha, { dockerfilePath: "slow.Dockerfile" })
        yield* builder.start(asked)
        yield* pollUntil(asked.buildId, (state) => state._tag === "Running" && state.detail.includes("sleep"))
        assert.strictEqual(yield* activeBuilds(buildkit.address), 1)
        yield* builder.cancel(asked.buildId)
        yield* builder.cancel(asked.buildId)
        yield* untilIdle(buildkit.address)
        yield* builder.start(asked)
        const state = yield* builder.poll(asked.buildId)
        assert.deepStrictEqual(state, { _tag: "Failed", kind: "cancelled", message: "the build was cancelled" })
      }).pipe(Effect.provide(builderWith()))
    )

    it.scoped("a worker that is killed leaves no build behind on the daemon, and its successor builds again", () =>
      Effect.gen(function* () {
        const { buildkit, commitSha, git, registry } = yield* BuildFixture
        const orders = yield* Schema.encode(Orders)({
          address: buildkit.address,
          gitUrl: git.url,
          commitSha,
          token: gitToken,
          registry: { url: registry.host, username: registry.username, password: registry.password }
        })
        yield* killedWhileBuilding(orders, activeBuilds(buildkit.address))
        yield* untilIdle(buildkit.address)

        const builder = yield* Builder
        const asked = request(commitSha)
        assert.deepStrictEqual(yield* builder.poll(asked.buildId), { _tag: "Unknown" })
        assert.strictEqual((yield* build(asked))._tag, "Succeeded")
      }).pipe(Effect.provide(builderWith()))
    )

    it.scoped("two workers that are asked for one build let the daemon build it once, and both have its image", () =>
      Effect.gen(function* () {
        const { commitSha } = yield* BuildFixture
        const asked = request(commitSha, { dockerfilePath: "brief.Dockerfile" })
        const worker = Effect.provide(build(asked), Layer.fresh(builderWith()))
        const [first, second] = yield* Effect.all([worker, worker], { concurrency: 2 })
        assert.strictEqual(first._tag, "Succeeded")
        // The image contains its build time: a second build would create another image.
        assert.deepStrictEqual(second, first)
      })
    )

    it.scoped("a token that may not read the repository gets nothing out of the cache of who may", () =>
      Effect.gen(function* () {
        const { commitSha, git } = yield* BuildFixture
        const builder = yield* Builder
        const first = yield* build(request(commitSha))
        assert.strictEqual(first._tag, "Succeeded")
        const wrongToken = yield* Effect.flip(builder.start(request(commitSha, { installationId: 2n })))
        assert.include(wrongToken, { _tag: "BuildRefused", reason: "repository_not_accessible" })
        // BuildKit would build this one: its cache key is the commit, not the repository.
        const stolen = request(commitSha, { repository: "acme/other" })
        // Retried after one and two seconds: it may have just been pushed.
        const unknown = yield* inRealTime(Effect.flip(builder.start(stolen)))
        assert.include(unknown, { _tag: "BuildRefused", reason: "commit_not_found" })
        const anonymous = yield* Effect.flip(builder.start(request(commitSha, { installationId: null })))
        assert.include(anonymous, { _tag: "BuildRefused", reason: "repository_not_accessible" })
        assert.isTrue(git.requests.every((line) => !line.includes(gitToken)))
      }).pipe(Effect.provide(builderWith()))
    )
  })
}
