import { execFile } from "node:child_process"
import { createServer } from "node:http2"
import { promisify } from "node:util"
import { assert, layer } from "@effect/vitest"
import * as sdk from "@restatedev/restate-sdk"
import { Context, Effect, Layer, Schema } from "effect"
import { type DnsServerShape, startDnsServer } from "../../dev/simulators/DnsServer.ts"
import { onLoopback } from "../../dev/stack/onLoopback.ts"
import { codeBlocks, fileOf } from "../docs/Markdown.ts"
import { seedCustomDomain, seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { deploymentRow, deployNew, rows } from "./support/deploys.ts"
import { holdRows, seedMany, sendDeploys } from "./support/deploysInFlight.ts"
import { eventually } from "./support/eventually.ts"
import { formerWorker, json } from "./support/formerWorker.ts"
import { goHandlers } from "./support/goHandlers.ts"
import { type StackOptions, stack, startWorker, Workers } from "./support/Stack.ts"

const region = "local.dev"
const service = "hydra.v1.CustomDomainService"

class Dns extends Context.Tag("test/e2e/Dns")<Dns, DnsServerShape>() {}

/** A resolver that knows no record, so that a domain is verified for as long as the test lasts. */
const optionsOf = ({ address }: DnsServerShape): StackOptions => ({
  regions: [region],
  env: { WORKER_DNS_RESOLVERS: address, WORKER_DNS_AUTHORITATIVE_SERVERS: address }
})

const [definitions, unfinishedCommand, withdrawCommand] = codeBlocks(
  // Within a list the blocks are indented.
  (fileOf("docs/migrating.md").split("\n## Going back")[1] ?? "").replaceAll(/^ {3}/gm, "")
).map(({ code }) => code)

/** Runs a command of the page as an operator does, and answers with what it prints. */
const commanded = (command: string | undefined) =>
  Effect.gen(function* () {
    assert.isDefined(command)
    const { admin } = yield* RestateClient
    const script = `set -eu -o pipefail\n${definitions}\n${command}`
    const run = () => promisify(execFile)("bash", ["-c", script], { env: { ...process.env, ADMIN: admin } })
    return (yield* Effect.promise(run)).stdout
  })

const nothingRuns = Effect.suspend(() =>
  eventually("nothing that runs", commanded(unfinishedCommand), (printed) => printed === '{"rows":[]}')
)

const targetsOf = (status: string) =>
  Effect.flatMap(RestateClient, (restate) =>
    Effect.map(restate.sql(`SELECT target FROM sys_invocation WHERE status = '${status}'`), (found) =>
      found.map(({ target }) => String(target)).toSorted()
    )
  )

/** A neighbour inside of Restate, which may call what the ingress refuses. */
const neighbour = Effect.gen(function* () {
  const restate = yield* RestateClient
  const handlers = {
    schedule: async (context: sdk.Context, { delayMillis, id }: { delayMillis: string; id: string }) =>
      await context.genericCall({
        service: "hydra.v1.DeploymentService",
        method: "ScheduleDesiredStateChange",
        key: id,
        parameter: { delayMillis, state: "DEPLOYMENT_DESIRED_STATE_STANDBY" },
        inputSerde: json,
        outputSerde: json
      })
  }
  const services = [sdk.service({ name: "test.Neighbour", handlers })]
  const port = yield* onLoopback(createServer(sdk.createEndpointHandler({ services, logger: () => {} })))
  yield* restate.register(`http://127.0.0.1:${port}`)
  return { schedule: (id: string, delayMillis: string) => restate.call("test.Neighbour/schedule", { delayMillis, id }) }
})

const highestVersion = Effect.map(rows, ({ deployment_topology }) =>
  Math.max(0, ...deployment_topology.map(({ version }) => Number(version)))
)

/** Asks the Go worker's stand-in, whose handlers are public. */
const nextVersion = Effect.gen(function* () {
  const restate = yield* RestateClient
  const { body } = yield* restate.call(`hydra.v1.VersioningService/${region}/NextVersion`, {})
  return Number((yield* Schema.decodeUnknown(Schema.Struct({ version: Schema.String }))(body)).version)
})

const leaving = Layer.unwrapEffect(Effect.map(Dns, (dns) => stack(optionsOf(dns)))).pipe(
  Layer.provideMerge(Layer.scoped(Dns, startDnsServer))
)

layer(leaving, { excludeTestServices: true, timeout: "2 minutes" })(
  "a worker that the Go worker replaces again",
  (it) => {
    it.scoped("ends a deploy that was in flight when the other one was registered, once it is registered again", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { first } = yield* Workers
        const ids = yield* seedMany("stranded", region, 1)
        const { letGo } = yield* holdRows(ids)
        const [id = ""] = yield* sendDeploys("stranded", ids)
        yield* eventually("it is in flight", restate.journal(id), ({ length }) => length > 1)

        yield* restate.register((yield* formerWorker).url)
        yield* letGo
        const missing = "SELECT last_failure FROM sys_invocation WHERE last_failure LIKE '%not found%'"
        yield* eventually("a call to a handler that is not there", restate.sql(missing), ({ length }) => length > 0)
        assert.notInclude(yield* targetsOf("completed"), "hydra.v1.DeployService/proj_stranded/Deploy")

        yield* restate.register(first.url)
        assert.deepInclude(yield* restate.attach(id), { status: 200, body: {} })
        assert.deepInclude(yield* deploymentRow("d_stranded_0"), { status: "ready" })
      })
    )

    it.scoped("is let go by the commands of the page: nothing of its own is left, and both go on from each other", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { first } = yield* Workers
        yield* seedProject("shop", { regions: { [region]: 1 } })
        yield* deployNew("shop", "d_live", 1)
        yield* seedDeployment("shop", "d_stopped", { status: "ready", created_at: seededAt })
        yield* seedCustomDomain("shop", "app.example.com")
        const { schedule } = yield* neighbour
        yield* restate.call(`${service}/app.example.com/VerifyDomain`, {})
        const check = `${service}/app.example.com/CheckDomain`
        yield* eventually("a check that waits for its time", targetsOf("scheduled"), (found) => found.includes(check))
        const stop = "hydra.v1.DeploymentService/d_stopped/ChangeDesiredState"
        yield* schedule("d_stopped", "20000")

        // A check may have begun between the two commands: the page says to look once more.
        const withdrawn = Effect.zipRight(commanded(withdrawCommand), targetsOf("scheduled"))
        yield* eventually("nothing of its own that waits", withdrawn, (found) => found.join() === stop)
        yield* nothingRuns

        const go = yield* formerWorker
        yield* restate.register(go.url)
        const highest = yield* highestVersion
        assert.isAbove(highest, 0)
        const version = yield* nextVersion
        assert.isAbove(version, highest)
        // The key of a domain is free, and the timer that this worker set is the Go worker's.
        yield* restate.call(`${service}/app.example.com/VerifyDomain`, {})
        yield* eventually(
          "the stop",
          Effect.sync(() => [...go.answered]),
          (answered) => answered.includes("d_stopped becomes 2: DEPLOYMENT_DESIRED_STATE_STANDBY")
        )
        assert.include(go.answered, `${service}/app.example.com/VerifyDomain`)

        const [ours] = yield* restate.sql(`SELECT id FROM sys_deployment WHERE endpoint = '${first.url}/'`)
        yield* restate.remove(String(ours?.id))
        yield* nothingRuns
        assert.strictEqual(yield* nextVersion, version + 1)

        // And here again, at an address of its own.
        const options = optionsOf(yield* Dns)
        yield* startWorker({ ...options, env: { ...options.env, WORKER_RESTATE_FORCE_REGISTRATION: "true" } })
        yield* deployNew("shop", "d_again", 3)
        assert.isAbove(yield* highestVersion, version + 1)
      })
    )
  }
)

layer(Layer.empty)("the commands of the page", (it) => {
  it.effect("know every handler of the Go worker", () =>
    Effect.sync(() => {
      const named = [...(definitions ?? "").matchAll(/'([A-Z]\w+)'/g)].map(([, name = ""]) => name)
      const handlers = goHandlers.map((line) => line.split(" ")[0]?.split("/")[1] ?? "")
      assert.sameMembers(named, [...handlers, "ConfigureUser"])
    })
  )
})
