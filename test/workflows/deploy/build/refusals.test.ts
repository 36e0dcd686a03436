import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { repositoryPathRule } from "../../../../src/names/repositoryPath.ts"
import { MemoryBuilder } from "../../../support/memory/MemoryBuilder.ts"
import { building, shopFromGit, slotsInUse } from "../../../support/workflows/builds.ts"
import { ControlPlane, type ControlPlaneOptions, on } from "../../../support/workflows/ControlPlane.ts"
import { commitSha } from "../../../support/workflows/commands.ts"
import { answerOf, deploymentRow, stepsOf, timed } from "../../../support/workflows/queries.ts"

const valid = { installationId: "42", repository: "acme/shop", commitSha }

interface Refusal {
  readonly what: string
  readonly git: object
  readonly world: ControlPlaneOptions
  readonly says: string
}

const noApp = "deployment d_1 asks for a build from git, but no GitHub App is configured; deploy a Docker image"
const refusals: ReadonlyArray<Refusal> = [
  {
    what: "on a worker without a builder",
    git: { ...valid, commitSha: "" },
    world: { github: {} },
    says: "deployment d_1 asks for a build from git, but builds are not configured; deploy a Docker image"
  },
  { what: "on a worker without a GitHub App", git: valid, world: { builder: {} }, says: noApp },
  {
    what: "without an installation",
    git: { ...valid, installationId: "0" },
    world: building,
    says: "git.installationId: must name the installation of the GitHub App"
  },
  {
    what: "[W49] of a deleted branch",
    git: { ...valid, commitSha: "0".repeat(40) },
    world: building,
    says: "git.commitSha: names no commit: the branch was deleted"
  },
  {
    what: "of a branch that GitHub does not know",
    git: { ...valid, commitSha: "", branch: "gone" },
    world: { ...building, github: { headOf: () => null } },
    says: "git.branch: GitHub branch gone of acme/shop: it does not exist, or this GitHub App may not use it"
  },
  {
    what: "of a branch that is no branch's name",
    git: { ...valid, commitSha: "", branch: "../../user" },
    world: building,
    says: "git.branch: must be the name of a branch"
  },
  {
    what: "[W53] whose repository would leave the URL's path",
    git: { ...valid, repository: "acme/shop#main" },
    world: building,
    says: "git.repository: must be a repository on GitHub, as owner/name"
  },
  {
    what: "[W53] whose context leaves the repository",
    git: { ...valid, contextPath: "../../etc" },
    world: building,
    says: `git.contextPath: must be ${repositoryPathRule}`
  }
]

const request = (git: object) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* shopFromGit(1)
    const target = { service: "hydra.v1.DeployService", key: "d_1", handler: "Deploy" }
    const body = new TextEncoder().encode(JSON.stringify({ deploymentId: "d_1", git }))
    return yield* timed(answerOf(engine.request(target, body)))
  })

describe("a deploy from git", () => {
  for (const { git, says, what, world } of refusals)
    it.effect(`${what} is refused with 400 at once, marked failed with the reason, and takes no slot`, () =>
      Effect.gen(function* () {
        const { answer, took } = yield* request(git)
        assert.deepStrictEqual(answer, { code: 400, message: says })
        assert.strictEqual(took, 0)
        assert.deepInclude(yield* deploymentRow("d_1"), { status: "failed" })
        assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: says })
        assert.deepStrictEqual(yield* slotsInUse(), {})
        assert.deepStrictEqual((yield* MemoryBuilder).runs, [])
      }).pipe(on(world))
    )

  const publicly: ControlPlaneOptions = { builder: {}, github: { isConfigured: false, allowsUnauthenticated: true } }
  for (const [what, world, installationId] of [
    ["without an App", publicly, null],
    ["with an App, which is not asked", { ...publicly, github: { allowsUnauthenticated: true } }, null],
    ["and not where it is not allowed", building, 42n]
  ] as const)
    it.effect(`is built without a token where that is allowed, ${what}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* request(valid)).answer.code, 200)
        assert.strictEqual((yield* MemoryBuilder).runs[0]?.request.installationId, installationId)
      }).pipe(on(world))
    )
})
