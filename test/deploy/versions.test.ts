import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { codeBlocks, fileOf } from "../docs/Markdown.ts"
import { describeRendered } from "./support/describeRendered.ts"
import {
  configMapsOf,
  cronJobsOf,
  disruptionBudgetsOf,
  isAbout,
  networkPoliciesOf,
  selects,
  servicesOf,
  workloadsOf
} from "./support/Manifest.ts"
import { copyOfDeploy } from "./support/overlays.ts"
import { schemaProblems } from "./support/schemaProblems.ts"

/** What deploy/README.md has one do to the files, as it stands there. */
const nextVersion = () => {
  const block = codeBlocks(fileOf("deploy/README.md")).find(({ code }) => code.includes("cp -r v1 v2"))
  const lines = block?.code.split("\n") ?? assert.fail("it does not say how")
  return lines.filter((line) => /^(cp|sed) /.test(line)).join("\n")
}

const withNextVersion = (overlay: string) =>
  Effect.gen(function* () {
    const { render, shell } = yield* copyOfDeploy
    yield* shell(`overlays/${overlay}`, nextVersion())
    return yield* render(`overlays/${overlay}`)
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
          ["control-plane-worker-v1", `control-plane-worker:${packageJson.version}`],
          ["control-plane-worker-v2", "control-plane-worker:2.0.0"]
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

  it.scoped("have the policies of the network, one disruption budget and one Service of metrics in common", () =>
    Effect.gen(function* () {
      const objects = yield* withNextVersion("deployment-production")
      for (const { spec } of workloadsOf(objects)) {
        const { labels } = spec.template.metadata
        const covering = [
          networkPoliciesOf(objects).filter((it) => isAbout(it, labels)),
          disruptionBudgetsOf(objects).filter((it) => selects(it.spec.selector.matchLabels, labels)),
          servicesOf(objects).filter((it) => it.spec.clusterIP === "None" && selects(it.spec.selector, labels))
        ]
        assert.deepStrictEqual(
          covering.map((found) => found.map(({ metadata }) => metadata.name)),
          [
            ["control-plane-worker", "control-plane-worker-egress"],
            ["control-plane-worker"],
            ["control-plane-worker-metrics"]
          ]
        )
      }
    })
  )
})
