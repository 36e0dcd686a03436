import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import {
  type NetworkPolicy,
  networkPolicies,
  samePolicy,
  withPolicyId
} from "../../../src/workflows/deploy/networkPolicy.ts"

const input = {
  deploymentId: "d_1",
  deploymentK8sName: "abc",
  environmentId: "env_1",
  workspaceId: "ws_1",
  k8sNamespace: "ws1ns",
  region: "us-east-1.aws",
  port: 8080
}

const row = (at: number): NetworkPolicy => {
  const found = networkPolicies(input)[at]
  assert.isDefined(found)
  return found
}
const ingress = row(0)
const egress = row(1)

describe("the network policies of a deployment", () => {
  it("let the environment's sentinels into the deployment's port", () => {
    const { description, ...spec } = ingress.policy.spec as Record<string, unknown>
    assert.isString(description)
    assert.strictEqual(ingress.k8sName, "sentinel-ingress-to-abc")
    assert.strictEqual(ingress.k8sNamespace, "ws1ns")
    assert.deepStrictEqual({ ...ingress.policy, spec } as unknown, {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: {
        name: "sentinel-ingress-to-abc",
        namespace: "ws1ns",
        labels: {
          "app.kubernetes.io/managed-by": "krane",
          "app.kubernetes.io/component": "deployment",
          "unkey.com/deployment.id": "d_1",
          "unkey.com/environment.id": "env_1",
          "unkey.com/workspace.id": "ws_1",
          "unkey.com/networkpolicy.id": ingress.id
        }
      },
      spec: {
        endpointSelector: {
          matchLabels: {
            "app.kubernetes.io/managed-by": "krane",
            "app.kubernetes.io/component": "deployment",
            "unkey.com/deployment.id": "d_1"
          }
        },
        ingress: [
          {
            fromEndpoints: [
              {
                matchLabels: {
                  "io.kubernetes.pod.namespace": "sentinel",
                  "unkey.com/workspace.id": "ws_1",
                  "unkey.com/environment.id": "env_1"
                }
              }
            ],
            toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }] }]
          }
        ]
      },
      status: {}
    })
  })

  it("let the sentinels out to the deployment's port, and select them without the label they do not carry", () => {
    const { description, ...spec } = egress.policy.spec as Record<string, unknown>
    assert.isString(description)
    assert.strictEqual(egress.k8sName, "sentinel-egress-to-abc")
    assert.strictEqual(egress.k8sNamespace, "sentinel")
    assert.deepStrictEqual({ ...egress.policy, spec } as unknown, {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: {
        name: "sentinel-egress-to-abc",
        namespace: "sentinel",
        labels: {
          "app.kubernetes.io/managed-by": "krane",
          "app.kubernetes.io/component": "sentinel",
          "unkey.com/deployment.id": "d_1",
          "unkey.com/environment.id": "env_1",
          "unkey.com/workspace.id": "ws_1",
          "unkey.com/networkpolicy.id": egress.id
        }
      },
      spec: {
        endpointSelector: {
          matchLabels: {
            "app.kubernetes.io/component": "sentinel",
            "unkey.com/environment.id": "env_1",
            "unkey.com/workspace.id": "ws_1"
          }
        },
        egress: [
          {
            toEndpoints: [
              {
                matchLabels: {
                  "io.kubernetes.pod.namespace": "ws1ns",
                  "app.kubernetes.io/managed-by": "krane",
                  "app.kubernetes.io/component": "deployment",
                  "unkey.com/deployment.id": "d_1"
                }
              }
            ],
            toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }] }]
          }
        ]
      },
      status: {}
    })
  })

  it("have ids that repeat for the same region and differ between regions and directions", () => {
    const elsewhere = networkPolicies({ ...input, region: "us-west-1.aws" }).map(({ id }) => id)
    const ids = new Set([ingress.id, egress.id, ...elsewhere])
    assert.strictEqual(ids.size, 4)
    assert.deepStrictEqual(networkPolicies(input), networkPolicies({ ...input }))
    for (const id of ids) assert.match(id, /^net_[a-zA-Z0-9]{16}$/)
  })

  it("take over the id of the row that exists, in the row and in its label, and change nothing else", () => {
    const kept = withPolicyId(ingress, "net_old")
    assert.strictEqual(kept.id, "net_old")
    assert.include(JSON.stringify(kept.policy), '"unkey.com/networkpolicy.id":"net_old"')
    assert.deepStrictEqual(withPolicyId(kept, ingress.id), ingress)
  })
})

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [key, shuffled(member)] as const)
  return Object.fromEntries(entries.reverse())
}

describe("comparing policies", () => {
  it("sees through the key order and the empty members that MySQL and Go bring: no needless new version", () => {
    const spec = { ...(ingress.policy.spec as object), enableDefaultDeny: {}, egress: [], labels: null }
    const stored = shuffled({ ...ingress.policy, spec, status: { conditions: {} } })
    assert.isTrue(samePolicy(stored, ingress.policy))
    assert.isTrue(samePolicy(ingress.policy, stored))
  })

  it("sees every change of a port, a label or a rule", () => {
    const changed = networkPolicies({ ...input, port: 8081 })[0]
    assert.isFalse(samePolicy(changed?.policy, ingress.policy))
    assert.isFalse(samePolicy(withPolicyId(ingress, "net_x").policy, ingress.policy))
    assert.isFalse(samePolicy(egress.policy, ingress.policy))
  })

  it("keeps an empty entry of a list apart from no entry: one selects everything, the other nothing", () => {
    assert.isFalse(samePolicy({ fromEndpoints: [{}] }, { fromEndpoints: [] }))
    assert.isFalse(samePolicy({ fromEndpoints: [{}] }, {}))
    assert.isFalse(samePolicy({ port: "8080" }, { port: 8080 }))
  })

  it("is an equivalence that ignores key order", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        assert.isTrue(samePolicy(a, shuffled(a)))
        assert.strictEqual(samePolicy(a, b), samePolicy(b, a))
      })
    )
  })
})
