import { generateKeyPairSync } from "node:crypto"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option } from "effect"
import { chooseBuilder } from "../../src/composition/builds.ts"
import { loadWorkerConfig } from "../../src/config.ts"

/** The file of Unkey's own manifest for development, `dev/k8s/manifests/ctrl-worker.yaml`, with its placeholders. */
const manifest = (appId: number, allowUnauthenticated: boolean) => `
instance_id = "worker-dev"
region = "local"
default_domain = "unkey.local"
cname_domain = "unkey.local"
build_platform = "linux/arm64"
sentinel_image = "unkey/sentinel:latest"
available_regions = ["local.dev"]

[database]
primary = "unkey:password@tcp(mysql:3306)/unkey?parseTime=true&interpolateParams=true"

[vault]
url = "http://vault:8060"
token = "\${UNKEY_VAULT_TOKEN}"

[restate]
admin_url = "http://restate:9070"
http_port = 9080
register_as = "http://ctrl-worker:9080"

[registry]
url = "registry.depot.dev"
username = "x-token"
password = "\${UNKEY_REGISTRY_PASSWORD}"

[depot]
api_url = "https://api.depot.dev"
project_region = "us-east-1"

[acme]
enabled = false

[clickhouse]
url = "clickhouse://default:password@clickhouse:9000?secure=false&skip_verify=true"
admin_url = "clickhouse://unkey_user_admin:of-development@clickhouse:9000?secure=false&skip_verify=true"

[github]
app_id = ${appId}
private_key_pem = """\${UNKEY_GITHUB_PRIVATE_KEY_PEM}"""
allow_unauthenticated_deployments = ${allowUnauthenticated}
`

const pem = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString()

const given = {
  UNKEY_VAULT_TOKEN: "vault-test-token-123",
  UNKEY_REGISTRY_PASSWORD: "depot-token",
  UNKEY_GITHUB_PRIVATE_KEY_PEM: pem
}

const load = (file: string, env: Readonly<Record<string, string>>) =>
  loadWorkerConfig(["--config", "unkey.toml"]).pipe(
    Effect.provide(FileSystem.layerNoop({ readFileString: () => Effect.succeed(file) })),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)), { pathDelim: "_" }))
  )

describe("the configuration of Unkey's manifest for development", () => {
  it.effect(
    "is taken as it is: no GitHub App, public repositories, Depot, the vault and ClickHouse's native addresses",
    () =>
      Effect.gen(function* () {
        const config = yield* load(manifest(0, true), given)
        assert.isTrue(Option.isNone(config.github.app))
        assert.isTrue(config.github.allowUnauthenticatedDeployments)
        assert.strictEqual(chooseBuilder(config)._tag, "Depot")
        assert.isTrue(Option.isSome(config.vault) && config.vault.value.kind === "unkey")
        assert.deepStrictEqual(config.availableRegions, ["local.dev"])
        assert.isTrue(Option.isSome(config.clickhouse.url) && Option.isSome(config.clickhouse.adminUrl))
      })
  )

  it.effect("is taken with empty secrets: nothing is built", () =>
    Effect.gen(function* () {
      const empty = { ...given, UNKEY_REGISTRY_PASSWORD: "", UNKEY_GITHUB_PRIVATE_KEY_PEM: "" }
      const config = yield* load(manifest(0, true), empty)
      assert.isTrue(Option.isNone(config.github.app))
      assert.strictEqual(chooseBuilder(config)._tag, "None")
    })
  )

  it.effect("has its App with an id, and a key without one is a problem where repositories need the App", () =>
    Effect.gen(function* () {
      const config = yield* load(manifest(12, true), given)
      assert.isTrue(Option.isSome(config.github.app))
      const { problems } = yield* Effect.flip(load(manifest(0, false), given))
      assert.deepStrictEqual(
        problems.map(({ setting }) => setting),
        ["github.app_id (WORKER_GITHUB_APP_ID)"]
      )
    })
  )
})
