import { generateKeyPairSync } from "node:crypto"
import { Context, Effect, Layer } from "effect"
import { type GitHubServer, gitHubServer } from "../../../dev/simulators/GitHubServer.ts"
import { type GitServer, gitServer } from "../../../dev/simulators/GitServer.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { BuildGround, buildGround } from "../../support/builds/BuildGround.ts"
import { sharedClickhouse } from "../../support/stack/Clickhouse.ts"
import { SpanSink, spanSink, tracingTo } from "./SpanSink.ts"
import { proxiedStack, stack } from "./Stack.ts"

export const region = "local.dev"
export const repository = "acme/shop"
/** Of the App in the account that the repository belongs to. */
export const installationId = "5"
const appId = 7

/** Git and GitHub's API on one address, as an Enterprise Server has them; tokens of the one open the other. */
export class Origin extends Context.Tag("test/e2e/Origin")<
  Origin,
  {
    readonly git: GitServer
    readonly gitHub: GitHubServer
    readonly privateKeyPem: string
    /** The first commit of the repository: what BuildGround has in its own. */
    readonly commitSha: string
  }
>() {}

const origin = Layer.scoped(
  Origin,
  Effect.gen(function* () {
    const directory = yield* RunDirectory
    const { files } = yield* BuildGround
    const keys = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" }
    })
    const gitHub = gitHubServer({
      app: { appId, publicKeyPem: keys.publicKey },
      installations: { [installationId]: [repository] },
      now: () => Date.now(),
      headOf: () => null
    })
    const git = yield* gitServer({
      folder: yield* directory.folderFor("origin"),
      tokensOf: gitHub.tokensOf,
      beside: gitHub.handle
    })
    return { git, gitHub, privateKeyPem: keys.privateKey, commitSha: yield* git.commit(repository, files) }
  })
)

/** A worker's settings for all that builds need. One build at a time in a workspace, so that the next one waits. */
const settings = Effect.gen(function* () {
  const { buildkit, registry } = yield* BuildGround
  const { git, privateKeyPem } = yield* Origin
  const { url: clickhouse } = yield* sharedClickhouse
  const { endpoint } = yield* SpanSink
  return {
    WORKER_BUILDER_BUILDKIT_ADDRESS: buildkit.address,
    WORKER_BUILDS_MAX_PER_WORKSPACE: "1",
    WORKER_REGISTRY_URL: registry.host,
    WORKER_REGISTRY_USERNAME: registry.username,
    WORKER_REGISTRY_PASSWORD: registry.password,
    WORKER_REGISTRY_INSECURE: "true",
    WORKER_GITHUB_APP_ID: String(appId),
    WORKER_GITHUB_PRIVATE_KEY_PEM: privateKeyPem,
    WORKER_GITHUB_API_URL: `${git.url}/api/v3`,
    WORKER_GITHUB_GIT_URL: git.url,
    WORKER_CLICKHOUSE_URL: clickhouse,
    ...tracingTo(endpoint)
  }
})

const ground = Layer.mergeAll(spanSink, origin).pipe(
  Layer.provideMerge(buildGround),
  Layer.provideMerge(RunDirectoryLive)
)

/** From a push to ClickHouse: the real worker between git, GitHub, BuildKit, a registry and all it has otherwise. */
export const buildStack = Layer.unwrapEffect(Effect.map(settings, (env) => stack({ regions: [region], env }))).pipe(
  Layer.provideMerge(ground)
)

/** The same with several workers, any of which Restate may ask next. */
export const buildStackOf = (workers: number) =>
  Layer.unwrapEffect(Effect.map(settings, (env) => proxiedStack({ regions: [region], env, workers }))).pipe(
    Layer.provideMerge(ground)
  )
