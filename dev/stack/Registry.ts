import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Effect, Option, Schema, type Scope } from "effect"
import { type TokenServer, tokenServer } from "../simulators/TokenServer.ts"
import { installPackages } from "./Apt.ts"
import { canInstallPackages, findProgram } from "./Machine.ts"
import { freePort } from "./Port.ts"
import { type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory } from "./RunDirectory.ts"
import { type ComponentFailed, ComponentMissing, type StackFailure } from "./StackFailure.ts"

/** An image registry on loopback with one user. */
export interface Registry {
  /** `127.0.0.1:<port>`, plain HTTP. */
  readonly host: string
  readonly username: string
  readonly password: string
  /** The digest of a tag; none if it does not exist. */
  readonly digestOf: (repository: string, tag: string) => Effect.Effect<Option.Option<string>>
}

/** A registry with its token server. */
export interface TokenRegistry extends Registry {
  readonly tokens: TokenServer
}

export interface RegistryProgram {
  readonly server: string
  readonly htpasswd: string
}

/** The second program writes the password file, which needs bcrypt. */
const registryPackages = ["docker-registry", "apache2-utils"]

export const findRegistry: Effect.Effect<Option.Option<RegistryProgram>> = Effect.map(
  Effect.all([findProgram("docker-registry"), findProgram("htpasswd")]),
  ([server, htpasswd]) => Option.all({ server, htpasswd })
)

const passwordLine = (program: string, username: string, password: string) =>
  Effect.async<string>((resume) => {
    execFile(program, ["-Bbn", username, password], (error, output) =>
      resume(error === null ? Effect.succeed(output) : Effect.die(error))
    )
  })

/** Named as in the registry's configuration. */
type Authentication =
  | { readonly htpasswd: { readonly realm: string; readonly path: string } }
  | {
      readonly token: {
        readonly realm: string
        readonly service: string
        readonly issuer: string
        readonly rootcertbundle: string
      }
    }

const settings = (folder: string, port: number, auth: Authentication) =>
  JSON.stringify({
    version: "0.1",
    log: { level: "warn" },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: { addr: `127.0.0.1:${port}` },
    auth
  })

const manifestTypes = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"]

interface User {
  readonly username: string
  readonly password: string
}

/** Writes the files of the authentication method into the registry's folder. */
type Prepare<A> = (
  folder: string,
  user: User
) => Effect.Effect<{ readonly auth: Authentication; readonly extra: A }, never, Scope.Scope>

const start = <A>(
  program: RegistryProgram,
  prepare: Prepare<A>
): Effect.Effect<readonly [Registry, A], ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("registry")
    const port = yield* freePort
    const user = { username: "builder", password: `registry-${randomBytes(8).toString("hex")}` }
    const { auth, extra } = yield* prepare(folder, user)
    // JSON is YAML, which is what the registry reads.
    const settingsFile = join(folder, "settings.yml")
    yield* Effect.promise(() => writeFile(settingsFile, settings(folder, port, auth)))
    const options: ProcessOptions = {
      component: "Registry",
      command: program.server,
      args: ["serve", settingsFile],
      env: process.env,
      logFile: join(folder, "server.log")
    }
    const host = `127.0.0.1:${port}`
    const { digestOf, root } = yield* asking(host, user, "htpasswd" in auth ? null : auth.token)
    const server = yield* startProcess(options)
    yield* untilReady(options, server, Effect.filterOrFail(root, (status) => status === 200).pipe(Effect.asVoid))
    return [{ host, ...user, digestOf }, extra] as const
  }).pipe(
    // Another process may take the port between check and bind; retry with another port.
    Effect.retry({ times: 2, while: (failure) => failure.reason === "ended" }),
    Effect.provide(FetchHttpClient.layer)
  )

const Token = Schema.Struct({ token: Schema.String })

/** Requests to the registry as its user: with the password, or with a token per request. */
const asking = (
  host: string,
  { password, username }: User,
  tokens: { readonly realm: string; readonly service: string } | null
) =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const asUser = HttpClientRequest.basicAuth(username, password)
    const withToken = (scope: string) => (request: HttpClientRequest.HttpClientRequest) =>
      tokens === null
        ? Effect.succeed(asUser(request))
        : asUser(HttpClientRequest.get(tokens.realm, { urlParams: { service: tokens.service, scope } })).pipe(
            http.execute,
            Effect.flatMap(HttpClientResponse.schemaBodyJson(Token)),
            Effect.map(({ token }) => HttpClientRequest.bearerToken(request, token))
          )
    const get = (path: string, scope: string) =>
      HttpClientRequest.get(`http://${host}${path}`).pipe(
        HttpClientRequest.setHeader("accept", manifestTypes.join(", ")),
        withToken(scope),
        Effect.flatMap(http.execute)
      )
    return {
      root: Effect.map(get("/v2/", ""), ({ status }) => status),
      digestOf: (repository: string, tag: string) =>
        Effect.map(get(`/v2/${repository}/manifests/${tag}`, `repository:${repository}:pull`), ({ headers, status }) =>
          status === 200 ? Option.fromNullable(headers["docker-content-digest"]) : Option.none()
        ).pipe(Effect.orDie)
    }
  })

/** Starts an empty private registry on a free port of 127.0.0.1, with basic authentication. */
export const startRegistry = (
  program: RegistryProgram
): Effect.Effect<Registry, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.map(
    start(program, (folder, { password, username }) =>
      Effect.gen(function* () {
        const path = join(folder, "htpasswd")
        const line = yield* passwordLine(program.htpasswd, username, password)
        yield* Effect.promise(() => writeFile(path, line))
        return { auth: { htpasswd: { realm: "registry", path } }, extra: null }
      })
    ),
    ([registry]) => registry
  )

/** A registry with token authentication, and its token server. */
const startTokenRegistry = (
  program: RegistryProgram
): Effect.Effect<TokenRegistry, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.map(
    start(program, (folder, user) =>
      Effect.gen(function* () {
        const tokens = yield* tokenServer(user)
        const rootcertbundle = join(folder, "root.pem")
        yield* Effect.promise(() => writeFile(rootcertbundle, tokens.rootCertificate))
        const { issuer, realm, service } = tokens
        return { auth: { token: { realm, service, issuer, rootcertbundle } }, extra: tokens }
      })
    ),
    ([registry, tokens]) => ({ ...registry, tokens })
  )

const missing = new ComponentMissing({
  component: "registry",
  remedies: [`apt-get install ${registryPackages.join(" ")}`]
})

const installed: Effect.Effect<RegistryProgram, StackFailure, RunDirectory> = Effect.gen(function* () {
  const found = yield* findRegistry
  if (Option.isSome(found)) return found.value
  if (!(yield* canInstallPackages)) return yield* missing
  yield* installPackages(registryPackages)
  return yield* Effect.mapError(Effect.flatten(findRegistry), () => missing)
})

/** A registry for this run only; on Debian its program is installed if missing, which needs root. */
export const localRegistry: Effect.Effect<Registry, StackFailure, RunDirectory | Scope.Scope> = Effect.flatMap(
  installed,
  startRegistry
)

/** The same with token authentication. */
export const localTokenRegistry: Effect.Effect<TokenRegistry, StackFailure, RunDirectory | Scope.Scope> =
  Effect.flatMap(installed, startTokenRegistry)
