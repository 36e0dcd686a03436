import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { environmentVariable } from "../../src/services/vault/Purpose.ts"
import { Vault } from "../../src/services/vault/Vault.ts"
import { BuildFixture, run, shell, unavailableReason } from "../support/builds/BuildFixture.ts"
import { namesOf, seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { buildExhibits } from "./support/buildExhibits.ts"
import { buildStack, buildVault, Origin, region, repository } from "./support/buildStack.ts"
import { canary, type Exhibit, findIn } from "./support/canaries.ts"
import { eventually } from "./support/eventually.ts"
import { commitScript, push, telemetryOf, untilTold } from "./support/pushes.ts"
import { SpanSink } from "./support/SpanSink.ts"

const reason = await unavailableReason
const project = "discreet"

/** What a Dockerfile itself says is no secret of ours: it is shown, and so it shows that the search finds something. */
const spoken = canary("spoken")
const failing = canary("failing")
const printing = canary("printing")

/** A Dockerfile may mount the token that its own commit is cloned with. */
const commitPrinting = Effect.flatMap(Origin, ({ git }) => {
  const mount = `--mount=type=secret,id=GIT_AUTH_TOKEN.${new URL(git.url).host}`
  const print = run(`echo ${printing}; cat /run/secrets/*; echo`).replace("RUN", `RUN ${mount}`)
  return git.commit(repository, { "apps/web/printing.Dockerfile": `${shell}\n${print}\n` }, "printing")
})

/** A variable of the deployment, which its build prints as well as a text that proves that it was read. */
const variable = canary("variable")
const proven = canary("proven")

const commitReading = Effect.flatMap(Origin, ({ git }) => {
  const mounts = "--mount=type=secret,id=.env --mount=type=secret,id=TOKEN"
  const script = `. /run/secrets/.env; test -n "$TOKEN" && echo ${proven}; cat /run/secrets/.env /run/secrets/TOKEN; echo "$TOKEN" >&2; exit 4`
  const read = run(script).replace("RUN", `RUN ${mounts}`)
  return git.commit(repository, { "apps/web/reading.Dockerfile": `${shell}\n${read}\n` }, "reading")
})

/** As the control API stores them for the environment. */
const encrypted = Effect.gen(function* () {
  const vault = yield* Vault
  const TOKEN = yield* vault.encrypt(
    namesOf(project).productionId,
    Redacted.make(variable),
    environmentVariable("TOKEN")
  )
  return JSON.stringify({ secrets: { TOKEN } })
}).pipe(Effect.provide(buildVault))

const deployments = ["d_spoken", "d_failing", "d_printing", "d_reading"]

const attach = (invocation: string) => Effect.flatMap(RestateClient, (restate) => restate.attach(invocation))

/**
 * A build that succeeds, one that fails while GitHub has a bad moment, one that prints the token, and one that prints a
 * variable and fails. Answers with what their callers are told.
 */
const allBuilds = Effect.gen(function* () {
  const { gitHub } = yield* Origin
  const good = yield* commitScript("spoken", `echo ${spoken}; echo ${spoken} > /spoken`)
  const built = yield* attach(
    yield* push({ project, deploymentId: "d_spoken", commitSha: good, dockerfilePath: "spoken.Dockerfile" })
  )
  yield* untilTold("d_spoken", "success")
  const bad = yield* commitScript("failing", `echo ${failing}; exit 3`)
  yield* Effect.sync(() => gitHub.failNext(500))
  const failed = yield* attach(
    yield* push({ project, deploymentId: "d_failing", commitSha: bad, dockerfilePath: "failing.Dockerfile", nth: 2 })
  )
  yield* untilTold("d_failing", "failure")
  const curious = yield* commitPrinting
  const printed = yield* attach(
    yield* push({
      project,
      deploymentId: "d_printing",
      commitSha: curious,
      dockerfilePath: "printing.Dockerfile",
      nth: 3
    })
  )
  const read = yield* attach(
    yield* push({
      project,
      deploymentId: "d_reading",
      commitSha: yield* commitReading,
      dockerfilePath: "reading.Dockerfile",
      nth: 4,
      variables: yield* encrypted
    })
  )
  assert.deepStrictEqual([built.status, failed.status, printed.status, read.status], [200, 500, 200, 500])
  return [built, failed, printed, read].map(({ body }): Exhibit => ({ where: "answer", text: JSON.stringify(body) }))
})

/** Its rows are all there: what the build wrote, and the step that wrote it, which has ended. */
const isTold = ({ logs, steps }: Effect.Effect.Success<ReturnType<typeof telemetryOf>>, said: string) =>
  logs.some((row) => JSON.stringify(row).includes(said)) &&
  steps.some((row) => JSON.stringify(row).includes(said) && Number(row.completed_at) > 0)

/** The longest text of the key that no form of showing it would break up. */
const lineOf = (pem: string): string => pem.split("\n")[5] ?? ""

if (reason !== null) {
  describe("the secrets of builds", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildStack, { excludeTestServices: true, timeout: "5 minutes" })("the secrets of builds", (it) => {
    it.effect(
      "stay out of journals, logs, spans, metrics, the database, ClickHouse, the daemon's log and the registry",
      () =>
        Effect.gen(function* () {
          const { app, gitHub } = yield* Origin
          const { registry } = yield* BuildFixture
          yield* seedProject(project, { regions: { [region]: 1 } })
          const answers = yield* allBuilds
          // Rows and spans are sent in batches of their own; what is not there yet could not be searched.
          yield* eventually(
            "the telemetry of all",
            Effect.all(deployments.map((id) => telemetryOf(project, id))),
            (told) => told.every((each, nth) => isTold(each, [spoken, failing, printing, proven][nth] ?? ""))
          )
          // Where the token and the variable stood.
          for (const id of ["d_printing", "d_reading"]) {
            const { logs } = yield* telemetryOf(project, id)
            assert.include(JSON.stringify(logs), "[secret]")
          }
          const { exports } = yield* SpanSink
          yield* eventually(
            "the spans of all",
            Effect.sync(() => deployments.map((id) => exports.some((text) => text.includes(id)))),
            (found) => found.every(Boolean)
          )
          const exhibits = [...(yield* buildExhibits(project, deployments)), ...answers]

          const tokens = gitHub.tokens()
          assert.isNotEmpty(tokens)
          const secrets: Readonly<Record<string, string>> = {
            ...Object.fromEntries(tokens.map((token, nth) => [`token ${nth}`, token])),
            privateKey: lineOf(app.privateKeyPem),
            signedByTheApp: '{"alg":"RS256"',
            registry: registry.password,
            variable
          }
          for (const [name, secret] of Object.entries(secrets))
            assert.deepStrictEqual(findIn(exhibits, secret), [], name)

          // The search does find what is there, in every kind of place.
          const ofSpoken = findIn(exhibits, spoken)
          for (const place of ["telemetry", "registry"]) assert.include(ofSpoken, place)
          const ofFailing = findIn(exhibits, failing).join("\n")
          for (const place of ["telemetry", "sys_journal", "worker.log", "table deployment_steps", "answer"])
            assert.include(ofFailing, place)
          assert.include(findIn(exhibits, "hydra.v1.DeployService"), "spans")
          assert.include(findIn(exhibits, "process_resident_memory_bytes"), "metrics")
          assert.include(findIn(exhibits, "containerd").join("\n"), "engine.log")
          for (const secret of Object.values(secrets))
            assert.deepStrictEqual(findIn([{ where: "planted", text: `password=${secret}` }], secret), ["planted"])
        })
    )
  })
}
