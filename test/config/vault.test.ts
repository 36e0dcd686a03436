import { inspect } from "node:util"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Equal, Option, Redacted } from "effect"
import { describeConfig, loadWorkerConfig } from "../../src/config.ts"

type Environment = Readonly<Record<string, string>>

const required = { WORKER_DATABASE_PRIMARY: "app:pw@tcp(db:3306)/unkey", WORKER_CNAME_DOMAIN: "cname.test" }

/** Settings of the vault by their names in the file. */
const variables = (vault: Environment): Environment =>
  Object.fromEntries(Object.entries(vault).map(([name, value]) => [`WORKER_VAULT_${name.toUpperCase()}`, value]))

const load = (vault: Environment, others: Environment = {}) =>
  loadWorkerConfig([]).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ ...required, ...others, ...variables(vault) })), {
        pathDelim: "_"
      })
    )
  )

const problems = (vault: Environment, others: Environment = {}) =>
  Effect.map(Effect.flip(load(vault, others)), (error) =>
    error.problems.map(({ setting, problem }) => `${setting.replace(/ \(.*/, "")} ${problem}`).sort()
  )

const hashicorp = {
  kind: "hashicorp",
  url: "https://vault:8200",
  namespace: Option.none(),
  transitMount: "transit",
  associatedData: true,
  caFile: Option.none()
}

describe("the vault's settings", () => {
  it.effect("a url alone is Unkey's own vault, as existing files have it; nothing at all is no vault", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        (yield* load({ url: "http://vault" })).vault,
        Option.some({ kind: "unkey", url: "http://vault", token: Option.none() })
      )
      assert.isTrue(Option.isNone((yield* load({})).vault))
      assert.isTrue(Option.isNone((yield* load({ url: "" })).vault), "blanked out")
    })
  )

  it.effect("a HashiCorp Vault is reached with a token, an AppRole or a Kubernetes role", () =>
    Effect.gen(function* () {
      const base = { kind: "hashicorp", url: "https://vault:8200" }
      const cases: ReadonlyArray<readonly [Environment, object]> = [
        [{ token: "t" }, { ...hashicorp, login: { method: "token", token: Redacted.make("t") } }],
        [
          { role_id: "r", secret_id: "s", namespace: "team/eu", ca_file: "/ca.pem" },
          {
            ...hashicorp,
            namespace: Option.some("team/eu"),
            caFile: Option.some("/ca.pem"),
            login: { method: "approle", mount: "approle", roleId: "r", secretId: Redacted.make("s") }
          }
        ],
        [
          { kubernetes_role: "worker", kubernetes_mount: "k8s/eu", transit_mount: "team-transit" },
          {
            ...hashicorp,
            transitMount: "team-transit",
            login: {
              method: "kubernetes",
              mount: "k8s/eu",
              role: "worker",
              tokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token"
            }
          }
        ]
      ]
      for (const [more, expected] of cases) {
        const vault = Option.getOrThrow((yield* load({ ...base, ...more })).vault)
        assert.deepStrictEqual<object>(vault, expected)
        if (vault.kind === "hashicorp" && vault.login.method === "token")
          assert.isTrue(Equal.equals(vault.login.token, Redacted.make("t")))
      }
    })
  )

  it.effect("a local vault is its key file", () =>
    Effect.gen(function* () {
      const { vault } = yield* load({ kind: "local", key_file: "/keys" }, { WORKER_ACME_ENABLED: "true" })
      assert.deepStrictEqual(vault, Option.some({ kind: "local", keyFile: "/keys" }))
    })
  )

  it.effect("[W46] certificates or ClickHouse users without a vault are refused at the start, not inside a step", () =>
    Effect.gen(function* () {
      const acme = { WORKER_ACME_ENABLED: "true" }
      const clickhouse = { WORKER_CLICKHOUSE_ADMIN_URL: "http://admin:pw@clickhouse:8123" }
      const certificates = "acme.enabled is true: keys of certificates are kept in the vault"
      assert.deepStrictEqual(yield* problems({}, acme), [`vault.url is required because ${certificates}`])
      assert.deepStrictEqual(yield* problems({ url: "" }, acme), [`vault.url is required because ${certificates}`])
      assert.deepStrictEqual(yield* problems({ kind: "local" }, acme), [
        `vault.key_file is required because ${certificates}`
      ])
      assert.deepStrictEqual(yield* problems({}, clickhouse), [
        "vault.url is required because clickhouse.admin_url is set: passwords of ClickHouse users are kept in the vault"
      ])
      yield* load({ url: "http://vault" }, { ...acme, ...clickhouse })
    })
  )

  it.effect("half a vault, two logins, and what has no meaning for the kind are refused", () =>
    Effect.gen(function* () {
      const base = { kind: "hashicorp", url: "http://vault" }
      const cases: ReadonlyArray<readonly [Environment, ReadonlyArray<string>]> = [
        [{ token: "t" }, ["vault.url is required because vault.token is set"]],
        [{ kind: "unkey" }, ["vault.url is required because vault.kind is unkey"]],
        [{ kind: "local" }, ["vault.key_file is required because vault.kind is local"]],
        [{ kind: "openbao" }, ['vault.kind expected unkey, hashicorp or local, found "openbao"']],
        [
          base,
          [
            "vault.token is required because vault.kind is hashicorp, unless vault.role_id or vault.kubernetes_role is set"
          ]
        ],
        [{ ...base, role_id: "r" }, ["vault.secret_id is required because the other half of the AppRole is set"]],
        [{ ...base, secret_id: "s" }, ["vault.role_id is required because the other half of the AppRole is set"]],
        [
          { ...base, token: "t", kubernetes_role: "worker" },
          ["vault only one way to log in may be set, found token and Kubernetes"]
        ],
        [{ key_file: "/keys" }, ["vault.key_file needs vault.kind to be local, which is unkey"]],
        [
          { kind: "local", key_file: "/keys", url: "http://vault" },
          ["vault.url needs vault.kind to be unkey or hashicorp, which is local"]
        ],
        [
          { url: "http://vault", namespace: "team", ca_file: "/ca.pem" },
          [
            "vault.ca_file needs vault.kind to be hashicorp, which is unkey",
            "vault.namespace needs vault.kind to be hashicorp, which is unkey"
          ]
        ],
        [
          { ...base, token: "t", transit_mount: "../sys" },
          ['vault.transit_mount expected the path of a mount such as "transit"']
        ]
      ]
      for (const [vault, expected] of cases) assert.deepStrictEqual(yield* problems(vault), expected)
    })
  )

  it.effect("the secret id and the token are never printed", () =>
    Effect.gen(function* () {
      const config = yield* load({ kind: "hashicorp", url: "http://vault", role_id: "r", secret_id: "s3cret" })
      const described = describeConfig(config)
      assert.notInclude(inspect(config, { depth: 20 }) + JSON.stringify([config, described]), "s3cret")
      assert.strictEqual(described["vault.login.secret_id"], "<redacted>")
      assert.strictEqual(described["vault.kind"], "hashicorp")
    })
  )
})
