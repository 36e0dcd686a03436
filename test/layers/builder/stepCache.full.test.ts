import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { BuildRequest } from "../../../src/services/builds/Builder.ts"
import { BuildFixture, buildFixture, run, shell, unavailableReason } from "../../support/builds/BuildFixture.ts"
import { buildkitBuilder } from "../../support/builds/buildkitBuilder.ts"
import { build, request } from "../../support/builds/builds.ts"
import { recordedTelemetry } from "../../support/builds/recordedTelemetry.ts"

const reason = await unavailableReason
const { telemetry, told } = recordedTelemetry()

const builder = buildkitBuilder({ telemetry })

/** Builds a Dockerfile of `acme/public`; returns its step events and output. */
const built = (commitSha: string, change: Partial<BuildRequest>) =>
  Effect.gen(function* () {
    const before = told.length
    const state = yield* build(request(commitSha, { repository: "acme/public", ...change }))
    assert.strictEqual(state._tag, "Succeeded", JSON.stringify(state))
    const events = told.slice(before)
    const output = events.flatMap((event) => (event._tag === "Output" ? [event.text] : [])).join("")
    const isCached = (part: string) =>
      events.some((event) => event._tag === "Step" && event.name.includes(part) && event.cached)
    return { output, isCached }
  })

if (reason !== null) {
  describe("the cache of steps on a real BuildKit", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildFixture, { timeout: "5 minutes" })("the cache of steps on a real BuildKit", (it) => {
    it.scoped("gives a step that read a secret or a cache mount to its own workspace alone", () =>
      Effect.gen(function* () {
        const { files, git } = yield* BuildFixture
        const mounting = (mount: string, script: string) => run(script).replace("RUN", `RUN --mount=${mount}`)
        const token = `type=secret,id=GIT_AUTH_TOKEN.${new URL(git.url).host},target=/token`
        const mount = "type=cache,id=packages,target=/packages"
        const keep = [
          mounting(token, "/bin/busybox cp /token /kept-token || true"),
          mounting(mount, "/bin/busybox cp /packages/left /kept-package || true")
        ].join("\n")
        const show = run("/bin/busybox sed -e s/canary/SHOWN/ -e s/LEFT/SHOWN/ /kept*; echo shown")
        const commitSha = yield* git.commit("acme/public", {
          ...files,
          "apps/web/leaving.Dockerfile": `${shell}\n${mounting(mount, "echo LEFT-THERE > /packages/left")}\n`,
          "apps/web/keeping.Dockerfile": `${shell}\n${keep}\n`,
          "apps/web/showing.Dockerfile": `${shell}\n${keep}\n${show}\n`
        })
        const victim = { workspaceId: "ws_victim", installationId: 1n }
        const attacker = { workspaceId: "ws_evil", installationId: null }
        for (const dockerfilePath of ["leaving.Dockerfile", "keeping.Dockerfile"])
          yield* built(commitSha, { ...victim, dockerfilePath })
        const stolen = yield* built(commitSha, { ...attacker, dockerfilePath: "showing.Dockerfile" })
        assert.include(stolen.output, "shown")
        assert.notInclude(stolen.output, "SHOWN")
        const own = yield* built(commitSha, { ...victim, dockerfilePath: "showing.Dockerfile" })
        assert.include(own.output, "SHOWN-git-token")
        assert.include(own.output, "SHOWN-THERE")
        assert.isTrue(own.isCached("/kept-token") && own.isCached("/kept-package"))
      }).pipe(Effect.provide(builder))
    )
  })
}
