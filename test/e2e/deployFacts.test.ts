import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Krane } from "../../dev/simulators/Krane.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { DeployFacts } from "../../src/operations/deploy/DeployFacts.ts"
import { runInProcess } from "../support/cli/runInProcess.ts"
import { namesOf, seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { RestateClient, untilInvocation } from "../support/stack/Restate.ts"
import { deploymentRow, deployNew } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { DatabaseUrl, stack } from "./support/Stack.ts"

const region = "us-east-1.aws"

/** `worker deploy` with the settings of the stack. */
const deployFacts = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { admin } = yield* RestateClient
    const database = yield* DatabaseUrl
    return yield* runInProcess(
      { WORKER_RESTATE_ADMIN_URL: admin, WORKER_DATABASE_PRIMARY: database },
      "deploy",
      ...args
    )
  }).pipe(inRealTime)

const factsOf = (id: string) =>
  Effect.flatMap(deployFacts(id, "--json"), ({ printed }) =>
    Schema.decodeUnknown(Schema.parseJson(DeployFacts))(printed[0])
  )

const send = (project: string, deploymentId: string) =>
  Effect.flatMap(RestateClient, (restate) =>
    restate.send(`hydra.v1.DeployService/${namesOf(project).projectId}/Deploy`, {
      deploymentId,
      dockerImage: { image: "nginx" }
    })
  )

const lineOf = (lines: ReadonlyArray<string>, label: string) =>
  lines.find((line) => line.startsWith(`  ${label} `)) ?? `no line "${label}"`

