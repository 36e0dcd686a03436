import { generateKeyPairSync } from "node:crypto"
import { Effect, type Scope } from "effect"
import { type GitHubServer, gitHubServer } from "./GitHubServer.ts"
import { type GitServer, gitServer } from "./GitServer.ts"

export interface EnterpriseServer {
  readonly git: GitServer
  readonly gitHub: GitHubServer
  /** Base URL of GitHub's API. */
  readonly apiUrl: string
  readonly app: { readonly appId: number; readonly privateKeyPem: string }
}

export interface EnterpriseServerOptions {
  /** An empty folder for the repositories. */
  readonly folder: string
  /** Repositories of each installation of the App, as `owner/name`. All others are inaccessible. */
  readonly installations: Readonly<Record<string, ReadonlyArray<string>>>
}

const appId = 7

/** Git and GitHub's API on one address, as a GitHub Enterprise Server; the API's tokens give access to git. */
export const enterpriseServer = ({
  folder,
  installations
}: EnterpriseServerOptions): Effect.Effect<EnterpriseServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const keys = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" }
    })
    const gitHub = gitHubServer({
      app: { appId, publicKeyPem: keys.publicKey },
      installations,
      now: () => Date.now(),
      headOf: () => null
    })
    const git = yield* gitServer({ folder, tokensOf: gitHub.tokensOf, beside: gitHub.handle })
    return { git, gitHub, apiUrl: `${git.url}/api/v3`, app: { appId, privateKeyPem: keys.privateKey } }
  })
