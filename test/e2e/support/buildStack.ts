import { join } from "node:path"
import { NodeContext } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { type EnterpriseServer, enterpriseServer } from "../../../dev/simulators/EnterpriseServer.ts"
import { buildSettings } from "../../../dev/stack/Builds.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { LocalVaultLive } from "../../../src/layers/vault/LocalVaultLive.ts"
import { BuildFixture, buildFixture } from "../../support/builds/BuildFixture.ts"
import { sharedClickhouse } from "../../support/stack/Clickhouse.ts"
import { SpanSink, spanSink, tracingTo } from "./SpanSink.ts"
import { proxiedStack, type StackOptions, stack } from "./Stack.ts"

export const region = "local.dev"
export const repository = "acme/shop"
/** Of the App in the account that the repository belongs to. */
export const installationId = "5"

/** A GitHub whose App may read the repository. */
export class Origin extends Context.Tag("test/e2e/Origin")<
  Origin,
  EnterpriseServer & {
    /** The first commit of the repository: the same as in BuildFixture. */
    readonly commitSha: string
  }
>() {}

const origin = Layer.scoped(
  Origin,
  Effect.gen(function* () {
    const directory = yield* RunDirectory
    const { files } = yield* BuildFixture
    const folder = yield* directory.folderFor("origin")
    const server = yield* enterpriseServer({ folder, installations: { [installationId]: [repository] } })
    return { ...server, commitSha: yield* server.git.commit(repository, files) }
  })
)

/** The keys of the vault, which the worker and the test share. */
const keyFile = Effect.map(RunDirectory, ({ path }) => join(path, "vault-keys"))

/** Encrypts as the control API does what the worker decrypts. */
export const buildVault = Layer.unwrapEffect(Effect.map(keyFile, LocalVaultLive)).pipe(Layer.provide(NodeContext.layer))

/** A worker's settings for all that builds need. One build at a time in a workspace, so that the next one waits. */
const settings = Effect.gen(function* () {
  const { buildkit, registry } = yield* BuildFixture
  const server = yield* Origin
  const { url: clickhouse } = yield* sharedClickhouse
  const { endpoint } = yield* SpanSink
  return {
    ...buildSettings({ buildkit, registry, origin: server }),
    WORKER_BUILDS_MAX_PER_WORKSPACE: "1",
    WORKER_CLICKHOUSE_URL: clickhouse,
    WORKER_BUILDS_ENVIRONMENT_SECRETS: "true",
    WORKER_VAULT_KIND: "local",
    WORKER_VAULT_KEY_FILE: yield* keyFile,
    ...tracingTo(endpoint)
  }
})

const fixture = Layer.mergeAll(spanSink, origin).pipe(
  Layer.provideMerge(buildFixture),
  Layer.provideMerge(RunDirectoryLive)
)

/** From a push to ClickHouse: the real worker between git, GitHub, BuildKit, a registry and all it has otherwise. */
export const buildStackWith = (options: Pick<StackOptions, "server">) =>
  Layer.unwrapEffect(Effect.map(settings, (env) => stack({ ...options, regions: [region], env }))).pipe(
    Layer.provideMerge(fixture)
  )

export const buildStack = buildStackWith({})

/** The same with several workers, any of which Restate may ask next. */
export const buildStackOf = (workers: number) =>
  Layer.unwrapEffect(Effect.map(settings, (env) => proxiedStack({ regions: [region], env, workers }))).pipe(
    Layer.provideMerge(fixture)
  )
