import { SqlClient } from "@effect/sql/SqlClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Krane } from "../../dev/simulators/Krane.ts"
import { VaultServer, vaultServer } from "../../dev/simulators/VaultServer.ts"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { sharedMySqlServer } from "../support/stack/Database.ts"
import { RestateClient, type Row } from "../support/stack/Restate.ts"
import { canary, type Exhibit, everything, findIn } from "./support/canaries.ts"
import { deployNew } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { postDeployService } from "./support/ingress.ts"
import { stack } from "./support/Stack.ts"

const region = "local.dev"
const user = canary("user").slice(0, 30)

const secrets = {
  database: canary("database"),
  restate: canary("restate"),
  vault: canary("vault"),
  slack: canary("slack"),
  heartbeat: canary("heartbeat"),
  clickhouse: canary("clickhouse"),
  registry: canary("registry")
}
/** What a customer keeps in the row of a deployment. */
const stored = canary("stored")
/** What the control API has written into a row that the worker may read. */
const message = canary("message")
/** Secrets that a caller should not have sent: only Restate may keep them, in the request. */
const sent = canary("sent")

const world = (vaultUrl: string) =>
  stack({
    regions: [region],
    login: { user, password: secrets.database },
    env: {
      WORKER_RESTATE_API_KEY: secrets.restate,
      WORKER_VAULT_KIND: "hashicorp",
      WORKER_VAULT_URL: vaultUrl,
      WORKER_VAULT_TOKEN: secrets.vault,
      WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: `http://127.0.0.1:1/${secrets.slack}`,
      WORKER_HEARTBEAT_KEY_REFILL_URL: `http://127.0.0.1:1/${secrets.heartbeat}`,
      WORKER_CLICKHOUSE_URL: `http://default:${secrets.clickhouse}@127.0.0.1:1`,
      WORKER_DEPOT_API_URL: "http://127.0.0.1:1",
      WORKER_REGISTRY_URL: "builds.example",
      WORKER_REGISTRY_USERNAME: "x-token",
      WORKER_REGISTRY_PASSWORD: secrets.registry
    }
  })

const worldWithVault = Layer.unwrapEffect(Effect.map(VaultServer, ({ url }) => world(url))).pipe(
  Layer.provide(vaultServer({ rootToken: secrets.vault }))
)

const deployRequest = (deploymentId: string, image: string) => ({ deploymentId, dockerImage: { image } })

/** A deploy that fails at its instances, and one that is refused for its image. Answers with what the callers are told. */
const failedDeploys = Effect.gen(function* () {
  yield* Effect.flatMap(Krane, (krane) => krane.fail("d_broken"))
  yield* seedDeployment("secret", "d_broken", { created_at: seededAt + 2 })
  yield* seedDeployment("secret", "d_refused", { created_at: seededAt + 3 })
  const broken = yield* postDeployService("Deploy", "proj_secret", deployRequest("d_broken", "nginx"))
  const image = `https://bot:${sent}@registry.example/app :1`
  const refused = yield* postDeployService("Deploy", "proj_secret", deployRequest("d_refused", image))
  assert.deepStrictEqual([broken.status, refused.status], [500, 400])
  return [broken, refused].map(({ text }): Exhibit => ({ where: "answer", text }))
})

const untilRetried = Effect.fnUntraced(function* (id: string) {
  const restate = yield* RestateClient
  const seen = yield* restate.invocation(id)
  const retries = (row: Row | undefined) => Number(row?.retry_count ?? 0)
  yield* eventually("another failing attempt", restate.invocation(id), (row) => retries(row) > retries(seen))
})

/** The server turns the worker away, password and all, and cuts the connections that it has. */
const lockOut = Effect.gen(function* () {
  const { adminUrl } = yield* sharedMySqlServer
  yield* queryServer(adminUrl, `ALTER USER '${user}'@'%' IDENTIFIED BY 'another'`)
  const open = yield* queryServer(adminUrl, `SELECT id FROM information_schema.processlist WHERE user = '${user}'`)
  yield* Effect.forEach(open, ({ id }) => Effect.ignore(queryServer(adminUrl, `KILL ${id}`)))
})

const letIn = Effect.flatMap(sharedMySqlServer, ({ adminUrl }) =>
  queryServer(adminUrl, `ALTER USER '${user}'@'%' IDENTIFIED BY '${secrets.database}'`)
)

const seedSecretDeployment = Effect.fnUntraced(function* (id: string, ordinal: number) {
  const sql = yield* SqlClient
  yield* seedDeployment("secret", id, { created_at: seededAt + ordinal })
  yield* sql`UPDATE deployments SET encrypted_environment_variables = ${stored}, git_commit_message = ${message} WHERE id = ${id}`
})

/** A deploy that the database refuses for good: its table is away. */
const refusedDeploy = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* seedSecretDeployment("d_without_table", 4)
  yield* sql`RENAME TABLE deployments TO deployments_away`
  const { status, text } = yield* postDeployService(
    "Deploy",
    "proj_secret",
    deployRequest("d_without_table", "nginx")
  ).pipe(Effect.ensuring(Effect.orDie(sql`RENAME TABLE deployments_away TO deployments`)))
  assert.strictEqual(status, 500)
  return { where: "answer", text } satisfies Exhibit
})

/** A deploy whose statements fail at the door, and succeed once it is open again. */
const disturbedDeploy = Effect.gen(function* () {
  const restate = yield* RestateClient
  yield* seedSecretDeployment("d_disturbed", 5)
  yield* lockOut
  const id = yield* restate.send("hydra.v1.DeployService/proj_secret/Deploy", deployRequest("d_disturbed", "nginx"))
  yield* untilRetried(id)
  yield* letIn
  assert.deepInclude(yield* restate.attach(id), { status: 200, body: {} })
})

layer(worldWithVault, { excludeTestServices: true, timeout: "1 minute" })("secrets", (it) => {
  it.effect("stay out of journals, states, logs, metrics, rows and answers, whatever fails", () =>
    Effect.gen(function* () {
      yield* seedProject("secret", { regions: { [region]: 1 } })
      yield* deployNew("secret", "d_plain", 1)
      const answers = [...(yield* failedDeploys), yield* refusedDeploy]
      yield* disturbedDeploy
      const exhibits = [...(yield* everything), ...answers]
      for (const [name, secret] of Object.entries(secrets)) assert.deepStrictEqual(findIn(exhibits, secret), [], name)
      assert.deepStrictEqual(findIn(exhibits, stored), [])
      assert.deepStrictEqual(findIn(exhibits, message), ["rows"])
      assert.deepStrictEqual(findIn(exhibits, sent), ["sys_journal Command: Input"])
      // The search does find what is there, in every kind of place.
      const places = findIn(exhibits, "d_broken").join("\n")
      for (const place of ["sys_journal Command: Input", "sys_invocation", "worker.log", "rows", "answer"])
        assert.include(places, place)
    })
  )
})
