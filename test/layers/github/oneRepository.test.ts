import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { enterpriseServer } from "../../../dev/simulators/EnterpriseServer.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { authorizeClone, gitClient } from "../../../src/layers/builder/authorizeClone.ts"
import { GitHubLive } from "../../../src/layers/github/GitHubLive.ts"
import { GitHub } from "../../../src/services/builds/GitHub.ts"

describe("the token of a build", () => {
  it.scoped("reads its repository, and cannot clone another one of the same installation", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.flatMap(RunDirectory, ({ folderFor }) => folderFor("one-repository"))
      const server = yield* enterpriseServer({ folder, installations: { "5": ["acme/shop", "acme/plans"] } })
      const shop = yield* server.git.commit("acme/shop", { Dockerfile: "FROM scratch\n" })
      const plans = yield* server.git.commit("acme/plans", { Dockerfile: "FROM scratch\n" })
      const { appId, privateKeyPem } = server.app
      const live = GitHubLive({
        apiUrl: server.apiUrl,
        app: Option.some({ appId, privateKeyPem: Redacted.make(privateKeyPem) }),
        allowsUnauthenticated: false
      })
      yield* Effect.gen(function* () {
        const { installationToken } = yield* GitHub
        const token = yield* installationToken(5n, "acme/shop", { run: () => Effect.void, isRefusal: () => false })
        const git = yield* gitClient
        const clone = (repository: string, commitSha: string) =>
          authorizeClone(git, { url: `${server.git.url}/${repository}.git`, commitSha, token }, "10 seconds")
        yield* clone("acme/shop", shop)
        const refused = yield* Effect.flip(clone("acme/plans", plans))
        assert.include(refused, { _tag: "CloneRefused", reason: "repository_not_accessible" })
      }).pipe(Effect.provide(live))
    }).pipe(inRealTime, Effect.provide(RunDirectoryLive))
  )
})
