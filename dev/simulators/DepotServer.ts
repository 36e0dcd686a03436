import { createServer, type ServerHttp2Stream } from "node:http2"
import { Effect, type Scope } from "effect"
import { field, message, method, service } from "../../src/layers/builder/buildkit/protobuf.ts"
import { onLoopback } from "../stack/onLoopback.ts"
import type { Certificates } from "./certificates.ts"

/** Depot's messages, limited to the fields that the SDK uses here, by the numbers of its public API. */
const messages = {
  Empty: message({}),
  Timestamp: message({ seconds: field("int64", 1) }),
  CachePolicy: message({ keepBytes: field("int64", 1), keepDays: field("int32", 2), keepGb: field("int32", 3) }),
  Project: message({
    projectId: field("string", 1),
    name: field("string", 3),
    regionId: field("string", 4),
    createdAt: field("Timestamp", 5),
    cachePolicy: field("CachePolicy", 6)
  }),
  Projects: message({ projects: { ...field("Project", 1), rule: "repeated" } }),
  CreateProject: message({
    name: field("string", 1),
    regionId: field("string", 3),
    cachePolicy: field("CachePolicy", 4)
  }),
  CreatedProject: message({ project: field("Project", 1) }),
  ProjectId: message({ projectId: field("string", 1) }),
  CreatedBuild: message({ buildId: field("string", 1), buildToken: field("string", 2) }),
  BuildError: message({ error: field("string", 1) }),
  FinishBuild: message({ buildId: field("string", 1), success: field("Empty", 2), error: field("BuildError", 3) }),
  Endpoint: message({ buildId: field("string", 1), platform: field("int32", 2) }),
  Pem: message({ pem: field("string", 1) }),
  Pair: message({ cert: field("Pem", 1), key: field("Pem", 2) }),
  Active: message({
    endpoint: field("string", 1),
    serverName: field("string", 2),
    cert: field("Pair", 3),
    caCert: field("Pem", 4)
  }),
  Connection: message({ pending: field("Empty", 1), active: field("Active", 2) }),
  Api: {
    methods: {
      CreateProject: method("CreateProject", "CreatedProject"),
      ListProjects: method("Empty", "Projects"),
      DeleteProject: method("ProjectId", "Empty"),
      CreateBuild: method("ProjectId", "CreatedBuild"),
      FinishBuild: method("FinishBuild", "Empty"),
      ReleaseEndpoint: method("Endpoint", "Empty"),
      ReportHealth: method("Endpoint", "Empty"),
      GetEndpoint: method("Endpoint", "Connection")
    }
  }
}

const api = service("depot.simulator", messages, "Api")

export interface DepotMachine {
  /** `tcp://127.0.0.1:<port>` of a BuildKit that has the certificates' server name. */
  readonly endpoint: string
  readonly serverName: string
  readonly certificates: Certificates
}

export interface DepotServer {
  readonly url: string
  readonly projects: ReadonlyArray<Project>
  readonly builds: ReadonlyArray<{
    readonly buildId: string
    readonly projectId: string
    /** Reported build results, in order: "success", or the error's text. */
    readonly finished: ReadonlyArray<string>
    readonly released: boolean
    readonly healthReports: number
  }>
  /** Delay of creating a project in milliseconds, for concurrent requests. */
  readonly slowDown: (millis: number) => void
  /** The machine server rejects a build's token for this many requests. */
  readonly forgetTokens: (times: number) => void
}

class Refused extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, httpStatus: number) {
    super(code)
    this.code = code
    this.status = httpStatus
  }
}

/** Connect streams consist of frames: a flag byte, four bytes of length, the data. The last frame, with flag 2, is JSON. */
const frame = (flags: number, content: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt8(flags)
  head.writeUInt32BE(content.length, 1)
  return Buffer.concat([head, content])
}

interface Build {
  readonly buildId: string
  readonly buildToken: string
  readonly projectId: string
  readonly finished: Array<string>
  released: boolean
  healthReports: number
}

export interface Project {
  readonly projectId: string
  readonly name: string
  readonly regionId: string
  readonly cachePolicy: unknown
  readonly createdAt: { readonly seconds: number }
}

/**
 * Simulates Depot's API (Connect over HTTP/2, protobuf) for the real SDK. An account has one token; each build has its own, for
 * its machine. It does not model time: projects keep their given creation time.
 */
