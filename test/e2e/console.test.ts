import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer, Schema } from "effect"
import { Krane } from "../../dev/simulators/Krane.ts"
import { freePort } from "../../dev/stack/Port.ts"
import { Console } from "../../src/composition/console.ts"
import { workerConfig } from "../../src/config.ts"
import { ErrorAnswer } from "../../src/console/api/Answer.ts"
import { AboutAnswer } from "../../src/console/api/about.ts"
import { BuildsAnswer } from "../../src/console/api/builds.ts"
import { BuildLogAnswer, DeploymentAnswer, DeploymentsAnswer } from "../../src/console/api/deployments.ts"
import { CertificatesAnswer, DomainsAnswer } from "../../src/console/api/domains.ts"
import { ActionAnswer, InvocationAnswer, InvocationsAnswer, ServicesAnswer } from "../../src/console/api/invocations.ts"
import { namesOf, seedCustomDomain, seedDeployment, seedProject } from "../support/memory/seeds.ts"
import { RestateClient, untilInvocation } from "../support/stack/Restate.ts"
import { deploymentRow, deployNew } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { stack, Workers } from "./support/Stack.ts"

const region = "us-east-1.aws"
const token = "an operator's token of 32 letters".replaceAll(/[' ]/g, "-")

const settingsAt = (port: number) => ({
  WORKER_CONSOLE_PORT: String(port),
  WORKER_CONSOLE_HOST: "127.0.0.1",
  WORKER_CONSOLE_TOKEN: token
})

class ConsoleUrl extends Context.Tag("test/e2e/ConsoleUrl")<ConsoleUrl, string>() {}

const sent = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.gen(function* () {
    const url = yield* ConsoleUrl
    const http = yield* HttpClient.HttpClient
    const answer = yield* http.execute(HttpClientRequest.prependUrl(request, url))
    return { status: answer.status, json: yield* answer.json }
  }).pipe(Effect.provide(FetchHttpClient.layer))

const get = (path: string) => sent(HttpClientRequest.bearerToken(HttpClientRequest.get(path), token))

const read = <A, I>(schema: Schema.Schema<A, I>, path: string) =>
  Effect.gen(function* () {
    const { json, status } = yield* get(path)
    assert.strictEqual(status, 200, `${path}: ${JSON.stringify(json)}`)
    return yield* Schema.decodeUnknown(schema)(json)
  })

const own = { "x-console-action": "1", "content-type": "application/json", "sec-fetch-site": "same-origin" }

const act = (path: string, headers: Readonly<Record<string, string>>) =>
  sent(
    HttpClientRequest.post(path).pipe(
      HttpClientRequest.bearerToken(token),
      HttpClientRequest.bodyText("{}", headers["content-type"]),
      HttpClientRequest.setHeaders(headers)
    )
  )

const consoleStack = Layer.unwrapEffect(
  Effect.map(freePort, (port) =>
    Layer.merge(
      stack({ regions: [region], env: { ...settingsAt(port), WORKER_CONSOLE_ACTIONS: "true" } }),
      Layer.succeed(ConsoleUrl, `http://127.0.0.1:${port}`)
    )
  )
)

layer(consoleStack, { excludeTestServices: true, timeout: "1 minute" })("the console of a worker", (it) => {
  it.effect(
    "shows a deploy that was sent through the ingress: in the lists, and as a page with its journal and routes",
    () =>
      Effect.gen(function* () {
        yield* seedProject("shop", { regions: { [region]: 1 } })
        yield* deployNew("shop", "d_shop_1", 1)
        yield* deployNew("shop", "d_shop_2", 2)
        const { data: about } = yield* read(AboutAnswer, "/api/about")
        assert.deepInclude(about, { actions: true, user: null, sources: ["database", "restate"] })

        const { projectId } = namesOf("shop")
        const first = yield* read(DeploymentsAnswer, `/api/deployments?project=${projectId}&limit=1`)
        assert.deepStrictEqual(first.missing, [])
        assert.deepInclude(first.data.items[0], { id: "d_shop_2", status: "ready", isLive: true })
        const second = yield* read(
          DeploymentsAnswer,
          `/api/deployments?project=${projectId}&limit=1&after=${first.data.next}`
        )
        assert.deepInclude(second.data.items[0], { id: "d_shop_1", isLive: false })
        assert.isNull(second.data.next)

        const { data, missing } = yield* read(DeploymentAnswer, "/api/deployments/d_shop_2")
        assert.deepStrictEqual(missing, [])
        assert.deepInclude(data.invocation, { status: "completed", result: "success", key: projectId })
        const steps = data.journal?.entries.filter(({ kind }) => kind === "step").map(({ name }) => name) ?? []
        assert.includeMembers(steps, ["load-deployment", "check-instances", "finish"])
        assert.isTrue(data.journal?.entries.every(({ firstAt, isCompleted }) => isCompleted && firstAt !== null))
        assert.isNotEmpty(data.routes)
        assert.deepStrictEqual(
          data.history?.map(({ id }) => id),
          ["d_shop_2", "d_shop_1"]
        )

        const found = yield* read(InvocationsAnswer, "/api/invocations?q=d_shop_1")
        const deploy = found.data.items.find(({ handler }) => handler === "Deploy")
        const page = yield* read(InvocationAnswer, `/api/invocations/${deploy?.id}`)
        assert.deepInclude(page.data.invocation, { key: projectId, status: "completed" })
        assert.include((yield* read(ServicesAnswer, "/api/services")).data, "hydra.v1.DeployService")
      })
  )

  it.effect("lists invocations newest first, page after page, each once", () =>
    Effect.gen(function* () {
      const all = yield* read(InvocationsAnswer, "/api/invocations?limit=200")
      const seen: Array<string> = []
      let after: string | null = null
      do {
        const query: string = after === null ? "" : `&after=${encodeURIComponent(after)}`
        const page: typeof InvocationsAnswer.Type = yield* read(InvocationsAnswer, `/api/invocations?limit=2${query}`)
        seen.push(...page.data.items.map(({ id }) => id))
        after = page.data.next
      } while (after !== null)
      assert.deepStrictEqual(
        seen,
        all.data.items.map(({ id }) => id)
      )
      assert.isAbove(seen.length, 4)
      const times = all.data.items.map(({ createdAt }) => createdAt)
      assert.deepStrictEqual(
        times,
        times.toSorted((a, b) => b - a)
      )
      assert.isNotEmpty((yield* read(InvocationsAnswer, "/api/invocations?status=completed&service=deploy")).data.items)
      assert.deepStrictEqual((yield* read(InvocationsAnswer, "/api/invocations?status=paused")).data.items, [])
      assert.deepStrictEqual((yield* read(InvocationsAnswer, "/api/invocations?q=' OR 1=1 --")).data.items, [])
    })
  )

  it.effect("a deploy that polls is one entry of the journal, and a user cancels it; the log says who did", () =>
    Effect.gen(function* () {
      yield* seedProject("wait", { regions: { [region]: 1 } })
      const krane = yield* Krane
      yield* krane.slowDown(region, "1 hour")
      yield* seedDeployment("wait", "d_wait", { git_branch: "<script>alert(1)</script>" })
      const restate = yield* RestateClient
      const invocation = yield* restate.send(`hydra.v1.DeployService/${namesOf("wait").projectId}/Deploy`, {
        deploymentId: "d_wait",
        dockerImage: { image: "nginx" }
      })
      yield* eventually("the deploy waits", deploymentRow("d_wait"), (row) => row?.status === "deploying")
      yield* untilInvocation(restate, invocation, ({ journal_size }) => Number(journal_size) > 40)
      const { data } = yield* read(DeploymentAnswer, "/api/deployments/d_wait")
      assert.strictEqual(data.waitsFor?.reason, "instances")
      const polls = data.journal?.entries.filter(({ name }) => name === "check-instances") ?? []
      assert.lengthOf(polls, 1)
      assert.isAbove(polls[0]?.count ?? 0, 1)
      assert.strictEqual(data.deployment?.gitBranch, "<script>alert(1)</script>")

      const path = `/api/invocations/${invocation}/cancel`
      for (const headers of [
        { ...own, "sec-fetch-site": "cross-site" },
        { ...own, "x-console-action": "" },
        { ...own, "sec-fetch-site": "same-site" }
      ])
        assert.strictEqual((yield* act(path, headers)).status, 403)
      assert.strictEqual((yield* act(path, { ...own, "content-type": "text/plain" })).status, 415)
      assert.strictEqual((yield* act(`/api/invocations/${invocation}/purge`, own)).status, 404)
      const accepted = yield* act(path, own)
      assert.deepStrictEqual(yield* Schema.decodeUnknown(ActionAnswer)(accepted.json), {
        data: { outcome: "accepted", reason: null },
        missing: []
      })
      yield* eventually("the deploy is cancelled", deploymentRow("d_wait"), (row) => row?.status === "failed")
      yield* krane.slowDown(region, 0)

      const { first } = yield* Workers
      const line = (yield* first.log).split("\n").find((each) => each.includes('"console.action"')) ?? "{}"
      assert.deepInclude(JSON.parse(line), {
        message: "A user of the console acted on an invocation",
        action: "cancel",
        invocation,
        outcome: "accepted",
        user: "token",
        address: "127.0.0.1"
      })
      assert.notInclude(yield* first.log, token)
    })
  )

  it.effect("shows domains, certificates and builds, and says that no ClickHouse is configured", () =>
    Effect.gen(function* () {
      yield* seedCustomDomain("shop", "www.example.com", { id: "dom_www" })
      const domains = yield* read(DomainsAnswer, "/api/domains?status=pending")
      assert.deepInclude(domains.data.items[0], { domain: "www.example.com", challengeStatus: null })
      assert.strictEqual((yield* get("/api/domains/www.example.com")).status, 200)
      assert.strictEqual((yield* get("/api/certificates/www.example.com")).status, 200)
      assert.deepStrictEqual((yield* read(CertificatesAnswer, "/api/certificates")).missing, [])
      assert.deepStrictEqual((yield* read(BuildsAnswer, "/api/builds")).data.items, [])
      const log = yield* read(BuildLogAnswer, "/api/deployments/d_shop_1/log")
      assert.deepStrictEqual(log.missing, [{ source: "clickhouse", reason: "clickhouse.url is not set" }])
    })
  )

  it.effect("answers what it does not know with 404, and what is not valid with 400", () =>
    Effect.gen(function* () {
      for (const path of ["/api/deployments/d_none", "/api/domains/none.example", "/api/builds/bld-none", "/api/none"])
        assert.strictEqual((yield* get(path)).status, 404, path)
      const invalid = yield* get("/api/deployments?status=unknown&limit=0&after='")
      assert.strictEqual(invalid.status, 400)
      assert.deepStrictEqual(yield* Schema.decodeUnknown(ErrorAnswer)(invalid.json), {
        error: "not valid: after, limit, status",
        suggestions: []
      })
      const unknown = yield* get("/api/invocations?service=DeploService")
      assert.strictEqual(unknown.status, 404)
    })
  )
})

/** The console alone, with addresses at which nothing listens. */
const withoutSources = Layer.unwrapEffect(
  Effect.map(freePort, (port) =>
    Layer.merge(
      Console([]).pipe(
        Layer.provide(workerConfig([])),
        Layer.provide(NodeContext.layer),
        Layer.provide(
          Layer.setConfigProvider(
            ConfigProvider.fromMap(
              new Map(
                Object.entries({
                  ...settingsAt(port),
                  WORKER_DATABASE_PRIMARY: "mysql://root@127.0.0.1:1/unkey",
                  WORKER_RESTATE_ADMIN_URL: "http://127.0.0.1:1",
                  WORKER_CLICKHOUSE_URL: "http://default@127.0.0.1:1"
                })
              ),
              { pathDelim: "_" }
            )
          )
        )
      ),
      Layer.succeed(ConsoleUrl, `http://127.0.0.1:${port}`)
    )
  )
)

describe("the console of a worker whose MySQL, Restate and ClickHouse do not answer", () => {
  it.live("answers every list with 200 and names what is missing, and no page with an unknown subject", () =>
    Effect.gen(function* () {
      const lists = [
        ["/api/deployments", DeploymentsAnswer, "database"],
        ["/api/domains", DomainsAnswer, "database"],
        ["/api/certificates", CertificatesAnswer, "database"],
        ["/api/builds", BuildsAnswer, "database"],
        ["/api/invocations", InvocationsAnswer, "restate"]
      ] as const
      for (const [path, schema, source] of lists) {
        const { json, status } = yield* get(path)
        assert.strictEqual(status, 200, path)
        const { data, missing } = yield* Schema.decodeUnknown(
          Schema.Struct({ ...schema.fields, data: Schema.Unknown })
        )(json)
        assert.deepStrictEqual(data, { items: [], next: null })
        assert.deepStrictEqual(
          missing.map((each) => each.source),
          [source]
        )
      }
      const log = yield* read(BuildLogAnswer, "/api/deployments/d_1/log")
      assert.deepStrictEqual(
        log.missing.map(({ source }) => source),
        ["database"]
      )
      for (const path of ["/api/deployments/d_1", "/api/domains/www.example.com", "/api/builds/bld-1"])
        assert.strictEqual((yield* get(path)).status, 503, path)
      const refused = yield* act("/api/invocations/inv_1iIrnYJc45nP3hxHqIciJyNAIdSjbYMvCz/kill", own)
      assert.strictEqual(refused.status, 403)
    }).pipe(Effect.provide(withoutSources))
  )
})
