import { createPublicKey, createVerify } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"

/** An App at GitHub: its id and public key in PEM. */
export interface RegisteredApp {
  readonly appId: number
  readonly publicKeyPem: string
}

export interface GitHubServerOptions {
  readonly app: RegisteredApp
  /** Repositories of each installation, as `owner/name`. */
  readonly installations: Readonly<Record<string, ReadonlyArray<string>>>
  readonly publicRepositories?: ReadonlyArray<string>
  /** GitHub's clock, in Unix milliseconds. Tokens live for an hour of it. */
  readonly now: () => number
  /** The newest commit of a branch; null if it does not exist. */
  readonly headOf: (repository: string, branch: string) => object | null
}

interface Token {
  readonly expiresAt: number
  readonly permissions: object
  readonly repositories: ReadonlyArray<string>
}

interface Deployment {
  readonly id: number
  readonly repository: string
  readonly ref: string
  readonly task: string
  readonly environment: string
  readonly states: Array<string>
}

export interface GitHubServer {
  /** Handles a request of the API below `/api/v3`; false for other requests. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Every request as `METHOD path`, in order. */
  readonly requests: ReadonlyArray<string>
  readonly deployments: ReadonlyArray<Deployment>
  /** The tokens that may currently read a repository's contents. */
  readonly tokensOf: (repository: string) => ReadonlyArray<string>
  /** All issued tokens, including expired ones. */
  readonly tokens: () => ReadonlyArray<string>
  /** Response of the next request. */
  readonly failNext: (status: number, headers?: Readonly<Record<string, string>>) => void
}

const hour = 3_600_000
const prefix = "/api/v3"
/** GitHub accepts a lifetime of at most ten minutes, and no future issue time. */
const maxJwtSeconds = 600

const json = (response: ServerResponse, status: number, body: unknown, headers: object = {}) => {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
  response.end(JSON.stringify(body))
}

const textOf = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve) => {
    let text = ""
    request.on("data", (chunk) => {
      text += chunk
    })
    request.on("end", () => resolve(text))
  })

/** GitHub's error text ("Create an installation access token for an app", 422). */
const notInstalled =
  "There is at least one repository that does not exist or is not accessible to the parent installation."

const nameOf = (repository: string): string => repository.slice(repository.indexOf("/") + 1)

/** Full names of the repositories that a token is requested for by short name; null if one is not installed. */
const chosen = (
  installed: ReadonlyArray<string>,
  names: ReadonlyArray<string> | undefined
): ReadonlyArray<string> | null => {
  if (names === undefined) return installed
  const found = names.map((name) => installed.find((each) => nameOf(each).toLowerCase() === name.toLowerCase()))
  return found.every((each) => each !== undefined) ? found : null
}

/** Whether this is a valid JWT of the App. */
const isFromApp = (jwt: string, { appId, publicKeyPem }: RegisteredApp, now: number): boolean => {
  const [header = "", payload = "", signature = ""] = jwt.split(".")
  const verified = createVerify("RSA-SHA256")
    .update(`${header}.${payload}`)
    .verify(createPublicKey(publicKeyPem), Buffer.from(signature, "base64url"))
  if (!verified) return false
  const claims: { iss: unknown; iat: number; exp: number } = JSON.parse(Buffer.from(payload, "base64url").toString())
  const seconds = now / 1000
  return (
    String(claims.iss) === String(appId) &&
    claims.iat <= seconds &&
    claims.exp > seconds &&
    claims.exp - seconds <= maxJwtSeconds
  )
}

/**
 * The part of GitHub's REST API that this worker uses: it verifies the App's signature and clock, issues tokens that expire,
 * and enforces access.
 */