export const depotServer = (
  accountToken: string,
  machine: DepotMachine
): Effect.Effect<DepotServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const projects: Array<Project> = []
    const builds: Array<Build> = []
    let delay = 0
    let unknownTokens = 0
    let created = 0

    const buildOf = (buildId: string, token: string): Build => {
      const build = builds.find((each) => each.buildId === buildId)
      if (build === undefined || token !== build.buildToken) throw new Refused("unauthenticated", 401)
      return build
    }

    const asAccount = (token: string) => {
      if (token !== accountToken) throw new Refused("unauthenticated", 401)
    }

    const unary: Record<string, (body: Buffer, token: string) => Promise<Buffer> | Buffer> = {
      CreateProject: async (body, token) => {
        asAccount(token)
        created += 1
        const project: Project = {
          ...api.CreateProject.requestDeserialize(body),
          projectId: `dp${created}`,
          createdAt: { seconds: created }
        }
        await new Promise((resume) => setTimeout(resume, delay))
        projects.push(project)
        return api.CreateProject.responseSerialize({ project })
      },
      ListProjects: (_, token) => {
        asAccount(token)
        return api.ListProjects.responseSerialize({ projects })
      },
      DeleteProject: (body, token) => {
        asAccount(token)
        const { projectId } = api.DeleteProject.requestDeserialize(body)
        const index = projects.findIndex((each) => each.projectId === projectId)
        if (index >= 0) projects.splice(index, 1)
        return api.DeleteProject.responseSerialize({})
      },
      CreateBuild: (body, token) => {
        asAccount(token)
        const { projectId } = api.CreateBuild.requestDeserialize(body)
        if (!projects.some((each) => each.projectId === projectId)) throw new Refused("not_found", 404)
        const number = builds.length + 1
        const build: Build = {
          buildId: `depotbuild${number}`,
          buildToken: `build-token-canary-${number}`,
          projectId,
          finished: [],
          released: false,
          healthReports: 0
        }
        builds.push(build)
        return api.CreateBuild.responseSerialize(build)
      },
      FinishBuild: (body, token) => {
        asAccount(token)
        const { buildId, error } = api.FinishBuild.requestDeserialize(body)
        builds.find((each) => each.buildId === buildId)?.finished.push(error === null ? "success" : error.error)
        return api.FinishBuild.responseSerialize({})
      },
      ReleaseEndpoint: (body, token) => {
        const { buildId } = api.ReleaseEndpoint.requestDeserialize(body)
        buildOf(buildId, token).released = true
        return api.ReleaseEndpoint.responseSerialize({})
      }
    }

    const answerUnary = (stream: ServerHttp2Stream, name: string, token: string) => {
      const chunks: Array<Buffer> = []
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("end", async () => {
        try {
          const handler = unary[name]
          if (handler === undefined) throw new Refused("unimplemented", 501)
          const answer = await handler(Buffer.concat(chunks), token)
          stream.respond({ ":status": 200, "content-type": "application/proto" })
          stream.end(answer)
        } catch (error) {
          const refused = error instanceof Refused ? error : new Refused("internal", 500)
          stream.respond({ ":status": refused.status, "content-type": "application/json" })
          stream.end(JSON.stringify({ code: refused.code, message: refused.code }))
        }
      })
    }

    const endStream = (stream: ServerHttp2Stream, error?: string) =>
      stream.end(frame(2, Buffer.from(JSON.stringify(error === undefined ? {} : { error: { code: error } }))))

    const getEndpoint = (stream: ServerHttp2Stream, body: Buffer, token: string) => {
      stream.respond({ ":status": 200, "content-type": "application/connect+proto" })
      try {
        unknownTokens -= 1
        if (unknownTokens >= 0) throw new Refused("unauthenticated", 401)
        buildOf(api.GetEndpoint.requestDeserialize(body).buildId, token)
      } catch {
        return endStream(stream, "unauthenticated")
      }
      const { certificates, endpoint, serverName } = machine
      const active = {
        endpoint,
        serverName,
        cert: { cert: { pem: certificates.client.certificate }, key: { pem: certificates.client.key } },
        caCert: { pem: certificates.ca }
      }
      stream.write(frame(0, api.GetEndpoint.responseSerialize({ pending: {} })))
      stream.write(frame(0, api.GetEndpoint.responseSerialize({ active })))
      endStream(stream)
    }

    const answerStream = (stream: ServerHttp2Stream, name: string, token: string) => {
      let pending = Buffer.alloc(0)
      const onFrame = (body: Buffer) => {
        if (name === "GetEndpoint") return getEndpoint(stream, body, token)
        buildOf(api.ReportHealth.requestDeserialize(body).buildId, token).healthReports += 1
      }
      stream.on("data", (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk])
        while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
          const end = 5 + pending.readUInt32BE(1)
          onFrame(pending.subarray(5, end))
          pending = pending.subarray(end)
        }
      })
      stream.on("end", () => {
        if (name === "GetEndpoint" || stream.destroyed) return
        stream.respond({ ":status": 200, "content-type": "application/connect+proto" })
        stream.write(frame(0, api.ReportHealth.responseSerialize({})))
        endStream(stream)
      })
    }

    const server = createServer()
    server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined)
      const name = String(headers[":path"]).split("/").at(-1) ?? ""
      const token = String(headers.authorization).replace(/^Bearer /, "")
      const isStream = String(headers["content-type"]).startsWith("application/connect+")
      if (isStream) answerStream(stream, name, token)
      else answerUnary(stream, name, token)
    })
    const port = yield* onLoopback(server)
    return {
      url: `http://127.0.0.1:${port}`,
      projects,
      builds,
      slowDown: (millis) => {
        delay = millis
      },
      forgetTokens: (times) => {
        unknownTokens = times
      }
    }
  })
