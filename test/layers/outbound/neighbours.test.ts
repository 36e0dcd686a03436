import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Duration,
  Effect,
  Either,
  Fiber,
  Layer,
  Option,
  Redacted,
  Schedule,
  Schema,
  type Scope,
  TestClock
} from "effect"
import { AcmeClientLive } from "../../../src/layers/acme/AcmeClientLive.ts"
import { authorizeClone, gitClient } from "../../../src/layers/builder/authorizeClone.ts"
import { connectClickhouse } from "../../../src/layers/clickhouse/ClickhouseConnection.ts"
import { Route53ZoneLive } from "../../../src/layers/dns/Route53ZoneLive.ts"
import { GitHubLive } from "../../../src/layers/github/GitHubLive.ts"
import { HttpHeartbeatLive } from "../../../src/layers/HttpHeartbeatLive.ts"
import { ImageRegistryHttpLive } from "../../../src/layers/ImageRegistryHttp.ts"
import { RestateIngressHttpLive } from "../../../src/layers/RestateIngressHttp.ts"
import { InvocationsHttpLive } from "../../../src/layers/restateAdmin/InvocationsHttp.ts"
import { RestateAdminHttpLive } from "../../../src/layers/restateAdmin/RestateAdminHttp.ts"
import { RestateVersionsHttpLive } from "../../../src/layers/restateAdmin/RestateVersionsHttp.ts"
import { SlackNotifierLive } from "../../../src/layers/slack/SlackNotifierLive.ts"
import { TelemetryLive } from "../../../src/layers/telemetry/Telemetry.ts"
import { HashicorpVaultLive } from "../../../src/layers/vault/HashicorpVaultLive.ts"
import { UnkeyVaultLive } from "../../../src/layers/vault/UnkeyVaultLive.ts"
import { Invocations } from "../../../src/operations/Invocations.ts"
import { RestateAdmin } from "../../../src/operations/RestateAdmin.ts"
import { RestateIngress } from "../../../src/operations/RestateIngress.ts"
import { RestateVersions } from "../../../src/operations/RestateVersions.ts"
import { GitHub } from "../../../src/services/builds/GitHub.ts"
import { ImageRegistry } from "../../../src/services/builds/ImageRegistry.ts"
import { Acme } from "../../../src/services/certificate/Acme.ts"
import { DnsZone } from "../../../src/services/dns/DnsZone.ts"
import { Heartbeat } from "../../../src/services/Heartbeat.ts"
import { Notifier } from "../../../src/services/quotaCheck/Notifier.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"
import { recordAt } from "../../support/challengeRecords.ts"
import { hostileServer, type Malice } from "../../support/HostileServer.ts"
import { untilIo } from "../../support/untilIo.ts"

const secret = Redacted.make("canary-secret")
const key = Option.some(secret)
const once = Schedule.recurs(0)

type Call = (url: string) => Effect.Effect<unknown, { readonly reason: string }, Scope.Scope>

const traces = (url: string) =>
  TelemetryLive({
    traces: Option.some({
      url: `${url}/v1/traces`,
      encoding: "json",
      exportEveryMillis: 60_000,
      batchSize: 10,
      headers: Redacted.make({ "api-key": "canary-secret", authorization: "canary-secret" })
    }),
    sampleRate: 1,
    version: "0",
    instanceId: "i",
    region: "",
    serviceName: Option.none(),
    resourceAttributes: {}
  })

