import { setTimeout } from "node:timers/promises"
import type { depot } from "@depot/sdk-node"
import { Data, Duration, Effect, Redacted, Schedule, type Scope } from "effect"

/** The Depot account. */
export interface DepotAccount {
  readonly apiUrl: string
  readonly token: Redacted.Redacted
}

/** A failed Depot call. `code` is Connect's, null if there was no response. */
export class DepotFailed extends Data.TaggedError("DepotFailed")<{
  readonly operation: string
  readonly code: number | null
}> {}

// Connect's codes are gRPC's.
const notFound = 5
const permissionDenied = 7
const unauthenticated = 16

export const isNotFound = ({ code }: DepotFailed): boolean => code === notFound
/** The token is rejected: needs an operator. */
export const isDenied = ({ code }: DepotFailed): boolean => code === permissionDenied || code === unauthenticated

export interface DepotProject {
  readonly projectId: string
  readonly name: string
  /** Unix milliseconds; zero if unknown. */
  readonly createdAt: number
}

/** A Depot build, and the token that requests its machine. */
export interface DepotBuild {
  readonly buildId: string
  readonly token: Redacted.Redacted
}

export type DepotPlatform = "amd64" | "arm64"

/** A dedicated BuildKit for one build: its address and the mutual TLS credentials. PEM. */
export interface DepotMachine {
  readonly endpoint: string
  readonly serverName: string
  readonly ca: string
  readonly certificate: string
  readonly key: Redacted.Redacted
}

export type BuildResult = { readonly _tag: "success" } | { readonly _tag: "error"; readonly error: string }

const unaryTimeout = Duration.seconds(15)
/** A cold machine has to boot. */
const machineTimeout = Duration.minutes(5)
/** A build's token is seconds old when its machine is requested, and may not be known to every server yet. */
const newTokenRetry = Schedule.intersect(Schedule.spaced("2 seconds"), Schedule.recurs(30))
/** Interval of the health reports that Depot expects. */
const healthInterval = Duration.seconds(5)

type Sdk = typeof depot
type Options = { readonly signal: AbortSignal; readonly headers: Record<string, string>; readonly timeoutMs: number }

const codeOf = (cause: unknown): number | null =>
  cause instanceof Error && "code" in cause && typeof cause.code === "number" ? cause.code : null

/** The URL that this process loaded the SDK with. */
let loadedFor: string | undefined

/**
 * Loads the SDK for an API URL. The SDK reads DEPOT_API_URL once, at import, so the variable is set first, and a process
 * supports only one URL.
 */
const loadSdk = (apiUrl: string): Effect.Effect<Sdk> =>
  Effect.suspend(() => {
    if (loadedFor !== undefined && loadedFor !== apiUrl) {
      return Effect.dieMessage("one process can use one depot.api_url only")
    }
    loadedFor = apiUrl
    process.env.DEPOT_API_URL = apiUrl
    // A CommonJS module's named exports are not those of its chunk in the bundle.
    return Effect.promise(async () => (await import("@depot/sdk-node")).default.depot)
  })

const platformNumber = { amd64: 1, arm64: 2 } as const

const headersOf = (token: Redacted.Redacted) => ({ Authorization: `Bearer ${Redacted.value(token)}` })

const attempt = <A>(
  operation: string,
  token: Redacted.Redacted,
  timeout: Duration.Duration,
  send: (options: Options) => Promise<A>
): Effect.Effect<A, DepotFailed> =>
  Effect.tryPromise({
    try: (signal) => send({ signal, headers: headersOf(token), timeoutMs: Duration.toMillis(timeout) }),
    // The cause contains the request's headers.
    catch: (cause) => new DepotFailed({ operation, code: codeOf(cause) })
  }).pipe(Effect.withSpan(`Depot.${operation}`))

const millisOf = (at: { readonly seconds: bigint } | undefined) => (at === undefined ? 0 : Number(at.seconds) * 1000)

/** Repeats a message at an interval, in real time because Depot's timeout is. */
async function* every<A>(interval: Duration.Duration, message: A, signal: AbortSignal): AsyncIterable<A> {
  while (!signal.aborted) {
    yield message
    await setTimeout(Duration.toMillis(interval), undefined, { signal, ref: false }).catch(() => undefined)
  }
}

