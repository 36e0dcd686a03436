import { generateKeyPairSync } from "node:crypto"
import { inspect } from "node:util"
import { FileSystem } from "@effect/platform"
import { SystemError } from "@effect/platform/Error"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Either, Inspectable, Option, Redacted } from "effect"
import { describeConfig, loadWorkerConfig } from "../src/config.ts"

const required = { WORKER_DATABASE_PRIMARY: "app:pa55word@tcp(db:3306)/unkey?parseTime=true" }

const files = (contents: Readonly<Record<string, string>>) =>
  FileSystem.layerNoop({
    readFileString: (path) =>
      contents[path] === undefined
        ? Effect.fail(
            new SystemError({
              reason: "NotFound",
              module: "FileSystem",
              method: "readFileString",
              pathOrDescriptor: path
            })
          )
        : Effect.succeed(contents[path])
  })

const load = (options: {
  readonly env?: Readonly<Record<string, string>>
  readonly toml?: string
  readonly args?: ReadonlyArray<string>
}) =>
  loadWorkerConfig(options.args ?? (options.toml === undefined ? [] : ["--config", "worker.toml"])).pipe(
    Effect.provide(files(options.toml === undefined ? {} : { "worker.toml": options.toml })),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries(options.env ?? required)), { pathDelim: "_" })
    )
  )

const problems = (options: Parameters<typeof load>[0]) =>
  Effect.map(Effect.flip(load(options)), (error) =>
    error.problems.map(({ setting, problem }) => `${setting}: ${problem}`).sort()
  )

