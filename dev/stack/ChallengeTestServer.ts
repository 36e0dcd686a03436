import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer } from "effect"
import { pebbleProgram } from "./PebbleProgram.ts"
import { freePort } from "./Port.ts"
import { type ManagedProcess, type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory, RunDirectoryLive } from "./RunDirectory.ts"
import type { StackFailure } from "./StackFailure.ts"

/**
 * The DNS server, and optionally the web server, of a test CA: every name resolves to 127.0.0.1 and has no other records until
 * configured. It returns empty answers, never NXDOMAIN. Names are accepted with or without final dot and in any case. A
 * rejected management request is a defect.
 */
export class ChallengeTestServer extends Context.Tag("ctrl-worker/dev/ChallengeTestServer")<
  ChallengeTestServer,
  {
    /** Its DNS address, as `127.0.0.1:port`. */
    readonly dns: string
    /** The port of the CA's HTTP-01 requests. */
    readonly httpPort: number
    /** URL of the management API behind the functions below, for other processes: `POST <url>/set-txt` and so on. */
    readonly management: string
    readonly process: ManagedProcess
    /** Adds a value; adding the same again keeps it twice. At most 255 bytes. */
    readonly addTxt: (name: string, value: string) => Effect.Effect<void>
    /** Removes every value of the name. */
    readonly clearTxt: (name: string) => Effect.Effect<void>
    readonly setCname: (name: string, target: string) => Effect.Effect<void>
    readonly clearCname: (name: string) => Effect.Effect<void>
    readonly addA: (name: string, addresses: ReadonlyArray<string>) => Effect.Effect<void>
    readonly clearA: (name: string) => Effect.Effect<void>
    /** All queries of the name return SERVFAIL. */
    readonly setServfail: (name: string) => Effect.Effect<void>
    readonly clearServfail: (name: string) => Effect.Effect<void>
    /** Serves the HTTP-01 response for every name, if started with HTTP. */
    readonly addHttp01: (token: string, keyAuthorization: string) => Effect.Effect<void>
    readonly removeHttp01: (token: string) => Effect.Effect<void>
  }
>() {}

export interface ChallengeTestServerOptions {
  /** False if another server, such as the frontline simulator, uses `httpPort`. Default true. */
  readonly answersHttp?: boolean
}

const absolute = (name: string): string => `${name.toLowerCase().replace(/\.$/, "")}.`

/** Newer versions renamed the flag and have one more service to disable. */
const dnsArguments = (program: string, dns: string) =>
  Effect.sync(() =>
    spawnSync(program, ["-help"], { encoding: "utf8" }).stderr.includes("-dnsserver")
      ? ["-dnsserver", dns, "-doh", ""]
      : ["-dns01", dns]
  )

const management = (http: HttpClient.HttpClient, url: string) => {
  const post = (path: string, body: object) =>
    HttpClient.filterStatusOk(http)
      .execute(HttpClientRequest.post(`${url}/${path}`).pipe(HttpClientRequest.bodyUnsafeJson(body)))
      .pipe(Effect.flatMap((response) => response.text))
  const order = (path: string, body: object) => Effect.asVoid(Effect.orDie(post(path, body)))
  return {
    answers: Effect.asVoid(post("clear-txt", { host: "ready.test." })),
    operations: {
      addTxt: (name: string, value: string) => order("set-txt", { host: absolute(name), value }),
      clearTxt: (name: string) => order("clear-txt", { host: absolute(name) }),
      setCname: (name: string, target: string) =>
        order("set-cname", { host: absolute(name), target: absolute(target) }),
      clearCname: (name: string) => order("clear-cname", { host: absolute(name) }),
      addA: (name: string, addresses: ReadonlyArray<string>) => order("add-a", { host: absolute(name), addresses }),
      clearA: (name: string) => order("clear-a", { host: absolute(name) }),
      setServfail: (name: string) => order("set-servfail", { host: absolute(name) }),
      clearServfail: (name: string) => order("clear-servfail", { host: absolute(name) }),
      addHttp01: (token: string, content: string) => order("add-http01", { token, content }),
      removeHttp01: (token: string) => order("del-http01", { token })
    }
  }
}

const start = ({ answersHttp = true }: ChallengeTestServerOptions) =>
  Effect.gen(function* () {
    const { challengeTestServer } = yield* pebbleProgram
    const folder = yield* (yield* RunDirectory).folderFor("challenge-test-server")
    const ports = yield* Effect.all({ dns: freePort, http: freePort, management: freePort })
    const dns = `127.0.0.1:${ports.dns}`
    const address = `127.0.0.1:${ports.management}`
    const options: ProcessOptions = {
      component: "Challenge test server",
      command: challengeTestServer,
      args: [
        ...(yield* dnsArguments(challengeTestServer, dns)),
        "-http01",
        answersHttp ? `127.0.0.1:${ports.http}` : "",
        "-https01",
        "",
        "-tlsalpn01",
        "",
        "-management",
        address,
        "-defaultIPv4",
        "127.0.0.1",
        // Otherwise the CA tries ::1 first.
        "-defaultIPv6",
        ""
      ],
      env: process.env,
      logFile: join(folder, "server.log")
    }
    const managementUrl = `http://${address}`
    const { answers, operations } = management(yield* HttpClient.HttpClient, managementUrl)
    const server = yield* startProcess(options)
    yield* untilReady(options, server, answers)
    return ChallengeTestServer.of({
      dns,
      httpPort: ports.http,
      management: managementUrl,
      process: server,
      ...operations
    })
  }).pipe(
    Effect.retry({ times: 2, while: (failure) => failure._tag === "ComponentFailed" && failure.reason === "ended" })
  )

/** A challenge test server on free ports of 127.0.0.1, for the layer's lifetime. */
export const challengeTestServer = (
  options: ChallengeTestServerOptions = {}
): Layer.Layer<ChallengeTestServer, StackFailure> =>
  Layer.scoped(ChallengeTestServer, start(options)).pipe(
    Layer.provide(RunDirectoryLive),
    Layer.provide(FetchHttpClient.layer)
  )
