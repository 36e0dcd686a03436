import { assert, describe, it } from "@effect/vitest"
import type { BuildState } from "../../../../src/services/builds/Builder.ts"
import {
  type BuildObservation,
  type BuildProgress,
  decideBuild,
  maxRestarts
} from "../../../../src/workflows/deploy/build/buildProgress.ts"
import { buildIdOf, builtImage } from "../../../../src/workflows/deploy/build/builtImage.ts"

const deadline = 30 * 60_000
const begun: BuildProgress = { startedAt: 1000, renewedAt: 1000, isStarted: true, lastProblem: "", restarts: 0 }
const running: BuildObservation["state"] = { _tag: "Running", detail: "" }
const unknown: BuildObservation["state"] = { _tag: "Unknown" }
const unreachable: BuildObservation["state"] = { _tag: "Unreachable", reason: "timeout" }
const digest = `sha256:${"0".repeat(64)}`
const succeeded: Extract<BuildState, { readonly _tag: "Succeeded" }> = {
  _tag: "Succeeded",
  image: "registry.test/p:d",
  digest,
  externalBuildId: null,
  depotProjectId: null
}

const seenAfter = (millis: number, state: BuildObservation["state"], progress: Partial<BuildProgress> = {}) =>
  decideBuild({ ...begun, ...progress }, { at: 1000 + millis, state }, deadline)

describe("a look at a build", () => {
  it("ends the wait with an outcome, however late", () => {
    assert.strictEqual(seenAfter(deadline * 2, succeeded)._tag, "Succeeded")
    assert.deepStrictEqual(
      seenAfter(deadline * 2, { _tag: "Failed", kind: "command_failed", message: "exit code 1" }),
      {
        _tag: "Failed",
        problem: "exit code 1"
      }
    )
  })

  it("waits for what runs until the deadline, and not longer", () => {
    assert.strictEqual(seenAfter(deadline - 1, running)._tag, "Wait")
    assert.deepStrictEqual(seenAfter(deadline, running), {
      _tag: "Failed",
      problem: "the build did not finish within 30 minutes"
    })
    assert.include(seenAfter(deadline, unreachable), {
      problem: "the build did not finish within 30 minutes; the builder's last problem: timeout"
    })
    assert.include(seenAfter(deadline, unknown, { isStarted: false, lastProblem: "denied" }), {
      problem: "the build did not finish within 30 minutes; the builder's last problem: denied"
    })
  })

  it("renews the slot every minute", () => {
    assert.deepInclude(seenAfter(59_999, running), { isRenewalDue: false })
    assert.deepInclude(seenAfter(60_000, unreachable), { isRenewalDue: true })
    assert.deepInclude(seenAfter(60_000, running, { renewedAt: 30_000 }), { isRenewalDue: false })
  })

  it("starts again what the builder has lost or never took on, and only that", () => {
    assert.deepInclude(seenAfter(1000, unknown), { isAgain: true })
    assert.deepInclude(seenAfter(1000, unreachable, { isStarted: false }), { isAgain: true })
    assert.deepInclude(seenAfter(1000, unreachable), { isAgain: false })
    assert.deepInclude(seenAfter(1000, running), { isAgain: false })
  })

  it("gives a build up that is lost again and again, but not one that the builder has yet to take on", () => {
    assert.deepInclude(seenAfter(1000, unknown, { restarts: maxRestarts - 1 }), { isAgain: true })
    assert.strictEqual(seenAfter(1000, unknown, { restarts: maxRestarts })._tag, "Failed")
    assert.strictEqual(seenAfter(1000, unknown, { restarts: maxRestarts, isStarted: false })._tag, "Wait")
  })
})

describe("what a build leaves", () => {
  it("is an image by digest, where its column has room for it", () => {
    assert.strictEqual(builtImage(succeeded, "bld-1").image, `registry.test/p@${digest}`)
    const long = `registry.test/${"p".repeat(200)}:d`
    assert.strictEqual(builtImage({ ...succeeded, image: long }, "bld-1").image, long)
    const exact = `registry.test/p@${digest}`
    assert.strictEqual(builtImage({ ...succeeded, image: exact }, "bld-1").image, exact)
  })

  it("is the builder's id, unless a label could not hold it", () => {
    assert.strictEqual(builtImage({ ...succeeded, externalBuildId: "depot1" }, "bld-1").buildId, "depot1")
    for (const externalBuildId of ["", "-x", "x-", "a/b", "x".repeat(64)])
      assert.strictEqual(builtImage({ ...succeeded, externalBuildId }, "bld-1").buildId, "bld-1", externalBuildId)
  })

  it("has an id that is a function of deployment and attempt, and a label", () => {
    const ids = ["d_1", "d_2"].flatMap((id) => [1, 2, 3].map((attempt) => buildIdOf(id, attempt)))
    assert.lengthOf(new Set(ids), 6)
    assert.strictEqual(buildIdOf("d_1", 1), ids[0])
    for (const id of ids) assert.match(id, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/)
  })
})
