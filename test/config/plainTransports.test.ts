import { generateKeyPairSync } from "node:crypto"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { openTelemetryVariables } from "../../src/config/openTelemetry.ts"
import { settingsByPath } from "../../src/config/Setting.ts"
import { settings } from "../../src/config/settings.ts"
import { loadWorkerConfig } from "../../src/config.ts"

type Environment = Readonly<Record<string, string>>

const database = { WORKER_DATABASE_PRIMARY: "app:pw@unix(/run/mysqld.sock)/unkey" }

const load = (env: Environment) =>
  loadWorkerConfig([]).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ ...database, ...env })), { pathDelim: "_" })
    )
  )

/** `setting address weakness` of each secret that is exposed. */
const exposedBy = (env: Environment) =>
  Effect.map(load(env), ({ exposed }) =>
    exposed.map(({ address, setting, weakness }) => `${setting} ${address} ${weakness}`)
  )

const app = {
  WORKER_GITHUB_APP_ID: "7",
  WORKER_GITHUB_PRIVATE_KEY_PEM: generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" }
  }).privateKey
}
const registry = {
  WORKER_REGISTRY_URL: "registry.test/team",
  WORKER_REGISTRY_USERNAME: "u",
  WORKER_REGISTRY_PASSWORD: "s3cret",
  WORKER_BUILDER_KIND: "none"
}
const buildkit = { ...registry, WORKER_BUILDER_KIND: "buildkit" }
const clickhouse = (name: string, address: string) => ({ WORKER_VAULT_URL: "https://vault", [name]: address })

