import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Option, type Scope } from "effect"
import { installPackages } from "./Apt.ts"
import { canInstallPackages, findProgram } from "./Machine.ts"
import { freePort } from "./Port.ts"
import { type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory } from "./RunDirectory.ts"
import { type ComponentFailed, ComponentMissing, type StackFailure } from "./StackFailure.ts"

/** An image registry on loopback that asks for a user and a password. */
export interface Registry {
  /** `127.0.0.1:<port>`, plain HTTP. */
  readonly host: string
  readonly username: string
  readonly password: string
  /** What a tag points at; none when there is no such tag. */
  readonly digestOf: (repository: string, tag: string) => Effect.Effect<Option.Option<string>>
}

export interface RegistryProgram {
  readonly server: string
  readonly htpasswd: string
}

/** The second one writes the password file, which has to hash with bcrypt. */
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

const settings = (folder: string, port: number) =>
  JSON.stringify({
    version: "0.1",
    log: { level: "warn" },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: { addr: `127.0.0.1:${port}` },
    auth: { htpasswd: { realm: "registry", path: join(folder, "htpasswd") } }
  })

const manifestTypes = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"]

/** Starts an empty private registry on a free port of 127.0.0.1. */
export const startRegistry = (
  program: RegistryProgram
): Effect.Effect<Registry, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("registry")
    const port = yield* freePort
    const username = "builder"
    const password = `registry-${randomBytes(8).toString("hex")}`
    const line = yield* passwordLine(program.htpasswd, username, password)
    // JSON is YAML, which is what the registry reads.
    const settingsFile = join(folder, "settings.yml")
    yield* Effect.promise(() =>
      Promise.all([writeFile(join(folder, "htpasswd"), line), writeFile(settingsFile, settings(folder, port))])
    )
    const options: ProcessOptions = {
      component: "Registry",
      command: program.server,
      args: ["serve", settingsFile],
      env: process.env,
      logFile: join(folder, "server.log")
    }
    const host = `127.0.0.1:${port}`
    const http = yield* HttpClient.HttpClient
    const get = (path: string) =>
      http.execute(
        HttpClientRequest.get(`http://${host}${path}`).pipe(
          HttpClientRequest.basicAuth(username, password),
          HttpClientRequest.setHeader("accept", manifestTypes.join(", "))
        )
      )
    const server = yield* startProcess(options)
    yield* untilReady(
      options,
      server,
      Effect.filterOrFail(get("/v2/"), ({ status }) => status === 200).pipe(Effect.asVoid)
    )
    return {
      host,
      username,
      password,
      digestOf: (repository: string, tag: string) =>
        Effect.map(get(`/v2/${repository}/manifests/${tag}`), ({ headers, status }) =>
          status === 200 ? Option.fromNullable(headers["docker-content-digest"]) : Option.none()
        ).pipe(Effect.orDie)
    }
  }).pipe(
    // Somebody may take the port between our look and the server's bind; another port settles it.
    Effect.retry({ times: 2, while: (failure) => failure.reason === "ended" }),
    Effect.provide(FetchHttpClient.layer)
  )

const missing = new ComponentMissing({
  component: "registry",
  remedies: [`apt-get install ${registryPackages.join(" ")}`]
})

/** A registry of this run alone; on Debian its program is installed when it is not there, which takes root. */
export const localRegistry: Effect.Effect<Registry, StackFailure, RunDirectory | Scope.Scope> = Effect.gen(
  function* () {
    const found = yield* findRegistry
    if (Option.isSome(found)) return yield* startRegistry(found.value)
    if (!(yield* canInstallPackages)) return yield* missing
    yield* installPackages(registryPackages)
    return yield* startRegistry(yield* Effect.mapError(Effect.flatten(findRegistry), () => missing))
  }
)
