import { HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { SqlClient } from "@effect/sql/SqlClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Frontline, type FrontlineOptions, frontline } from "../../dev/simulators/Frontline.ts"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import { challengeTestServer } from "../../dev/stack/ChallengeTestServer.ts"
import { pebble } from "../../dev/stack/Pebble.ts"
import { MysqlPoolsLive } from "../../src/layers/mysql/MysqlPools.ts"
import { PkiLive } from "../../src/layers/PkiLive.ts"
import { migrate } from "../../src/migrations/migrate.ts"
import { Acme } from "../../src/services/certificate/Acme.ts"
import { Pki } from "../../src/services/certificate/Pki.ts"
import { poolOptions, quietly } from "../layers/mysql/MysqlWorld.ts"
import { CaWorld, issue } from "../services/Acme.contract.ts"
import { pebbleClient } from "../support/acme/pebbleWorld.ts"
import { named } from "../support/named.ts"
import { freshDatabase } from "../support/stack/Database.ts"

const world = (options?: FrontlineOptions) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const url = yield* freshDatabase
      yield* Effect.provide(quietly(migrate), MysqlPoolsLive({ primary: poolOptions(url) }))
      return frontline(options).pipe(Layer.provideMerge(simulatorDatabase(url)), Layer.merge(NodeHttpClient.layer))
    })
  )

const workspace = "ws_1"
const insert = (table: string, row: Readonly<Record<string, string | number>>) =>
  Effect.flatMap(SqlClient, (sql) => sql`INSERT INTO ${sql(table)} ${sql.insert({ created_at: 0, ...row })}`)

const addRoute = (host: string) =>
  insert("frontline_routes", {
    id: `flr_${host}`,
    project_id: "proj_1",
    deployment_id: "",
    environment_id: "env_1",
    fully_qualified_domain_name: host
  })

const addDomain = (host: string) =>
  insert("custom_domains", {
    id: `dom_${host}`,
    workspace_id: workspace,
    project_id: "proj_1",
    environment_id: "env_1",
    domain: host,
    challenge_type: "HTTP-01",
    verification_token: "",
    target_cname: `target-of-${host}`
  })

const addChallenge = (host: string, token: string, authorization: string, workspaceId = workspace) =>
  insert("acme_challenges", {
    domain_id: `dom_${host}`,
    workspace_id: workspaceId,
    token,
    authorization,
    challenge_type: "HTTP-01",
    status: "pending",
    expires_at: 0
  })

/** What a CA that looks for the answer finds. */
const ask = (host: string, token: string) =>
  Effect.gen(function* () {
    const { port, questions } = yield* Frontline
    const http = yield* HttpClient.HttpClient
    const url = `http://127.0.0.1:${port}/.well-known/acme-challenge/${token}`
    const response = yield* http.get(url, { headers: { host } })
    const text = yield* response.text
    return { status: response.status, text, last: (yield* questions).at(-1) }
  })

layer(world(), { excludeTestServices: true })("the simulator of frontline", (it) => {
  it.effect("answers a challenge once its host has a route, a domain and the token with its authorization", () =>
    Effect.gen(function* () {
      const host = "whole.customer.test"
      const missing = (outcome: string) =>
        Effect.map(ask(host, "t"), (found) => {
          assert.deepInclude(found, { status: 404, text: outcome })
          assert.deepStrictEqual(found.last, { host, token: "t", outcome })
        })
      yield* missing("no route")
      yield* addRoute(host)
      yield* missing("no domain")
      yield* addDomain(host)
      yield* missing("no challenge")
      yield* addChallenge(host, "t", "t.thumbprint")
      assert.deepInclude(yield* ask(host, "t"), { status: 200, text: "t.thumbprint" })
      assert.strictEqual((yield* ask(host, "another")).status, 404)
    })
  )

  it.effect("does not answer for a challenge of another workspace, or one that has no authorization yet", () =>
    Effect.gen(function* () {
      for (const [host, authorization, owner] of [
        ["foreign.customer.test", "t.thumbprint", "ws_2"],
        ["empty.customer.test", "", workspace]
      ] as const) {
        yield* addRoute(host)
        yield* addDomain(host)
        yield* addChallenge(host, "t", authorization, owner)
        assert.deepInclude(yield* ask(host, "t"), { status: 404, text: "no challenge" })
      }
    })
  )
})

layer(world({ routeMemory: "1 hour" }), { excludeTestServices: true })("a frontline with a memory", (it) => {
  it.effect("does not see a route that came after it was asked for the host", () =>
    Effect.gen(function* () {
      const host = "late.customer.test"
      yield* addDomain(host)
      yield* addChallenge(host, "t", "t.thumbprint")
      assert.strictEqual((yield* ask(host, "t")).text, "no route")
      yield* addRoute(host)
      assert.strictEqual((yield* ask(host, "t")).text, "no route")
    })
  )
})

/** Answers to challenges are rows, as the worker writes them. */
const rows = Layer.effect(
  CaWorld,
  Effect.map(Effect.context<SqlClient>(), (context) =>
    CaWorld.of({
      present: ({ keyAuthorization, name, token }) =>
        addChallenge(name, token, keyAuthorization).pipe(Effect.asVoid, Effect.orDie, Effect.provide(context)),
      anotherClient: Effect.dieMessage("there is one client"),
      refusedName: "refused.test"
    })
  )
)
const authority = Layer.unwrapEffect(Effect.map(Frontline, ({ port }) => pebble({ httpPort: port })))
const certified = Layer.mergeAll(pebbleClient(), rows, PkiLive).pipe(
  Layer.provideMerge(authority),
  Layer.provideMerge(Layer.merge(world(), challengeTestServer({ answersHttp: false })))
)

layer(certified, { excludeTestServices: true })(
  "a real test CA behind which the simulator of frontline answers",
  (it) => {
    it.scoped("issues for a domain whose route and challenge are in the database", () =>
      Effect.gen(function* () {
        const client = yield* Acme
        const pki = yield* Pki
        const host = "shop.customer.test"
        yield* addRoute(host)
        yield* addDomain(host)
        const key = yield* pki.generateAccountKey
        const { chain } = yield* issue(client, { key, url: yield* client.register(key) }, [named(host)], "http-01")
        assert.deepStrictEqual((yield* pki.inspect(chain)).names, [host])
        const outcomes = (yield* (yield* Frontline).questions).map(({ outcome }) => outcome)
        assert.isNotEmpty(outcomes)
        assert.notInclude(outcomes, "no route")
      })
    )
  }
)