/** One call of each layer that calls a remote service over HTTP. */
const calls: Readonly<Record<string, Call>> = {
  git: (url) =>
    Effect.flatMap(gitClient, (git) =>
      authorizeClone(git, { url: `${url}/a/b.git`, commitSha: "0".repeat(40), token: secret }, "12 seconds")
    ),
  GitHub: (url) =>
    Effect.flatMap(GitHub, (gitHub) => gitHub.branchHead("a/b", "main", null)).pipe(
      Effect.provide(GitHubLive({ apiUrl: url, app: Option.none(), allowsUnauthenticated: true }))
    ),
  "Unkey's vault": (url) =>
    Effect.flatMap(Vault, (vault) => vault.check).pipe(Effect.provide(UnkeyVaultLive({ url, token: key }))),
  "HashiCorp's vault": (url) =>
    Effect.flatMap(Vault, (vault) => vault.check).pipe(
      Effect.provide(
        HashicorpVaultLive({
          url,
          namespace: Option.none(),
          transitMount: "transit",
          associatedData: true,
          caFile: Option.none(),
          login: { method: "token", token: secret }
        }).pipe(Layer.provide(NodeFileSystem.layer))
      ),
      Effect.catchTag("VaultFileRefused", Effect.die)
    ),
  ClickHouse: (url) =>
    Effect.flatMap(
      connectClickhouse({
        url,
        user: "app",
        password: secret,
        database: "default",
        checkCertificate: true,
        requestTimeout: Duration.seconds(10)
      }),
      (clickhouse) => clickhouse.select("ask", "SELECT 1 AS one", {}, Schema.Unknown)
    ),
  "Restate's admin API": (url) =>
    Effect.flatMap(RestateAdmin, ({ version }) => version).pipe(
      Effect.provide(RestateAdminHttpLive({ adminUrl: url, apiKey: key }))
    ),
  "Restate's introspection": (url) =>
    Effect.flatMap(Invocations, ({ paused }) => paused(10)).pipe(
      Effect.provide(InvocationsHttpLive({ adminUrl: url, apiKey: key }))
    ),
  "Restate's versions": (url) =>
    Effect.flatMap(RestateVersions, ({ registered }) => registered).pipe(
      Effect.provide(RestateVersionsHttpLive({ adminUrl: url, apiKey: key }))
    ),
  "Restate's ingress": (url) =>
    Effect.flatMap(RestateIngress, ({ send }) =>
      send({ service: "A", key: "b", handler: "c", input: {}, idempotencyKey: "k" })
    ).pipe(Effect.provide(RestateIngressHttpLive({ url, apiKey: key, retry: { delays: once, times: 1 } }))),
  "a registry": (url) =>
    Effect.flatMap(ImageRegistry, ({ check }) => check).pipe(
      Effect.provide(
        ImageRegistryHttpLive({
          url: url.replace("http://", ""),
          username: "builder",
          password: secret,
          insecure: true
        })
      )
    ),
  "a certificate authority": (url) =>
    Effect.flatMap(Acme, ({ check }) => check).pipe(
      Effect.provide(AcmeClientLive({ directoryUrl: `${url}/dir`, contactEmail: "a@b.test" })),
      Effect.catchTag("AcmeProblem", Effect.die)
    ),
  "Route 53": (url) =>
    Effect.flatMap(DnsZone, ({ check }) => check(recordAt("_acme-challenge.a.example"))).pipe(
      Effect.provide(
        Route53ZoneLive({
          region: "us-east-1",
          accessKeyId: secret,
          secretAccessKey: secret,
          hostedZoneId: Option.some("Z1"),
          endpoint: Option.some(url)
        })
      ),
      Effect.catchTag("DnsZoneRefused", Effect.die)
    )
}

const monitors = (url: string) => {
  const address = Option.some(Redacted.make(`${url}/canary-secret`))
  return HttpHeartbeatLive({ cert_renewal: address, quota_check: address, key_refill: address })
}
const webhook = (url: string) => SlackNotifierLive(Option.some(Redacted.make(`${url}/canary-secret`)))
const notice = {
  kind: "first",
  workspaceName: "w",
  workspaceId: "ws_1",
  orgId: "org_1",
  stripeCustomerId: null,
  tier: null,
  limit: 1,
  used: 2
} as const

