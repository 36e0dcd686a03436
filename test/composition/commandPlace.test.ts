import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { commandPlace } from "../../src/composition/commandPlace.ts"
import { remediationFor } from "../../src/operations/remediationFor.ts"

const within = (environment: Readonly<Record<string, string>>, options: ReadonlyArray<string> = []) =>
  Effect.withConfigProvider(commandPlace(options), ConfigProvider.fromMap(new Map(Object.entries(environment))))

describe("a printed remedy", () => {
  it.effect("runs in the pod that prints it, and elsewhere as the installed program with the same options", () =>
    Effect.gen(function* () {
      const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", HOSTNAME: "worker-v1-7d9c5-x2x4z" }
      assert.strictEqual(
        remediationFor(yield* within({ ...pod, POD_NAMESPACE: "control-plane" }), "inv_1", "paused"),
        "kubectl exec -n control-plane worker-v1-7d9c5-x2x4z -- node dist/main.js resume inv_1"
      )
      assert.strictEqual(
        remediationFor(yield* within(pod), "inv_1", "retrying"),
        "kubectl exec worker-v1-7d9c5-x2x4z -- node dist/main.js retry inv_1"
      )
      assert.strictEqual(
        remediationFor(yield* within({ HOSTNAME: "laptop" }, ["--config", "it's.toml"]), "inv_1", "paused"),
        String.raw`control-plane-worker resume inv_1 --config 'it'\''s.toml'`
      )
    })
  )

  it.effect("is never a command where the cause is a missing worker or another invocation", () =>
    Effect.gen(function* () {
      const place = yield* within({})
      for (const trouble of ["silent", "not-started", "late", "holding"] as const)
        assert.notInclude(remediationFor(place, "inv_1", trouble), "control-plane-worker")
    })
  )
})
