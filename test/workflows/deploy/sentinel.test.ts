import { assert, describe, it } from "@effect/vitest"
import { desiredSentinel } from "../../../src/workflows/deploy/sentinel.ts"

const input = { environmentId: "env_1", environmentSlug: "production", region: "us-east-1.aws", image: "sentinel:1" }

describe("the sentinel of an environment in a region", () => {
  it("has the address, size and replica count that krane and frontline expect", () => {
    const sentinel = desiredSentinel(input)
    assert.match(sentinel.id, /^se_[a-zA-Z0-9]{16}$/)
    assert.match(sentinel.k8sName, /^[a-z][a-z0-9]{15}$/)
    assert.strictEqual(sentinel.k8sAddress, `${sentinel.k8sName}.sentinel.svc.cluster.local:8040`)
    assert.strictEqual(sentinel.image, "sentinel:1")
    assert.strictEqual(sentinel.desiredReplicas, 3)
    assert.strictEqual(sentinel.cpuMillicores, 256)
    assert.strictEqual(sentinel.memoryMib, 256)
  })

  it("has one replica outside of production", () => {
    assert.strictEqual(desiredSentinel({ ...input, environmentSlug: "preview" }).desiredReplicas, 1)
    assert.strictEqual(desiredSentinel({ ...input, environmentSlug: "production-2" }).desiredReplicas, 1)
  })

  it("is the same row when proposed twice, and another one elsewhere", () => {
    assert.deepStrictEqual(desiredSentinel(input), desiredSentinel({ ...input }))
    assert.strictEqual(desiredSentinel(input).id, desiredSentinel({ ...input, image: "sentinel:2" }).id)
    assert.notStrictEqual(desiredSentinel(input).id, desiredSentinel({ ...input, region: "us-west-1.aws" }).id)
    assert.notStrictEqual(desiredSentinel(input).k8sName, desiredSentinel({ ...input, environmentId: "env_2" }).k8sName)
  })
})
