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
 * The DNS and, where asked for, the web of a test CA: every name has the address 127.0.0.1 and nothing else until it is
 * told otherwise. It never says that a name does not exist, only that it has no such record. Names may be written with or
 * without the final dot and in any case. A request that it refuses is a defect.
 */
export class ChallengeTestServer extends Context.Tag("ctrl-worker/dev/ChallengeTestServer")<
  ChallengeTestServer,
  {
    /** Where it answers DNS, as `127.0.0.1:port`. */
    readonly dns: string
    /** The port on which the CA looks for the answer to an HTTP-01 challenge. */
    readonly httpPort: number
    /** Address of the interface behind the functions below, for somebody in another process: `POST <it>/set-txt` and so on. */
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
    /** Every question about the name is answered SERVFAIL. */
    readonly setServfail: (name: string) => Effect.Effect<void>
    readonly clearServfail: (name: string) => Effect.Effect<void>
    /** Answers the token under every name, if it was started to answer HTTP. */
    readonly addHttp01: (token: string, keyAuthorization: string) => Effect.Effect<void>
    readonly removeHttp01: (token: string) => Effect.Effect<void>
  }
>() {}

export interface ChallengeTestServerOptions {
  /** False when somebody else, such as a simulated frontline, serves `httpPort`. Default true. */
  readonly answersHttp?: boolean
}

const absolute = (name: string): string => `${name.toLowerCase().replace(/\.$/, "")}.`

/** Newer versions have another name for the flag and one more service to switch off. */
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
        // Otherwise the CA asks ::1 first.
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