export const gitHubServer = (options: GitHubServerOptions): GitHubServer => {
  const requests: Array<string> = []
  const deployments: Array<Deployment> = []
  const tokens = new Map<string, Token>()
  let failure: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | null = null

  const isGoodFor = (
    { expiresAt, permissions, repositories }: Token,
    repository: string,
    permission: string
  ): boolean => expiresAt > options.now() && permission in permissions && repositories.includes(repository)

  const mayUse = (authorization: string, repository: string, permission: string): boolean => {
    const held = tokens.get(authorization.replace(/^(token|bearer) /i, ""))
    return held !== undefined && isGoodFor(held, repository, permission)
  }

  const issue = (installation: string, authorization: string, body: string, response: ServerResponse) => {
    if (!isFromApp(authorization.replace(/^bearer /i, ""), options.app, options.now())) {
      return json(response, 401, { message: "A JSON web token could not be decoded" })
    }
    const installed = options.installations[installation]
    if (installed === undefined) return json(response, 404, { message: "Not Found" })
    const asked: { permissions: object; repositories?: ReadonlyArray<string> } = JSON.parse(body)
    const repositories = chosen(installed, asked.repositories)
    if (repositories === null) return json(response, 422, { message: notInstalled })
    const token = `ghs_canary${tokens.size + 1}`
    const expiresAt = options.now() + hour
    const { permissions } = asked
    tokens.set(token, { expiresAt, permissions, repositories })
    json(response, 201, {
      token,
      expires_at: new Date(expiresAt).toISOString(),
      permissions,
      ...(asked.repositories === undefined
        ? { repository_selection: "all" }
        : {
            repository_selection: "selected",
            repositories: repositories.map((full_name) => ({ name: nameOf(full_name), full_name }))
          })
    })
  }

  const deploy = (repository: string, url: URL, method: string, body: string, response: ServerResponse) => {
    if (method === "GET") {
      const { environment, sha, task } = Object.fromEntries(url.searchParams)
      const found = deployments.filter(
        (each) =>
          each.repository === repository && each.ref === sha && each.task === task && each.environment === environment
      )
      return json(response, 200, found)
    }
    const { environment, ref, task } = JSON.parse(body)
    const created = { id: deployments.length + 1, repository, ref, task, environment, states: [] }
    deployments.push(created)
    json(response, 201, created)
  }

  const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
    const url = new URL(request.url ?? "/", "http://github")
    const path = decodeURIComponent(url.pathname.slice(prefix.length))
    const method = request.method ?? ""
    const authorization = request.headers.authorization ?? ""
    requests.push(`${method} ${path}`)
    response.setHeader("date", new Date(options.now()).toUTCString())
    if (failure !== null) {
      const { headers, status } = failure
      failure = null
      return json(response, status, { message: "as told" }, headers)
    }
    if (path === "/app") {
      return isFromApp(authorization.replace(/^bearer /i, ""), options.app, options.now())
        ? json(response, 200, { id: options.app.appId, slug: "control-plane" })
        : json(response, 401, { message: "A JSON web token could not be decoded" })
    }
    const [, installation] = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path) ?? []
    if (installation !== undefined) return issue(installation, authorization, body, response)
    const [, repository = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)\/(.*)$/.exec(path) ?? []
    const permission = rest.startsWith("deployments") ? "deployments" : "contents"
    const isOpen = permission === "contents" && (options.publicRepositories ?? []).includes(repository)
    if (!isOpen && !mayUse(authorization, repository, permission)) return json(response, 404, { message: "Not Found" })
    const [, branch] = /^commits\/heads\/(.+)$/.exec(rest) ?? []
    if (branch !== undefined) {
      const head = options.headOf(repository, branch)
      return head === null ? json(response, 422, { message: "No commit found" }) : json(response, 200, head)
    }
    if (rest === "deployments") return deploy(repository, url, method, body, response)
    const [, id] = /^deployments\/(\d+)\/statuses$/.exec(rest) ?? []
    const deployment = deployments.find((each) => String(each.id) === id)
    if (deployment === undefined) return json(response, 404, { message: "Not Found" })
    deployment.states.push(JSON.parse(body).state)
    json(response, 201, { id: deployment.states.length })
  }

  return {
    requests,
    deployments,
    handle: (request, response) => {
      if (request.url?.startsWith(prefix) !== true) return false
      textOf(request).then((body) => answer(request, response, body))
      return true
    },
    tokensOf: (repository) =>
      [...tokens].flatMap(([token, held]) => (isGoodFor(held, repository, "contents") ? [token] : [])),
    tokens: () => [...tokens.keys()],
    failNext: (status, headers = {}) => {
      failure = { status, headers }
    }
  }
}
