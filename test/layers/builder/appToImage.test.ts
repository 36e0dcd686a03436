import { generateKeyPairSync } from "node:crypto"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { type GitHubServer, gitHubServer } from "../../../dev/simulators/GitHubServer.ts"
import { gitServer } from "../../../dev/simulators/GitServer.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { BuildkitBuilderLive } from "../../../src/layers/builder/BuildkitBuilderLive.ts"
import { GitHubLive } from "../../../src/layers/github/GitHubLive.ts"
import { NoBuildVariables } from "../../../src/layers/mysql/BuildVariablesLive.ts"
import { Builder } from "../../../src/services/builds/Builder.ts"
import { GitHub } from "../../../src/services/builds/GitHub.ts"
import { BuildFixture, buildFixture, registryOf, unavailableReason } from "../../support/builds/BuildFixture.ts"
import { build, request } from "../../support/builds/builds.ts"
import { recordedTelemetry } from "../../support/builds/recordedTelemetry.ts"
import { MemoryBuildLedger } from "../../support/memory/MemoryBuildLedger.ts"

const reason = await unavailableReason

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" }
})

/** Git and GitHub's API on one address, as an Enterprise Server; the API's tokens give access to git. */
const enterpriseServer = Effect.gen(function* () {
  const directory = yield* RunDirectory
  const heads = new Map<string, string>()
  const gitHub: GitHubServer = gitHubServer({
    app: { appId: 7, publicKeyPem: keys.publicKey },
    installations: { "5": ["acme/shop"], "6": ["globex/plans"] },
    now: () => Date.now(),
    headOf: (repository, branch) => ({
      sha: heads.get(`${repository} ${branch}`),
      commit: { message: "Open the shop", committer: { date: "2026-01-02T03:04:05Z" } },
      author: null
    })
  })
  const git = yield* gitServer({
    folder: yield* directory.folderFor("enterprise"),
    tokensOf: gitHub.tokensOf,
    beside: gitHub.handle
  })
  heads.set(
    "acme/shop main",
    yield* git.commit("acme/shop", { Dockerfile: "FROM scratch\nCOPY Dockerfile /\n", "README.md": "A shop.\n" })
  )
  return { git, gitHub }
})

if (reason !== null) {
  describe("from a GitHub App to an image", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildFixture, { timeout: "5 minutes" })("from a GitHub App to an image", (it) => {
    it.scoped("the newest commit of a branch becomes an image, with one token, which is seen nowhere", () =>
      Effect.gen(function* () {
        const { buildkit, registry } = yield* BuildFixture
        const { git, gitHub } = yield* enterpriseServer
        const { telemetry, told } = recordedTelemetry()
        const worker = BuildkitBuilderLive({
          buildkit: { address: buildkit.address },
          gitUrl: git.url,
          registry: registryOf(registry)
        }).pipe(
          Layer.provide([MemoryBuildLedger, NoBuildVariables, telemetry, FetchHttpClient.layer]),
          Layer.provideMerge(
            GitHubLive({
              apiUrl: `${git.url}/api/v3`,
              app: Option.some({ appId: 7, privateKeyPem: Redacted.make(keys.privateKey) }),
              allowsUnauthenticated: false
            })
          )
        )
        yield* Effect.gen(function* () {
          const { branchHead } = yield* GitHub
          const { sha } = yield* branchHead("acme/shop", "main", 5n)
          const asked = request(sha, { contextPath: "", installationId: 5n, projectId: "proj_app" })
          const state = yield* build(asked)
          if (state._tag !== "Succeeded") return assert.fail(JSON.stringify(state))
          const pushed = yield* registry.digestOf("ws-01/proj-0app", asked.deploymentId)
          assert.deepStrictEqual(pushed, Option.some(state.digest))
          assert.lengthOf(
            gitHub.requests.filter((line) => line.endsWith("access_tokens")),
            1
          )
          const [token = "no token"] = gitHub.tokens()
          assert.match(token, /^ghs_/)
          for (const secret of [token, registry.password]) {
            assert.notInclude(JSON.stringify([told, state, git.requests]), secret)
          }
          // Another tenant's installation with the same commit: not from the cache either.
          const { start } = yield* Builder
          const stranger = yield* Effect.flip(start(request(sha, { contextPath: "", installationId: 6n })))
          assert.include(stranger, { _tag: "BuildRefused", reason: "repository_not_accessible" })
        }).pipe(inRealTime, Effect.provide(worker))
      }).pipe(Effect.provide(RunDirectoryLive))
    )
  })
}