const projects = (sdk: Sdk, token: Redacted.Redacted) => {
  const service = sdk.core.v1.ProjectService
  return {
    list: attempt("list-projects", token, unaryTimeout, (options) => service.listProjects({}, options)).pipe(
      Effect.map(({ projects: found }) =>
        found.map(
          ({ createdAt, name, projectId }): DepotProject => ({ projectId, name, createdAt: millisOf(createdAt) })
        )
      )
    ),
    create: (name: string, regionId: string, cache: { readonly keepGb: number; readonly keepDays: number }) =>
      attempt("create-project", token, unaryTimeout, (options) =>
        service.createProject({ name, regionId, cachePolicy: cache }, options)
      ).pipe(
        Effect.flatMap(({ project }) =>
          project === undefined
            ? new DepotFailed({ operation: "create-project", code: null })
            : Effect.succeed(project.projectId)
        )
      ),
    delete: (projectId: string) =>
      attempt("delete-project", token, unaryTimeout, (options) => service.deleteProject({ projectId }, options)).pipe(
        Effect.asVoid
      )
  }
}

const builds = (sdk: Sdk, token: Redacted.Redacted) => {
  const service = sdk.build.v1.BuildService
  return {
    create: (projectId: string) =>
      attempt("create-build", token, unaryTimeout, (options) => service.createBuild({ projectId }, options)).pipe(
        Effect.map(({ buildId, buildToken }): DepotBuild => ({ buildId, token: Redacted.make(buildToken) }))
      ),
    /** Reports the outcome, with retries: an unfinished build counts as running. */
    finish: (buildId: string, result: BuildResult) =>
      attempt("finish-build", token, unaryTimeout, (options) =>
        service.finishBuild(
          {
            buildId,
            result:
              result._tag === "success"
                ? { case: "success", value: {} }
                : { case: "error", value: { error: result.error } }
          },
          options
        )
      ).pipe(
        Effect.retry({
          schedule: Schedule.spaced("1 second"),
          times: 2,
          while: (failure) => !isDenied(failure) && !isNotFound(failure)
        }),
        Effect.asVoid
      )
  }
}

const machines = (sdk: Sdk) => {
  const service = sdk.buildkit.v1.BuildKitService
  const whatOf = ({ buildId }: DepotBuild, platform: DepotPlatform) => ({ buildId, platform: platformNumber[platform] })

  const endpoint = (build: DepotBuild, platform: DepotPlatform) =>
    attempt("get-endpoint", build.token, machineTimeout, async (options): Promise<DepotMachine | null> => {
      for await (const { connection } of service.getEndpoint(whatOf(build, platform), options)) {
        if (connection.case !== "active") continue
        const { caCert, cert, endpoint: where, serverName } = connection.value
        const [ca, certificate, key] = [caCert?.cert, cert?.cert?.cert, cert?.key?.key]
        if (ca === undefined || certificate === undefined || key === undefined) return null
        return { endpoint: where, serverName, ca, certificate, key: Redacted.make(key) }
      }
      return null
    }).pipe(
      Effect.retry({ schedule: newTokenRetry, while: isDenied }),
      Effect.filterOrFail(
        (machine) => machine !== null,
        () => new DepotFailed({ operation: "get-endpoint", code: null })
      )
    )

  const release = (build: DepotBuild, platform: DepotPlatform) =>
    attempt("release-endpoint", build.token, unaryTimeout, (options) =>
      service.releaseEndpoint(whatOf(build, platform), options)
    ).pipe(Effect.ignore)

  /** Never ends: a broken stream is reopened. */
  const reportHealth = (build: DepotBuild, platform: DepotPlatform) =>
    attempt("report-health", build.token, Duration.hours(2), (options) =>
      service.reportHealth(every(healthInterval, whatOf(build, platform), options.signal), options)
    ).pipe(Effect.ignore, Effect.zipRight(Effect.sleep(healthInterval)), Effect.forever)

  return {
    /** A machine, kept alive and released with the scope. */
    acquire: (build: DepotBuild, platform: DepotPlatform): Effect.Effect<DepotMachine, DepotFailed, Scope.Scope> =>
      Effect.gen(function* () {
        // Added before the request, so that a machine that arrives during shutdown is released as well.
        yield* Effect.addFinalizer(() => release(build, platform))
        const machine = yield* endpoint(build, platform)
        yield* Effect.forkScoped(reportHealth(build, platform))
        return machine
      })
  }
}

/** Depot's API through its SDK: single requests with a timeout. Errors contain no token. */
export const depotApi = ({ apiUrl, token }: DepotAccount) =>
  Effect.map(loadSdk(apiUrl), (sdk) => ({
    projects: projects(sdk, token),
    builds: builds(sdk, token),
    machines: machines(sdk)
  }))

export type DepotApi = Effect.Effect.Success<ReturnType<typeof depotApi>>
