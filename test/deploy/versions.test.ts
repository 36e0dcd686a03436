import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describeRendered } from "./support/describeRendered.ts"
import {
  configMapsOf,
  cronJobsOf,
  disruptionBudgetsOf,
  networkPoliciesOf,
  selects,
  servicesOf,
  workloadsOf
} from "./support/Manifest.ts"
import { copyOfDeploy } from "./support/overlays.ts"
import { schemaProblems } from "./support/schemaProblems.ts"

/** As deploy/README.md says: a copy of the folder with another name in it and another tag, and a line in the overlay. */
const withNextVersion = (overlay: string) =>
  Effect.gen(function* () {
    const { copy, edit, render } = yield* copyOfDeploy
    const folder = `overlays/${overlay}`
    yield* copy(`${folder}/v1`, `${folder}/v2`)
    yield* edit(`${folder}/v2/kustomization.yaml`, (text) =>
      text.replaceAll(/\bv1\b/g, "v2").replace("newTag: 1.0.0", "newTag: 1.1.0")
    )
    yield* edit(`${folder}/kustomization.yaml`, (text) => text.replace("- v1", "- v1\n  - v2"))
    return yield* render(folder)
  })

describeRendered("two versions side by side, without the operator", () => {
  it.scoped.each(["deployment-production", "deployment-small"])(
    "have names and an image of their own in %s",
    (overlay) =>
      Effect.gen(function* () {
        const objects = yield* withNextVersion(overlay)
        assert.deepStrictEqual(objects.flatMap(schemaProblems), [])
        const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
        assert.strictEqual(new Set(names).size, names.length)
        const running = workloadsOf(objects).map(({ metadata, spec }) => [
          metadata.name,
          ...spec.template.spec.containers.map(({ image }) => image)
        ])
        assert.sameDeepMembers(running, [
          ["control-plane-worker-v1", "control-plane-worker:1.0.0"],
          ["control-plane-worker-v2", "control-plane-worker:1.1.0"]
        ])
        // Schedules are fired once, not once for each version.
        const jobs = cronJobsOf(objects).map(({ metadata }) => metadata.name)
        assert.isNotEmpty(jobs)
        assert.isEmpty(jobs.filter((name) => /v\d$/.test(name)))
      })
  )

  it.scoped("share no pod: each Deployment and each address has those of one version", () =>
    Effect.gen(function* () {
      const objects = yield* withNextVersion("deployment-production")
      const versions = workloadsOf(objects)
      for (const one of versions)
        for (const other of versions)
          assert.strictEqual(selects(one.spec.selector.matchLabels, other.spec.template.metadata.labels), one === other)
      const addresses = servicesOf(objects).filter(({ spec }) => spec.clusterIP !== "None")
      assert.sameMembers(
        addresses.map(({ metadata }) => metadata.name),
        versions.map(({ metadata }) => metadata.name)
      )
      for (const { metadata, spec } of addresses)
        for (const version of versions)
          assert.strictEqual(
            selects(spec.selector, version.spec.template.metadata.labels),
            metadata.name === version.metadata.name
          )
      const read = versions.map(({ spec }) =>
        spec.template.spec.containers.flatMap(({ envFrom }) => envFrom[0]?.configMapRef?.name)
      )
      assert.notDeepEqual(read[0], read[1])
      for (const name of read.flat())
        assert.isTrue(configMapsOf(objects).some(({ metadata }) => metadata.name === name))
    })
  )

  it.scoped("have one policy of the network, one disruption budget and one Service of metrics in common", () =>
    Effect.gen(function* () {
      const objects = yield* withNextVersion("deployment-production")
      for (const { spec } of workloadsOf(objects)) {
        const { labels } = spec.template.metadata
        const covering = [
          networkPoliciesOf(objects).filter((it) => selects(it.spec.podSelector.matchLabels, labels)),
          disruptionBudgetsOf(objects).filter((it) => selects(it.spec.selector.matchLabels, labels)),
          servicesOf(objects).filter((it) => it.spec.clusterIP === "None" && selects(it.spec.selector, labels))
        ]
        assert.deepStrictEqual(
          covering.map((found) => found.map(({ metadata }) => metadata.name)),
          [["control-plane-worker"], ["control-plane-worker"], ["control-plane-worker-metrics"]]
        )
      }
    })
  )
})