describe("config", () => {
  it.effect("[W1] one required setting is enough and everything else has its documented default", () =>
    Effect.gen(function* () {
      const config = yield* load({})
      assert.match(config.instanceId, /^ins_[1-9A-HJ-NP-Za-km-z]{8}$/)
      assert.strictEqual(config.restate.httpPort, 9080)
      assert.strictEqual(config.restate.adminUrl, "http://restate:9070")
      assert.isFalse(config.restate.forceRegistration)
      assert.strictEqual(Duration.toSeconds(config.restate.drainTimeout), 25)
      assert.strictEqual(config.observability.tracing.sampleRate, 0.25)
      assert.strictEqual(config.observability.metrics.prometheusPort, 0)
      assert.deepStrictEqual(config.availableRegions, [])
      assert.strictEqual(config.quotaCheck.minimumUsage, 150_000)
      assert.strictEqual(config.keyRefill.batchSize, 1_000)
      assert.isTrue(Option.isNone(config.github.app))
      assert.strictEqual(config.builds.maxPerWorkspace, 5)
      assert.strictEqual(Duration.toMinutes(config.builds.deadline), 30)
      assert.isTrue(Option.isNone(config.vault))
      assert.isTrue(Option.isNone(config.openTelemetry.traces))
    })
  )

  it.effect("the console needs a token or the header of a proxy, and a port of its own", () =>
    Effect.gen(function* () {
      const on = { ...required, WORKER_CONSOLE_PORT: "9082" }
      const token = "0123456789abcdef0123456789abcdef"
      assert.deepStrictEqual(yield* problems({ env: on }), [
        "console.token (WORKER_CONSOLE_TOKEN): console.token or console.user_header is required because console.port is set"
      ])
      for (const port of ["9080", "9090"])
        assert.deepStrictEqual(
          yield* problems({
            env: {
              ...on,
              WORKER_CONSOLE_PORT: port,
              WORKER_CONSOLE_TOKEN: token,
              WORKER_OBSERVABILITY_METRICS_PROMETHEUS_PORT: "9090"
            }
          }),
          [
            "console.port (WORKER_CONSOLE_PORT): must differ from restate.http_port and observability.metrics.prometheus_port"
          ]
        )
      const refused: ReadonlyArray<Record<string, string>> = [
        { WORKER_CONSOLE_TOKEN: "short" },
        { WORKER_CONSOLE_TOKEN: token, WORKER_CONSOLE_TRUSTED_PROXIES: "10.0.0.0/33" },
        { WORKER_CONSOLE_TOKEN: token, WORKER_CONSOLE_TRUSTED_PROXIES: "proxy.example" },
        { WORKER_CONSOLE_TOKEN: token, WORKER_CONSOLE_TRACE_URL: "https://traces.example/" },
        { WORKER_CONSOLE_TOKEN: token, WORKER_CONSOLE_TRACE_URL: "javascript:alert('{trace_id}')" },
        { WORKER_CONSOLE_USER_HEADER: "X Forwarded User", WORKER_CONSOLE_TRUSTED_PROXIES: "127.0.0.1" },
        // Which addresses may name any user is a decision: loopback is also where `kubectl port-forward` comes from.
        { WORKER_CONSOLE_USER_HEADER: "X-Forwarded-User" }
      ]
      for (const given of refused)
        assert.isNotEmpty(yield* problems({ env: { ...on, ...given } }), JSON.stringify(given))
      const { console } = yield* load({
        env: {
          ...on,
          WORKER_CONSOLE_USER_HEADER: "X-Forwarded-User",
          WORKER_CONSOLE_TRUSTED_PROXIES: "10.0.12.0/24,::1"
        }
      })
      assert.deepStrictEqual(console.trustedProxies, ["10.0.12.0/24", "::1"])
      assert.isFalse(console.actions)
      assert.strictEqual((yield* load({})).console.port, 0)
    })
  )

  it.effect("a delegation domain needs Route 53, a name that leaves room, and another one than the platform's", () =>
    Effect.gen(function* () {
      const route53 = { ...required, WORKER_ACME_ROUTE53_ENABLED: "true" }
      const given = (domain: string, env: Readonly<Record<string, string>> = route53) =>
        problems({ env: { ...env, WORKER_ACME_DELEGATION_DOMAIN: domain, WORKER_DEFAULT_DOMAIN: "Platform.example" } })
      const name = "acme.delegation_domain (WORKER_ACME_DELEGATION_DOMAIN)"
      assert.deepStrictEqual(yield* given("challenges.example", required), [
        `${name}: needs acme.route53.enabled: challenges are answered there`
      ])
      assert.deepStrictEqual(yield* given("platform.example"), [
        `${name}: must differ from default_domain and regional_domain`
      ])
      const tooLong = `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(50)}`
      for (const refused of ["*.challenges.example", "example", "127.0.0.1", tooLong])
        assert.lengthOf(yield* given(refused), 1, refused)
      const config = yield* load({ env: { ...route53, WORKER_ACME_DELEGATION_DOMAIN: "Challenges.example." } })
      assert.deepStrictEqual(config.acme.delegationDomain, Option.some("challenges.example"))
    })
  )

  it.effect("the environment wins over the file, and the file over the default", () =>
    Effect.gen(function* () {
      const config = yield* load({
        env: {
          ...required,
          WORKER_REGION: "from-env",
          WORKER_AVAILABLE_REGIONS: "a, b",
          WORKER_RESTATE_REGISTER_AS: ""
        },
        toml: `
          region = "from-file"
          default_domain = "from.file"
          available_regions = ["x"]
          [restate]
          http_port = 9999
          register_as = "http://worker:9999"
        `
      })
      assert.strictEqual(config.region, "from-env")
      assert.strictEqual(config.defaultDomain, "from.file")
      assert.deepStrictEqual(config.availableRegions, ["a", "b"])
      assert.strictEqual(config.restate.httpPort, 9999)
      assert.isTrue(Option.isNone(config.restate.registerAs), "an empty variable blanks out what the file sets")
    })
  )

  it.effect("[W47] an explicit zero or false is a value, not a request for the default", () =>
    Effect.gen(function* () {
      const config = yield* load({
        toml: `
          [observability.tracing]
          sample_rate = 0
          [observability.logging]
          sample_rate = 0.0
          slow_threshold = "0s"
          [restate]
          drain_timeout = "0s"
        `
      })
      assert.strictEqual(config.observability.tracing.sampleRate, 0)
      assert.strictEqual(config.observability.logging.sampleRate, 0)
      assert.strictEqual(Duration.toMillis(config.restate.drainTimeout), 0)
    })
  )

  it.effect("[W47] every problem of every source is reported at once, each under its file and environment name", () =>
    Effect.gen(function* () {
      const found = yield* problems({
        env: {
          WORKER_DATABASE_PRIMARY: "app:pa55word@tcp(db:99999)/unkey",
          WORKER_RESTATE_HTTP_PORT: "70000",
          WORKER_REGISTRY_PASSWORD: "s3cret",
          WORKER_RESTAT_ADMIN_URL: "http://typo",
          OTEL_EXPORTER_OTLP_PROTOCOL: "grpc"
        },
        toml: `
          colour = "blue"
          cname_domain = "a b"
          region = 5
          restate = { api_key = "\${NOT_SET}", register_as = "worker:9080", colour = 1 }
          acme = { enabled = true, route53 = { enabled = true } }
          github = { app_id = 12 }
          vault = "not a table"
          [observability.tracing]
          sample_rate = 1.5
        `
      })
      assert.deepStrictEqual(found, [
        'OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf or http/json, found "grpc"',
        "WORKER_RESTAT_ADMIN_URL: there is no such setting; did you mean WORKER_RESTATE_ADMIN_URL?",
        "acme.route53.access_key_id (WORKER_ACME_ROUTE53_ACCESS_KEY_ID): is required because acme.enabled and acme.route53.enabled are true",
        "acme.route53.secret_access_key (WORKER_ACME_ROUTE53_SECRET_ACCESS_KEY): is required because acme.enabled and acme.route53.enabled are true",
        "cname_domain (WORKER_CNAME_DOMAIN): expected a host name",
        "colour: there is no such setting",
        "database.primary (WORKER_DATABASE_PRIMARY): the port must be from 1 to 65535",
        "depot.api_url (WORKER_DEPOT_API_URL): is required because registry.password is set and builder.buildkit_address is not",
        "github.private_key_pem (WORKER_GITHUB_PRIVATE_KEY_PEM): is required because the other half of the GitHub App is set",
        'observability.tracing.sample_rate (WORKER_OBSERVABILITY_TRACING_SAMPLE_RATE): expected a number from 0 to 1, found "1.5"',
        "region (WORKER_REGION): expected a string",
        "registry.url (WORKER_REGISTRY_URL): is required because registry.password is set",
        "registry.username (WORKER_REGISTRY_USERNAME): is required because registry.password is set",
        "restate.api_key (WORKER_RESTATE_API_KEY): NOT_SET is not set in the environment",
        "restate.colour: there is no such setting",
        'restate.http_port (WORKER_RESTATE_HTTP_PORT): expected an integer from 1 to 65535, found "70000"',
        "restate.register_as (WORKER_RESTATE_REGISTER_AS): expected an http:// or https:// address",
        "vault.url (WORKER_VAULT_URL): is required because acme.enabled is true: keys of certificates are kept in the vault",
        "vault: expected a table"
      ])
    })
  )

  it.effect("[W47] only a name in braces is expanded, once and after parsing: any other dollar means itself", () =>
    Effect.gen(function* () {
      const config = yield* load({
        env: { ...required, TOKEN: `a"]\nregion = "injected \${OTHER}`, OTHER: "no", EMPTY: "" },
        toml: `
          region = "\${EMPTY}"
          sentinel_image = "$$a$NAME\${TOKEN}\${"
          vault = { url = "http://vault", token = "p$ss$$w$TOKEN" }
        `
      })
      assert.strictEqual(config.region, "")
      assert.strictEqual(config.sentinelImage, `$$a$NAMEa"]\nregion = "injected \${OTHER}\${`)
      assert.deepStrictEqual(
        config.vault,
        Option.some({ kind: "unkey", url: "http://vault", token: Option.some(Redacted.make("p$ss$$w$TOKEN")) })
      )
    })
  )

  it.effect("a number may come through an expansion", () =>
    Effect.gen(function* () {
      const config = yield* load({ env: { ...required, PORT: "1234" }, toml: `restate = { http_port = "\${PORT}" }` })
      assert.strictEqual(config.restate.httpPort, 1234)
    })
  )

  it.effect(
    "a setting of the file that is misspelt is told with its right name, and a wrong type with the form that is expected",
    () =>
      Effect.gen(function* () {
        const toml = "[restate]\nadmin_uri = 3\ndrain_timeout = 25\nhttp_port = true"
        const found = yield* problems({ env: required, toml })
        assert.include(found, "restate.admin_uri: there is no such setting; did you mean restate.admin_url?")
        const timeout = found.find((problem) => problem.startsWith("restate.drain_timeout"))
        assert.match(timeout ?? "", /: expected a duration such as 500ms, 25s or 1m30s, from .* to .*, in quotes$/)
        assert.include(found, "restate.http_port (WORKER_RESTATE_HTTP_PORT): expected a number")
      })
  )

  it.effect("a broken file is the problem, not what it would have set; its text is never quoted", () =>
    Effect.gen(function* () {
      const toml = `[database]\nprimary = "app:pa55word@tcp(db)/unkey`
      const found = yield* problems({ env: { WORKER_RESTATE_HTTP_PORT: "x" }, toml })
      assert.lengthOf(found, 2)
      assert.include(found.join(), "worker.toml: line 2, column 11: Invalid TOML document")
      assert.include(found.join(), "WORKER_RESTATE_HTTP_PORT")
      assert.notInclude(found.join(), "pa55word")
      assert.deepStrictEqual(yield* problems({ args: ["--config", "absent.toml"] }), [
        "absent.toml: cannot be read (NotFound)"
      ])
      assert.deepStrictEqual(yield* problems({ args: ["--config", "a.yaml"] }), ["a.yaml: the name must end in .toml"])
    })
  )

  it.effect("the file is named by --config, else by UNKEY_CONFIG, and an unknown argument is a problem", () =>
    Effect.gen(function* () {
      const read = (args: ReadonlyArray<string>, variable: string) =>
        loadWorkerConfig(args).pipe(
          Effect.map((config) => config.region),
          Effect.provide(files({ "a.toml": 'region = "a"', "b.toml": 'region = "b"' })),
          Effect.withConfigProvider(
            ConfigProvider.fromMap(new Map(Object.entries({ ...required, UNKEY_CONFIG: variable })), { pathDelim: "_" })
          )
        )
      assert.strictEqual(yield* read(["--config", "a.toml"], "b.toml"), "a")
      assert.strictEqual(yield* read(["--config=a.toml"], "b.toml"), "a")
      assert.strictEqual(yield* read([], "b.toml"), "b")
      assert.strictEqual(yield* read([], ""), "")
      assert.deepStrictEqual(yield* problems({ args: ["--confg", "a.toml"] }), [
        "command line: expected nothing or --config <file>.toml"
      ])
    })
  )

  it.effect("the variables Kubernetes derives from a Service named worker are not mistaken for settings", () =>
    load({
      env: {
        ...required,
        WORKER_SERVICE_HOST: "10.0.0.1",
        WORKER_SERVICE_PORT_HTTP: "80",
        WORKER_PORT: "tcp://10.0.0.1:80",
        WORKER_PORT_80_TCP_ADDR: "10.0.0.1"
      }
    })
  )

  it.effect("no secret can be printed, inspected or serialised", () =>
    Effect.gen(function* () {
      const config = yield* load({
        env: {
          ...required,
          WORKER_VAULT_URL: "http://vault",
          WORKER_VAULT_TOKEN: "s3cret-vault",
          WORKER_RESTATE_API_KEY: "s3cret-key",
          WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: "http://hook/s3cret",
          WORKER_CLICKHOUSE_URL: "http://u:s3cret@ch",
          OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
          OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20s3cret"
        }
      })
      const described = describeConfig(config)
      const shown = [
        JSON.stringify(config),
        inspect(config, { depth: 20 }),
        String(config),
        Inspectable.toStringUnknown(config),
        JSON.stringify(described)
      ].join()
      assert.notInclude(shown, "s3cret")
      assert.notInclude(shown, "pa55word")
      assert.strictEqual(described["restate.http_port"], 9080)
      assert.strictEqual(described["database.primary.host"], "db")
      assert.strictEqual(described["database.primary.password"], "<redacted>")
      assert.strictEqual(described["vault.token"], "<redacted>")
      assert.strictEqual(described["observability.logging.level"], "info")
      assert.notProperty(described, "restate.register_as")
    })
  )

  it.effect("the first line shows scheme, host and port of an address, and neither its path nor its query", () =>
    Effect.gen(function* () {
      const config = yield* load({
        env: {
          ...required,
          WORKER_ACME_DIRECTORY_URL: "https://ca.test:14000/s3cret-path/directory?key=s3cret-ca",
          WORKER_RESTATE_ADMIN_URL: "http://restate:9070/s3cret-admin",
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector:4318/s3cret-path?token=s3cret-otlp"
        }
      })
      const described = describeConfig(config)
      assert.notInclude(JSON.stringify(described), "s3cret")
      assert.strictEqual(described["acme.directory_url"], "https://ca.test:14000/…?…")
      assert.strictEqual(described["restate.admin_url"], "http://restate:9070/…")
      assert.strictEqual(described["open_telemetry.traces.url"], "http://collector:4318/…?…")
    })
  )

  it.effect("a wrong value is quoted only where it is a word of an enumeration or a number", () =>
    Effect.gen(function* () {
      const pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"
      const wrong = {
        WORKER_RESTATE_REQUEST_IDENTITY_KEYS: "SECRET-private-key",
        WORKER_VAULT_KIND: pem,
        WORKER_VAULT_TRANSIT_MOUNT: "hvs.SECRET",
        WORKER_DNS_RESOLVERS: "SECRET-resolver",
        WORKER_CNAME_DOMAIN: "SECRET domain",
        WORKER_BUILD_PLATFORM: "SECRET-platform",
        WORKER_BUILDER_BUILDKIT_ADDRESS: "SECRET-address",
        WORKER_REGISTRY_URL: "https://user:SECRET@registry.test",
        WORKER_RESTATE_HTTP_PORT: "SECRET-port",
        WORKER_RESTATE_DRAIN_TIMEOUT: "SECRET-duration",
        WORKER_RESTATE_FORCE_REGISTRATION: "ghs_SECRETSECRETSECRETSECRET",
        WORKER_OBSERVABILITY_LOGGING_LEVEL: "loud",
        WORKER_BUILDS_MAX_PER_WORKSPACE: "5000"
      }
      const found = yield* problems({ env: { ...required, ...wrong } })
      for (const name of Object.keys(wrong)) assert.include(found.join(), name)
      assert.notInclude(found.join(), "SECRET")
      assert.notInclude(found.join(), "MIIE")
      assert.include(found.join(), 'found "loud"')
      assert.include(found.join(), 'found "5000"')
    })
  )

  it.effect("an address with a parameter that nothing here understands is refused", () =>
    Effect.gen(function* () {
      const query = "must not contain a query: no parameter is known here"
      const settings = [
        "VAULT_URL",
        "RESTATE_ADMIN_URL",
        "RESTATE_REGISTER_AS",
        "DEPOT_API_URL",
        "GITHUB_API_URL",
        "GITHUB_GIT_URL"
      ]
      const env = Object.fromEntries(settings.map((name) => [`WORKER_${name}`, "https://host.test?tls=s3cret"]))
      const found = yield* problems({
        env: { ...required, ...env, OTEL_EXPORTER_OTLP_ENDPOINT: "https://host.test?x=y" }
      })
      assert.lengthOf(found, settings.length + 1)
      for (const problem of found) assert.isTrue(problem.endsWith(query), problem)
    })
  )

  it.effect("an address with a password inside is refused without quoting it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems({ env: { ...required, WORKER_RESTATE_ADMIN_URL: "http://a:s3cret@b" } }), [
        "restate.admin_url (WORKER_RESTATE_ADMIN_URL): must not contain a user or a password"
      ])
    })
  )

  it.effect("the GitHub App, the registry and Route 53 are there whole or not at all", () =>
    Effect.gen(function* () {
      const config = yield* load({
        env: {
          ...required,
          WORKER_GITHUB_APP_ID: "7",
          WORKER_GITHUB_PRIVATE_KEY_PEM: generateKeyPairSync("rsa", {
            modulusLength: 2048,
            publicKeyEncoding: { type: "spki", format: "pem" },
            privateKeyEncoding: { type: "pkcs1", format: "pem" }
          }).privateKey,
          WORKER_REGISTRY_URL: "registry.test",
          WORKER_ACME_ROUTE53_ENABLED: "true",
          WORKER_ACME_ROUTE53_ACCESS_KEY_ID: "id",
          WORKER_ACME_ROUTE53_SECRET_ACCESS_KEY: "key"
        }
      })
      assert.strictEqual(Option.getOrThrow(config.github.app).appId, 7)
      assert.isTrue(Option.isNone(config.registry))
      assert.isTrue(Option.isNone(config.acme.route53), "acme itself is off")
      const both = yield* Effect.either(
        load({ env: { ...required, WORKER_GITHUB_ALLOW_UNAUTHENTICATED_DEPLOYMENTS: "true" } })
      )
      assert.isTrue(Either.isRight(both), "public repositories need no App")
    })
  )

  it.effect("the standard OTEL variables give the traces address: as it is, or the base with the signal's path", () =>
    Effect.gen(function* () {
      const target = (env: Readonly<Record<string, string>>) =>
        Effect.map(load({ env: { ...required, ...env } }), (config) =>
          Option.getOrUndefined(Option.map(config.openTelemetry.traces, ({ url, encoding }) => `${encoding} ${url}`))
        )
      const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/x/" }
      assert.strictEqual(yield* target({}), undefined)
      assert.strictEqual(yield* target(base), "protobuf http://c:4318/x/v1/traces")
      assert.strictEqual(
        yield* target({
          ...base,
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/y",
          OTEL_EXPORTER_OTLP_PROTOCOL: "http/json"
        }),
        "json http://t/y"
      )
      assert.strictEqual(yield* target({ ...base, OTEL_SDK_DISABLED: "true" }), undefined)
      assert.strictEqual(yield* target({ ...base, OTEL_TRACES_EXPORTER: "none" }), undefined)
    })
  )
})
