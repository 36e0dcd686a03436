import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { redactedText } from "../../../src/layers/builder/redaction.ts"
import { Builder, type BuildRequest } from "../../../src/services/builds/Builder.ts"
import { BuildVariables, VariablesRefused } from "../../../src/services/builds/BuildVariables.ts"
import { DbError, DbRefused } from "../../../src/services/Db.ts"
import { DecryptionRefused, VaultUnavailable } from "../../../src/services/vault/Vault.ts"
import { BuildFixture, buildFixture, run, shell, unavailableReason } from "../../support/builds/BuildFixture.ts"
import { buildkitBuilder } from "../../support/builds/buildkitBuilder.ts"
import { build, request } from "../../support/builds/builds.ts"
import { recordedTelemetry } from "../../support/builds/recordedTelemetry.ts"

const reason = await unavailableReason
const { telemetry, told } = recordedTelemetry()

const builderWith = (forDeployment: BuildVariables["Type"]["forDeployment"]) =>
  buildkitBuilder({ telemetry, variables: Layer.succeed(BuildVariables, { forDeployment }) })

const withVariables = (values: Readonly<Record<string, string>>, version: string) =>
  builderWith(() =>
    Effect.succeedSome({
      values: new Map(Object.entries(values).map(([name, value]) => [name, Redacted.make(value)])),
      version
    })
  )

const mounting = (mount: string, script: string) => run(script).replace("RUN", `RUN --mount=type=secret,${mount}`)

/** Builds this Dockerfile; returns its steps' output and whether a RUN step came from the cache. */
const built = (dockerfile: string, change: Partial<BuildRequest> = {}) =>
  Effect.gen(function* () {
    const { files, git } = yield* BuildFixture
    const commitSha = yield* git.commit("acme/public", { ...files, "apps/web/own.Dockerfile": dockerfile })
    const before = told.length
    const state = yield* build(
      request(commitSha, { repository: "acme/public", dockerfilePath: "own.Dockerfile", ...change })
    )
    assert.strictEqual(state._tag, "Succeeded", JSON.stringify(state))
    const events = told.slice(before)
    const output = events.flatMap((event) => (event._tag === "Output" ? [event.text] : [])).join("")
    const isCached = events.some((event) => event._tag === "Step" && event.name.includes("RUN") && event.cached)
    return { output, isCached, events: JSON.stringify(events) }
  })

if (reason !== null) {
  describe("the variables of a build on a real BuildKit", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildFixture, { timeout: "5 minutes" })("the variables of a build on a real BuildKit", (it) => {
    it.scoped("are in /run/secrets/.env and each in a secret of its name, and in no event of the build", () =>
      Effect.gen(function* () {
        const values = { PORT: "3000", KEY: "CANARY-one $HOME", PEM: "CANARY-begin\nCANARY-middle\n" }
        const read = [
          "set -eu; . /run/secrets/.env",
          'printf "%s|%s|%s" "$PORT" "$KEY" "$PEM" | /bin/busybox sed s/CANARY/READ/g',
          "/bin/busybox cat /run/secrets/.env /run/secrets/KEY",
          "/bin/busybox grep middle /run/secrets/PEM"
        ].join("; ")
        const mounts = "id=.env --mount=type=secret,id=KEY --mount=type=secret,id=PEM"
        const { events, output } = yield* built(`${shell}\n${mounting(mounts, read)}\n`).pipe(
          Effect.provide(withVariables(values, "1"))
        )
        assert.include(output, "3000|READ-one $HOME|READ-begin\nREAD-middle")
        assert.include(output, `KEY='${redactedText}'`)
        assert.notInclude(events, "CANARY-")
      })
    )

    it.scoped("come under the id that an argument of Unkey names, and never under one that BuildKit asks for", () =>
      Effect.gen(function* () {
        const id = ["ARG UNKEY_SECRETS_ID", mounting("id=$UNKEY_SECRETS_ID,target=/s", "/bin/busybox cat /s")]
        const own = mounting("id=GIT_AUTH_TOKEN,target=/s", "test -e /s || echo absent")
        const { output } = yield* built(`${shell}\n${id.join("\n")}\n${own}\n`).pipe(
          Effect.provide(withVariables({ GIT_AUTH_TOKEN: "x", MODE: "abc" }, "1"))
        )
        assert.include(output, "GIT_AUTH_TOKEN=x\nMODE=abc\n")
        assert.include(output, "absent")
      })
    )

    it.scoped("let a step be taken from the cache while they are the same, and run again once one has changed", () =>
      Effect.gen(function* () {
        const dockerfile = `${shell}\n${mounting("id=.env", "/bin/busybox cp /run/secrets/.env /kept")}\n`
        const once = (value: string, version: string, workspaceId = "ws_1") =>
          Effect.map(
            Effect.provide(built(dockerfile, { workspaceId }), Layer.fresh(withVariables({ MODE: value }, version))),
            ({ isCached }) => isCached
          )
        assert.isFalse(yield* once("a", "1"))
        assert.isTrue(yield* once("a", "1"))
        assert.isFalse(yield* once("b", "2"))
        assert.isFalse(yield* once("b", "2", "ws_2"))
        assert.isTrue(yield* once("a", "1"))
      })
    )

    const failures = [
      [
        "a vault that is away",
        new VaultUnavailable({ operation: "decrypt", reason: "timeout" }),
        { _tag: "BuilderUnavailable", reason: "vault-unavailable" }
      ],
      [
        "a database that is away",
        new DbError({ operation: "BuildVariables.of", reason: "connection" }),
        { _tag: "BuilderUnavailable", reason: "unavailable" }
      ],
      [
        "a database that refuses for good",
        new DbRefused({ operation: "BuildVariables.of", reason: "denied" }),
        { _tag: "BuildRefused" }
      ],
      ["variables that do not fit", new VariablesRefused({ problem: "there are too many" }), { _tag: "BuildRefused" }],
      ["variables of another keyring", new DecryptionRefused({ keyring: "env_1" }), { _tag: "BuildRefused" }]
    ] as const
    for (const [what, failure, expected] of failures)
      it.scoped(`nothing is built with ${what}`, () =>
        Effect.gen(function* () {
          const { commitSha } = yield* BuildFixture
          const builder = yield* Builder
          const asked = request(commitSha)
          assert.include(yield* Effect.flip(builder.start(asked)), expected)
          assert.deepStrictEqual(yield* builder.poll(asked.buildId), { _tag: "Unknown" })
        }).pipe(Effect.provide(builderWith(() => Effect.fail(failure))))
      )

    it.scoped("a deployment without a row has none, and its build runs", () =>
      Effect.gen(function* () {
        const { output } = yield* built(
          `${shell}\n${mounting("id=.env", "test -e /run/secrets/.env || echo absent")}\n`
        )
        assert.include(output, "absent")
      }).pipe(Effect.provide(builderWith(() => Effect.succeed(Option.none()))))
    )
  })
}
