import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { BuildGround, whyNoBuilds } from "../support/builds/BuildGround.ts"
import { seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { buildExhibits } from "./support/buildExhibits.ts"
import { buildStack, Origin, region, repository } from "./support/buildStack.ts"
import { canary, type Exhibit, findIn } from "./support/canaries.ts"
import { eventually } from "./support/eventually.ts"
import { commitScript, push, telemetryOf, untilTold } from "./support/pushes.ts"
import { SpanSink } from "./support/SpanSink.ts"

const reason = await whyNoBuilds
const project = "discreet"

/** What a Dockerfile itself says is no secret of ours: it is shown, and so it shows that the search finds something. */
const spoken = canary("spoken")
const failing = canary("failing")

const attach = (invocation: string) => Effect.flatMap(RestateClient, (restate) => restate.attach(invocation))

/** A build that succeeds, and one that fails while GitHub has a bad moment. Answers with what their callers are told. */
const bothBuilds = Effect.gen(function* () {
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
  assert.deepStrictEqual([built.status, failed.status], [200, 500])
  return [built, failed].map(({ body }): Exhibit => ({ where: "answer", text: JSON.stringify(body) }))
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
          const { registry } = yield* BuildGround
          yield* seedProject(project, { regions: { [region]: 1 } })
          const answers = yield* bothBuilds
          // Rows and spans are sent in batches of their own; what is not there yet could not be searched.
          yield* eventually(
            "the telemetry of both",
            Effect.all([telemetryOf(project, "d_spoken"), telemetryOf(project, "d_failing")]),
            ([good, bad]) => isTold(good, spoken) && isTold(bad, failing)
          )
          const { exports } = yield* SpanSink
          yield* eventually(
            "the spans of both",
            Effect.sync(() => ["d_spoken", "d_failing"].map((id) => exports.some((text) => text.includes(id)))),
            (both) => both.every(Boolean)
          )
          const exhibits = [...(yield* buildExhibits(project, ["d_spoken", "d_failing"])), ...answers]

          const tokens = gitHub.tokensOf(repository)
          assert.isNotEmpty(tokens)
          const secrets: Readonly<Record<string, string>> = {
            ...Object.fromEntries(tokens.map((token, nth) => [`token ${nth}`, token])),
            privateKey: lineOf(app.privateKeyPem),
            signedByTheApp: '{"alg":"RS256"',
            registry: registry.password
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
