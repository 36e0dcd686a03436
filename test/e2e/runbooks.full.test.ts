import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { onConnection, queryServer } from "../../dev/stack/MySqlConnection.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { workerEnvironment } from "../../dev/stack/WorkerProcess.ts"
import { fileOf, sectionOf } from "../docs/Markdown.ts"
import { runInProcess } from "../support/cli/runInProcess.ts"
import { namesOf, seedDeployment, seedProject } from "../support/memory/seeds.ts"
import { RestateClient, untilInvocation } from "../support/stack/Restate.ts"
import { imageOf } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { DatabaseUrl, stack, Workers } from "./support/Stack.ts"
import { metricsOf } from "./support/stepsRun.ts"

const region = "local.dev"
const login = { user: "runbooks", password: "the-right-one" }

/** The commands of a runbook as they are written, in the order of the document. */
const commandsOf = (alert: string): ReadonlyArray<string> =>
  [...sectionOf(fileOf("docs/runbooks.md"), `## ${alert}`).matchAll(/`node dist\/main\.js ([^`]+)`/g)].map(
    ([, command = ""]) => command
  )

/** What a worker's own settings are in a pod. */
const settings = Effect.gen(function* () {
  const restate = yield* RestateClient
  const url = new URL(yield* DatabaseUrl)
  url.username = login.user
  url.password = login.password
  return {
    ...workerEnvironment({ database: url.href, restateAdmin: restate.admin }),
    WORKER_RESTATE_INGRESS_URL: restate.ingress
  }
})

/** Runs a command of the runbook with the settings of the worker, and answers with everything it wrote. */
const follow = (command: string) =>
  Effect.gen(function* () {
    const { errors, failed, printed } = yield* runInProcess(yield* settings, ...command.split(" "))
    return { failed, text: [...printed, ...errors].join("\n") }
  }).pipe(inRealTime)

const administer = (statement: string) => Effect.flatMap(DatabaseUrl, (url) => queryServer(url, statement))

/** The password of the worker's account is changed at the server, and its connections are cut. */
const revokeLogin = Effect.gen(function* () {
  yield* administer(`ALTER USER '${login.user}'@'%' IDENTIFIED BY 'another-one'`)
  const url = yield* DatabaseUrl
  yield* onConnection(url, (run) =>
    Effect.gen(function* () {
      const found = yield* run(`SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = '${login.user}'`)
      for (const { id } of found) yield* Effect.ignore(run(`KILL ${Number(id)}`))
    })
  )
})

const restoreLogin = administer(`ALTER USER '${login.user}'@'%' IDENTIFIED BY '${login.password}'`)

const deploy = (deploymentId: string) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    yield* seedProject(deploymentId, { regions: { [region]: 1 } })
    yield* seedDeployment(deploymentId, deploymentId)
    const path = `hydra.v1.DeployService/${namesOf(deploymentId).projectId}/Deploy`
    return () => restate.send(path, { deploymentId, dockerImage: { image: imageOf(deploymentId) } })
  })

const Line = Schema.parseJson(Schema.Struct({ message: Schema.String }, { key: Schema.String, value: Schema.Unknown }))

/** The lines of the worker's log with this message and these values. */
const logged = (message: string, values: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const { first } = yield* Workers
    const lines = (yield* first.log).split("\n").flatMap((line) => Schema.decodeOption(Line)(line).pipe(toArray))
    return lines.filter(
      (line) => line.message === message && Object.entries(values).every(([name, value]) => line[name] === value)
    )
  })

const toArray = <A>(found: { readonly _tag: "None" } | { readonly _tag: "Some"; readonly value: A }) =>
  found._tag === "None" ? [] : [found.value]

const exposed = Effect.gen(function* () {
  const { first } = yield* Workers
  return yield* (yield* metricsOf(first)).exposed
})

const valueOf = (text: string, series: RegExp): number =>
  Number(
    text
      .split("\n")
      .find((line) => series.test(line))
      ?.split(" ")
      .at(-1) ?? Number.NaN
  )

const refused = /^mysql primary +failed .*127\.0\.0\.1:\d+\/\w+: the user or the password is refused.* \(1045\)$/m

layer(stack({ regions: [region], login }), { excludeTestServices: true, timeout: "3 minutes" })(
  "the runbooks, followed command by command",
  (it) => {
    it.scoped("StepFailing: the log and the metric name the step, and check the system behind it", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const send = yield* deploy("d_failing")
        yield* revokeLogin
        const invocation = yield* send()

        const lines = yield* eventually(
          "a line about the step",
          logged("A step failed", { invocation }),
          ({ length }) => length > 0
        )
        const [line] = lines
        assert.containsAllKeys(line, ["step", "error.type", "reason", "attempt", "next_retry_at"])
        assert.strictEqual(line?.step, "load-deployment")
        assert.match(yield* exposed, /^control_plane_worker_step_failures_total\{.*error=".*".*\} [1-9]/m)

        const [check = "", status = "", ...rest] = commandsOf("ControlPlaneWorkerStepFailing")
        assert.deepStrictEqual([check, status, rest], ["check", "status", []])
        const asked = yield* follow(check)
        assert.isTrue(asked.failed)
        assert.match(asked.text, refused)
        yield* restoreLogin
        assert.strictEqual((yield* restate.attach(invocation)).status, 200)
        assert.deepStrictEqual(yield* follow(status), { failed: false, text: "No invocation is open." })
      })
    )

    it.scoped("InvocationsPaused: status says which, why and what resumes it, and the rest is resumed at once", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const sends = [yield* deploy("d_paused_1"), yield* deploy("d_paused_2")]
        yield* revokeLogin
        const ids = yield* Effect.forEach(sends, (send) => send())
        for (const id of ids) {
          yield* untilInvocation(restate, id, ({ status }) => status === "backing-off")
          yield* restate.pause(id)
          yield* untilInvocation(restate, id, ({ status }) => status === "paused")
        }
        const [first = "", second = ""] = ids
        const commands = commandsOf("ControlPlaneWorkerInvocationsPaused")
        assert.deepStrictEqual(commands, ["status", "status", "check", "versions", "status", "resume --all-paused"])

        const shown = yield* follow("status")
        assert.match(shown.text, new RegExp(`^${first} .* paused .* load-deployment .* DeploymentStore\\.\\w+: `, "m"))
        assert.include(shown.text, "After fixing the cause:")
        const named = yield* eventually(
          "a line about the pause",
          logged("An invocation is paused", { invocation: first }),
          ({ length }) => length > 0
        )
        assert.deepInclude(named[0], { block_reason: "paused", step: "load-deployment" })
        const wayOut = String(named[0]?.way_out)
        assert.include(shown.text, wayOut)
        const gauge = /^control_plane_worker_paused_invocations\{service="hydra\.v1\.DeployService"\}/
        yield* eventually("the gauge", exposed, (text) => valueOf(text, gauge) === 2)
        assert.match((yield* follow("check")).text, refused)
        assert.match((yield* follow("versions")).text, / newest /)

        yield* restoreLogin
        const [program, ...resume] = wayOut.split(" ")
        assert.strictEqual(program, "control-plane-worker")
        const resumed = yield* follow(resume.join(" "))
        assert.deepStrictEqual(resumed, { failed: false, text: `${first} goes on at the step where it stopped` })
        assert.strictEqual((yield* restate.attach(first)).status, 200)
        const remaining = (yield* follow("status")).text
        assert.notInclude(remaining, first)
        assert.include(remaining, second)
        assert.include((yield* follow("resume --all-paused")).text, `${second} goes on at the step where it stopped`)
        assert.strictEqual((yield* restate.attach(second)).status, 200)
        yield* eventually(
          "the end of the pause",
          logged("An invocation is no longer paused or stuck", { invocation: second }),
          ({ length }) => length > 0
        )
        assert.strictEqual(valueOf(yield* exposed, gauge) || 0, 0)
      })
    )

    it.scoped("NotCalled: a schedule fired by hand says whether the worker is called, and a restart registers it", () =>
      Effect.gen(function* () {
        const { first: worker } = yield* Workers
        const commands = commandsOf("ControlPlaneWorkerNotCalled")
        const fire = "cron scale-down-idle"
        const look = "status --service DeployService"
        assert.deepStrictEqual(commands, ["versions", "status", fire, look, "versions"])
        const handler = "ScaleDownIdlePreviewDeployments"

        yield* worker.kill("SIGKILL")
        const fired = yield* follow(fire)
        assert.isFalse(fired.failed, fired.text)
        const open = yield* eventually("an open invocation", follow(look), ({ text }) => / backing-off /.test(text))
        assert.match(open.text, new RegExp(`^inv_\\w+ +hydra\\.v1\\.DeployService +${handler} .*RT\\d{4}`, "m"))
        assert.match((yield* follow("versions")).text, new RegExp(`${new URL(worker.url).host}/ .* newest `))

        yield* worker.restart
        yield* eventually("no open invocation", follow(look), ({ text }) => text === "No invocation is open.")
        const ended = new RegExp(`^control_plane_worker_attempts_total\\{.*handler="${handler}".*\\}`)
        assert.isAbove(valueOf(yield* exposed, ended), 0)
        assert.deepStrictEqual(yield* follow("status"), { failed: false, text: "No invocation is open." })
      })
    )
  }
)