/** Layers that read no body: they succeed by status alone, so only silence and redirects can fail them. */
const statusOnly: Readonly<Record<string, Call>> = {
  Slack: (url) => Effect.flatMap(Notifier, (it) => it.quotaExceeded(notice)).pipe(Effect.provide(webhook(url))),
  "a heartbeat": (url) => Effect.flatMap(Heartbeat, (it) => it.send("key_refill")).pipe(Effect.provide(monitors(url)))
}

/** Real-time limit of a call that must not hang. */
const soon = Effect.timeoutFail({ duration: "20 seconds", onTimeout: () => ({ reason: "hangs" }) })

const failureOf = (call: Call, malice: Malice) =>
  Effect.gen(function* () {
    const server = yield* hostileServer(malice)
    const outcome = yield* Effect.either(soon(call(server.url)))
    const reason = Either.isLeft(outcome) ? outcome.left.reason : "succeeds"
    return { ...server, reason }
  })

/** Kernel buffers on both sides of a connection, and data in this process. */
const underway = 16 * 1024 * 1024
const largestBound = 16 * 1024 * 1024

describe("a hostile neighbour", () => {
  for (const [name, call] of Object.entries({ ...calls, ...statusOnly })) {
    const whole = name in calls && name !== "a registry"

    it.scopedLive(`[${name}] that sends 1 GiB in 1 MiB of gzip is not decoded`, () =>
      Effect.gen(function* () {
        const before = process.memoryUsage().rss
        const { reason, visits } = yield* failureOf(call, "bomb")
        if (whole) assert.notInclude(["succeeds", "hangs", "timeout"], reason)
        for (const { headers } of visits) assert.strictEqual(headers["accept-encoding"], "identity")
        assert.isBelow(process.memoryUsage().rss - before, 256 * 1024 * 1024)
      })
    )

    it.scopedLive(`[${name}] whose answer does not end is cut off at the bound`, () =>
      Effect.gen(function* () {
        const { reason, sent, visits } = yield* failureOf(call, "endless")
        if (whole) assert.notInclude(["succeeds", "hangs", "timeout"], reason)
        assert.isBelow(sent.bytes, visits.length * (largestBound + underway))
      })
    )

    it.scopedLive(`[${name}] that redirects to another origin is not followed there`, () =>
      Effect.gen(function* () {
        const { elsewhere, reason, visits } = yield* failureOf(call, "redirect")
        assert.notInclude(["succeeds", "hangs"], reason)
        assert.isNotEmpty(visits)
        assert.isEmpty(elsewhere)
      })
    )

    it.scoped(`[${name}] that takes a connection and says nothing is given up`, () =>
      Effect.gen(function* () {
        const { url, visits } = yield* hostileServer("silence")
        const running = yield* Effect.fork(Effect.flip(call(url)))
        yield* untilIo(Effect.sync(() => visits.length > 0))
        // The Route 53 SDK retries in real time: each attempt is bounded like the first.
        const done = yield* Effect.fork(Fiber.join(running))
        yield* untilIo(Effect.zipRight(TestClock.adjust("1 second"), Effect.map(Fiber.poll(done), Option.isSome)))
        // An insecure registry is tried over TLS after plain HTTP, which this server closes.
        assert.strictEqual((yield* Fiber.join(done)).reason, name === "a registry" ? "unreachable" : "timeout")
      })
    )
  }

  for (const malice of ["bomb", "endless", "redirect"] as const)
    it.scopedLive(`[a collector] ${malice}: credentials go nowhere else, and the program ends well`, () =>
      Effect.gen(function* () {
        const { elsewhere, sent, url, visits } = yield* hostileServer(malice)
        yield* soon(Effect.void.pipe(Effect.withSpan("a span"), Effect.provide(traces(url))))
        assert.isNotEmpty(visits)
        assert.isEmpty(elsewhere)
        assert.isBelow(sent.bytes, visits.length * (largestBound + underway))
      })
    )
})
