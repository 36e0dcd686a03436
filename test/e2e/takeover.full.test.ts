import { createServer } from "node:http"
import { assert, layer } from "@effect/vitest"
import { Effect, Either } from "effect"
import { AdminConflict } from "effect-restate/admin"
import { onLoopback } from "../../dev/stack/onLoopback.ts"
import { seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { deploymentRow } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { formerWorker } from "./support/formerWorker.ts"
import { stack, Workers } from "./support/Stack.ts"

const region = "local.dev"

/** Hears the awakeable by which a deploy of the former worker can be let go on. */
const hearing = Effect.gen(function* () {
  const heard: Array<string> = []
  const port = yield* onLoopback(
    createServer((request, response) => {
      heard.push(new URL(request.url ?? "", "http://former").searchParams.get("awakeable") ?? "")
      response.end()
    })
  )
  return { heard, url: `http://127.0.0.1:${port}/` }
})

layer(stack({ regions: [region], env: { WORKER_RESTATE_REGISTER_AS: "" } }), {
  excludeTestServices: true,
  timeout: "2 minutes"
})("a worker that takes another one's place in a Restate in use", (it) => {
  it.scoped(
    "is let in by force only, ends nothing, goes on from counters and timers that it did not write, and can be left again",
    () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { first } = yield* Workers
        yield* seedProject("taken", { regions: { [region]: 1 } })
        yield* seedDeployment("taken", "d_former", { status: "ready", created_at: seededAt })

        // What the former worker leaves: a counter, a stop that is scheduled, and a deploy in the middle.
        yield* restate.register((yield* formerWorker).url)
        for (const version of ["1", "2", "3"]) {
          const reply = yield* restate.call(`hydra.v1.VersioningService/${region}/NextVersion`, {})
          assert.deepStrictEqual(reply.body, { version })
        }
        const { heard, url } = yield* hearing
        const inFlight = yield* restate.send("hydra.v1.DeployService/proj_taken/Deploy", { released: url })
        yield* eventually(
          "the deploy in flight",
          Effect.sync(() => heard),
          ({ length }) => length > 0
        )
        const stop = { delayMillis: "8000", state: "DEPLOYMENT_DESIRED_STATE_STANDBY" }
        yield* restate.call("hydra.v1.DeploymentService/d_former/ScheduleDesiredStateChange", stop)

        const refused = yield* Effect.either(restate.register(first.url, { force: false }))
        assert.isTrue(Either.isLeft(refused) && refused.left instanceof AdminConflict && refused.left.status === 409)
        yield* restate.register(first.url)

        // The former deploy ends where it began, and the version that it asks for is ours, above its own.
        yield* restate.call(`restate/awakeables/${heard[0]}/resolve`, "go on")
        assert.deepInclude(yield* restate.attach(inFlight), { status: 200, body: { version: "4" } })
        yield* eventually("the stop", deploymentRow("d_former"), (row) => row?.desired_state === "standby")

        // And back: the former worker counts on from what this one has stored.
        yield* restate.register((yield* formerWorker).url)
        const reply = yield* restate.call(`hydra.v1.VersioningService/${region}/NextVersion`, {})
        assert.deepStrictEqual(reply.body, { version: "5" })
      })
  )
})