const cases: ReadonlyArray<readonly [what: string, env: Environment, exposed: ReadonlyArray<string>]> = [
  ["nothing but a socket", {}, []],
  [
    "a database in the clear",
    { WORKER_DATABASE_PRIMARY: "app:pw@tcp(db)/unkey" },
    ["database.primary db:3306 not encrypted"]
  ],
  [
    "a database that is only encrypted",
    { WORKER_DATABASE_READONLY_REPLICA: "mysql://app:pw@db:3307/unkey?sslmode=required" },
    ["database.readonly_replica db:3307 the server is not verified"]
  ],
  [
    "a database that is preferably encrypted",
    { WORKER_DATABASE_PRIMARY: "app:pw@tcp(db)/unkey?tls=preferred" },
    ["database.primary db:3306 the server is not verified"]
  ],
  ["a database that is verified", { WORKER_DATABASE_PRIMARY: "app:pw@tcp(db)/unkey?tls=true" }, []],
  ["a database of this machine", { WORKER_DATABASE_PRIMARY: "app:pw@tcp([::1])/unkey" }, []],
  [
    "a vault in the clear",
    { WORKER_VAULT_URL: "http://vault:8200/x" },
    ["vault.url http://vault:8200/… not encrypted"]
  ],
  ["a vault with TLS", { WORKER_VAULT_URL: "https://vault:8200" }, []],
  ["a vault of this machine", { WORKER_VAULT_URL: "http://127.0.0.1:8200" }, []],
  ["an admin API without a key", { WORKER_RESTATE_ADMIN_URL: "http://restate:9070" }, []],
  [
    "a key for the admin API at its default address",
    { WORKER_RESTATE_API_KEY: "s3cret" },
    ["restate.admin_url http://restate:9070 not encrypted"]
  ],
  [
    "a key for an admin API with TLS",
    { WORKER_RESTATE_API_KEY: "s3cret", WORKER_RESTATE_ADMIN_URL: "https://restate" },
    []
  ],
  [
    "an analytics database in the clear",
    clickhouse("WORKER_CLICKHOUSE_URL", "clickhouse://u:s3cret@ch:9000"),
    ["clickhouse.url http://ch:8123 not encrypted"]
  ],
  [
    "an admin of the analytics database whose server is not verified",
    clickhouse("WORKER_CLICKHOUSE_ADMIN_URL", "https://u:s3cret@ch?skip_verify=true"),
    ["clickhouse.admin_url https://ch the server is not verified"]
  ],
  ["an analytics database with TLS", clickhouse("WORKER_CLICKHOUSE_URL", "clickhouse://u:s3cret@ch:9440"), []],
  ["Depot in the clear", { WORKER_DEPOT_API_URL: "http://depot" }, ["depot.api_url http://depot not encrypted"]],
  ["GitHub in the clear without an App", { WORKER_GITHUB_API_URL: "http://ghe/api/v3" }, []],
  [
    "GitHub in the clear with an App",
    { ...app, WORKER_GITHUB_API_URL: "http://ghe/api/v3", WORKER_GITHUB_GIT_URL: "http://git" },
    ["github.api_url http://ghe/… not encrypted", "github.git_url http://git not encrypted"]
  ],
  ["a registry with TLS", registry, []],
  [
    "a registry that need not be verified",
    { ...registry, WORKER_REGISTRY_INSECURE: "true" },
    ["registry.url registry.test not encrypted"]
  ],
  [
    "such a registry of this machine",
    { ...registry, WORKER_REGISTRY_INSECURE: "true", WORKER_REGISTRY_URL: "127.0.0.1:5000" },
    []
  ],
  [
    "a BuildKit without TLS that is allowed",
    { ...buildkit, WORKER_BUILDER_BUILDKIT_ADDRESS: "tcp://buildkitd:1234", WORKER_BUILDER_INSECURE: "true" },
    ["builder.buildkit_address tcp://buildkitd:1234 not encrypted"]
  ],
  [
    "a BuildKit with TLS",
    { ...buildkit, WORKER_BUILDER_BUILDKIT_ADDRESS: "tcp://buildkitd:1234", WORKER_BUILDER_TLS_CA_FILE: "/ca.pem" },
    []
  ],
  ["a BuildKit of this machine", { ...buildkit, WORKER_BUILDER_BUILDKIT_ADDRESS: "tcp://127.0.0.1:1234" }, []],
  [
    "Slack in the clear",
    { WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: "http://slack/s3cret" },
    ["slack.quota_check_webhook_url http://slack/… not encrypted"]
  ],
  [
    "a heartbeat in the clear",
    { WORKER_HEARTBEAT_KEY_REFILL_URL: "http://monitor/s3cret?x=s3cret" },
    ["heartbeat.key_refill_url http://monitor/…?… not encrypted"]
  ],
  ["a collector in the clear without headers", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }, []],
  [
    "a collector in the clear with headers",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_EXPORTER_OTLP_HEADERS: "a=s3cret" },
    ["OTEL_EXPORTER_OTLP_ENDPOINT http://collector:4318 not encrypted"]
  ],
  [
    "a collector that is not the one for spans",
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://spans/s3cret",
      OTEL_EXPORTER_OTLP_HEADERS: "a=s3cret"
    },
    []
  ],
  [
    "a collector that is switched off",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_HEADERS: "a=s3cret", OTEL_SDK_DISABLED: "true" },
    []
  ],
  [
    "a stand-in of Route 53",
    { WORKER_ACME_ROUTE53_ENDPOINT: "http://stand-in" },
    ["acme.route53.endpoint http://stand-in not encrypted"]
  ]
]

describe("secrets that settings send in the clear", () => {
  for (const [what, env, exposed] of cases)
    it.effect(`${what}: ${exposed.length === 0 ? "none" : exposed.join(", ")}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* exposedBy(env), exposed)
        const { exposed: found } = yield* load(env)
        assert.notInclude(JSON.stringify(found), "s3cret")
      })
    )

  it("are looked for in every setting that is an address", () => {
    const named = [...settingsByPath(settings), ...Object.entries(openTelemetryVariables)].filter(
      ([path, { kind }]) =>
        /url$|address$|endpoint$|register_as$|^database\.(primary|readonly_replica)$/i.test(path) ||
        /address/.test(kind.accepts)
    )
    assert.isAbove(named.length, 18)
    const forgotten = named.filter(([path, { kind }]) => !kind.isAddress && !path.startsWith("dns."))
    assert.deepStrictEqual(
      forgotten.map(([path]) => path),
      []
    )
  })

  it.effect("a BuildKit on another machine without TLS is refused unless that is allowed", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(load({ ...buildkit, WORKER_BUILDER_BUILDKIT_ADDRESS: "tcp://buildkitd:1234" }))
      assert.deepStrictEqual(
        refused.problems.map(({ setting }) => setting),
        ["builder.buildkit_address (WORKER_BUILDER_BUILDKIT_ADDRESS)"]
      )
      assert.include(refused.message, "builder.insecure allows it")
    })
  )
})