layer(stack({ regions: [region] }), { excludeTestServices: true, timeout: "1 minute" })(
  "the facts of a deployment",
  (it) => {
    it.effect("a deploy that waits for instances says for which, until when, and how to cancel it", () =>
      Effect.gen(function* () {
        yield* seedProject("wait", { regions: { [region]: 1 } })
        const krane = yield* Krane
        yield* krane.slowDown(region, "1 hour")
        yield* seedDeployment("wait", "d_wait", {
          created_at: seededAt,
          git_branch: "main\u001b[2J",
          git_commit_message: "first line\nsecond"
        })
        const invocation = yield* send("wait", "d_wait")
        yield* eventually("the deploy waits", deploymentRow("d_wait"), (row) => row?.status === "deploying")
        const restate = yield* RestateClient
        yield* untilInvocation(restate, invocation, ({ journal_size }) => Number(journal_size) > 25)

        const { errors, failed, printed } = yield* deployFacts("d_wait")
        assert.deepStrictEqual({ errors, failed }, { errors: [], failed: false })
        assert.match(printed[0] ?? "", /^d_wait {2}wait\/wait production {2}deploying {2}created 2023-11-14 /)
        assert.include(lineOf(printed, "image"), "nginx")
        assert.include(lineOf(printed, "commit"), 'on main\\u{1b}[2J "first line"')
        assert.match(lineOf(printed, "queued"), /queued +\d+m?s$/)
        assert.match(lineOf(printed, "deploying"), /deploying +\d+m?s so far$/)
        assert.match(
          lineOf(printed, "waits for"),
          /instances: us-east-1\.aws 0 of 1 running, until \S+ \S+ \(in 14m \d+s\)$/
        )
        assert.match(lineOf(printed, "invocation"), new RegExp(`${invocation}  (running|suspended)`))
        assert.include(lineOf(printed, "last step"), "check-instances")
        assert.include(lineOf(printed, "commands"), `control-plane-worker cancel ${invocation}`)
        assert.match(lineOf(printed, "trace"), /[0-9a-f]{32}$/)

        const status = yield* inRealTime(
          runInProcess({ WORKER_RESTATE_ADMIN_URL: restate.admin }, "status", "--key", "d_wait")
        )
        const open = status.printed.find((line) => line.startsWith(invocation)) ?? ""
        assert.match(open, / hydra\.v1\.DeployService +Deploy +proj_wait .* check-instances /)

        const environment = { WORKER_RESTATE_ADMIN_URL: restate.admin }
        const cancelled = yield* inRealTime(runInProcess(environment, "cancel", "--yes", "d_wait"))
        assert.include(cancelled.printed[0], `${invocation} is being cancelled`)
        yield* restate.attach(invocation)
        const facts = yield* factsOf("d_wait")
        assert.deepInclude(facts, { waitsFor: null, commands: [], missing: [] })
        assert.strictEqual(facts.deployment?.status, "failed")
        assert.include(facts.phases.at(-1)?.error, "cancelled")
        assert.deepInclude(facts.invocation, { id: invocation, result: "failure" })
        yield* krane.slowDown(region, 0)
      })
    )

    it.effect("finds the deploys of one project apart, and says which one is live", () =>
      Effect.gen(function* () {
        yield* seedProject("two", { regions: { [region]: 1 } })
        yield* deployNew("two", "d_two_1", 1)
        yield* deployNew("two", "d_two_2", 2)
        const [first, second] = [yield* factsOf("d_two_1"), yield* factsOf("d_two_2")]
        assert.strictEqual(first.invocation?.key, namesOf("two").projectId)
        assert.notStrictEqual(first.invocation?.id, second.invocation?.id)
        assert.deepStrictEqual([first.otherInvocations, second.otherInvocations], [[], []])
        assert.deepStrictEqual([first.deployment?.isLive, second.deployment?.isLive], [false, true])
        assert.deepInclude(second.invocation, { status: "completed", result: "success", waitsFor: null })
      })
    )

    it.effect("a source that is missing is named, and the other one is shown", () =>
      Effect.gen(function* () {
        const { admin } = yield* RestateClient
        const database = yield* DatabaseUrl
        yield* seedProject("part", { regions: { [region]: 1 } })
        yield* deployNew("part", "d_part", 1)
        const withoutRestate = yield* inRealTime(
          runInProcess(
            { WORKER_RESTATE_ADMIN_URL: "http://127.0.0.1:1", WORKER_DATABASE_PRIMARY: database },
            "deploy",
            "d_part"
          )
        )
        assert.match(withoutRestate.printed[0] ?? "", /^d_part {2}part\/part production {2}ready, live/)
        assert.include(lineOf(withoutRestate.printed, "missing"), "restate: unreachable")
        const withoutDatabase = yield* inRealTime(runInProcess({ WORKER_RESTATE_ADMIN_URL: admin }, "deploy", "d_part"))
        assert.include(lineOf(withoutDatabase.printed, "missing"), "database: database.primary is not set")
        assert.include(lineOf(withoutDatabase.printed, "invocation"), "completed")
        const away = yield* inRealTime(
          runInProcess(
            { WORKER_RESTATE_ADMIN_URL: admin, WORKER_DATABASE_PRIMARY: "mysql://root@127.0.0.1:1/unkey" },
            "deploy",
            "d_part"
          )
        )
        assert.include(lineOf(away.printed, "missing"), "database: DeploymentRecords.find: connection")
      })
    )

    it.effect("a refill is found by its date, and one that Restate does not keep is an error", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        yield* restate.call("hydra.v1.KeyRefillService/2026-12-01/RunRefill", {})
        const environment = { WORKER_RESTATE_ADMIN_URL: restate.admin }
        const { printed } = yield* inRealTime(runInProcess(environment, "refill", "2026-12-01"))
        assert.strictEqual(printed[0], "refill of 2026-12-01")
        assert.match(
          printed.join("\n"),
          /invocation +inv_\w+ {2}completed 20.* ago\)\n +target +hydra\.v1\.KeyRefillService/
        )
        const unknown = yield* inRealTime(runInProcess(environment, "refill", "2026-12-02"))
        assert.include(unknown.errors[0], "Restate keeps no refill of 2026-12-02")
        assert.isTrue(unknown.failed)
      })
    )

    it.effect("an unknown deployment is an error", () =>
      Effect.gen(function* () {
        const { errors, failed, printed } = yield* deployFacts("d_unknown' OR '1'='1")
        assert.deepStrictEqual(printed, [])
        assert.isTrue(failed)
        assert.deepStrictEqual(errors, ["deploy: there is no deployment d_unknown' OR '1'='1"])
      })
    )
  }
)
