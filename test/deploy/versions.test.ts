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

/** The command of deploy/README.md, as it stands there. */
const upgradeCommand = () => {
  const block = codeBlocks(fileOf("deploy/README.md")).find(({ code }) => code.includes("upgrade.sh"))
  return block?.code.split("\n").at(-1) ?? assert.fail("it does not say how")
}

/** Puts a kubectl on the PATH that writes its arguments down, and for which `versions` ends with this code. */
const kubectlStub = (versionsEndWith: 0 | 1) => `
mkdir -p "$PWD/bin"
cat > bin/kubectl <<'STUB'
#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *" versions "*) exit ${versionsEndWith} ;; esac
STUB
chmod +x bin/kubectl
export PATH="$PWD/bin:$PATH" CALLS="$PWD/calls"
`

/** Runs the upgrade without a cluster, to the end that it has by itself, and answers with the calls of kubectl. */
const upgrade = ({ shell }: Effect.Effect.Success<typeof copyOfDeploy>, overlay: string, versionsEndWith: 0 | 1) =>
  Effect.map(
    shell(
      `overlays/${overlay}`,
      `${kubectlStub(versionsEndWith)}\n{ ${upgradeCommand()}; } >&2 || true\ncat calls; rm -r bin calls`
    ),
    ({ stdout }) => stdout.trimEnd().split("\n")
  )

/** The former version still has work: both are there. */
const withNextVersion = (overlay: string) =>
  Effect.gen(function* () {
    const copy = yield* copyOfDeploy
    yield* upgrade(copy, overlay, 1)
    return yield* copy.render(`overlays/${overlay}`)
  })

describeRendered("an upgrade without the operator", () => {
  it.scoped("registers the next version once it runs, and removes the former one only when it is drained", () =>
    Effect.gen(function* () {
      const copy = yield* copyOfDeploy
      const exec =
        "-n control-plane exec deployment/control-plane-worker-v2 -- /usr/local/bin/node --disable-sigusr1 /app/dist/main.js"
      const untilDrained = [
        "apply -k .",
        "-n control-plane rollout status deployment/control-plane-worker-v2 --timeout 10m",
        `${exec} register http://control-plane-worker-v2.control-plane:9080`,
        `${exec} versions --remove-drained --yes --wait 1h`
      ]
      assert.deepStrictEqual(yield* upgrade(copy, "deployment-small", 1), untilDrained)
      const both = yield* copy.render("overlays/deployment-small")
      assert.lengthOf(workloadsOf(both), 2)
      // The same command goes on from there.
      assert.deepStrictEqual(yield* upgrade(copy, "deployment-small", 0), [
        ...untilDrained,
        "-n control-plane delete deployment,service control-plane-worker-v1"
      ])
      const left = yield* copy.render("overlays/deployment-small")
      assert.deepStrictEqual(
        workloadsOf(left).map(({ metadata }) => [metadata.name, metadata.labels["app.kubernetes.io/version"]]),
        [["control-plane-worker-v2", "2.0.0"]]
      )
      const ofFormer = both.filter(({ metadata }) => metadata.name.includes("-v1"))
      assert.lengthOf(left, both.length - ofFormer.length)
    })
  )
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
