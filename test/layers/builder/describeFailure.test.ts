import { assert, describe, it } from "@effect/vitest"
import { status } from "@grpc/grpc-js"
import { SolveFailed } from "../../../src/layers/builder/buildkit/solve.ts"
import { describeFailure, isLost } from "../../../src/layers/builder/describeFailure.ts"

const spec = {
  buildId: "b",
  workspaceId: "ws_1",
  projectId: "p",
  deploymentId: "d",
  repository: "acme/shop",
  commitSha: "0f3c".repeat(10),
  contextPath: "apps/api",
  dockerfilePath: "Dockerfile",
  platform: "linux/amd64"
}

const failure = (change: { code?: status; details?: ReadonlyArray<string>; exitCode?: number; text?: string } = {}) =>
  new SolveFailed({
    code: change.code ?? status.UNKNOWN,
    details: new Set(change.details ?? []),
    exitCode: change.exitCode ?? null,
    vertex: null,
    text: change.text ?? "text"
  })

const table = [
  [
    failure({ exitCode: 1 }),
    "[2/3] RUN make",
    "command_failed",
    "[2/3] RUN make ended with exit code 1; its output is in the build's log"
  ],
  [
    failure({ exitCode: 137 }),
    "[2/3] RUN make",
    "out_of_memory",
    "[2/3] RUN make was killed, most likely because it needed more memory than there is"
  ],
  [
    failure({ details: ["Frontend"] }),
    null,
    "dockerfile_not_found",
    `Dockerfile not found at "apps/api/Dockerfile" in acme/shop at 0f3c0f3`
  ],
  [
    failure({ details: ["Frontend", "Source"], text: "unknown  instruction:\nFOO" }),
    null,
    "dockerfile_invalid",
    "apps/api/Dockerfile: unknown instruction: FOO"
  ],
  [
    failure({ details: ["Frontend", "Vertex"] }),
    "[internal] load git source https://github.com/acme/shop.git#0f3c:apps/api",
    "context_not_found",
    `directory "apps/api" not found in acme/shop at 0f3c0f3: check the root directory`
  ],
  [
    failure({ details: ["Frontend", "Source"] }),
    "[internal] load metadata for docker.io/library/nope:1",
    "base_image_not_found",
    "base image docker.io/library/nope:1 cannot be pulled: check its name and that it is public"
  ],
  [
    failure({ details: ["Source", "Vertex"] }),
    "[1/2] COPY a b",
    "file_not_found",
    "[1/2] COPY a b failed: check that what it names exists in the build's context"
  ],
  [
    failure(),
    "exporting to image",
    "push_failed",
    "the image was built, but the registry did not take it: the worker's registry settings need attention"
  ],
  [
    failure({ code: status.UNAUTHENTICATED }),
    null,
    "builder_denied",
    "the builder does not accept this worker: its settings need attention"
  ],
  [
    failure({ code: status.PERMISSION_DENIED, details: ["Source"] }),
    "[internal] load metadata for r/x",
    "base_image_not_found",
    "base image r/x cannot be pulled: check its name and that it is public"
  ],
  [failure(), null, "unknown", "the build failed; the worker's log has the builder's own words"]
] as const

describe("why a build failed", () => {
  for (const [given, vertex, kind, message] of table) {
    it(`${kind}: ${vertex ?? [...given.details].join(" ")}`, () => {
      const told = describeFailure(given, vertex === null ? undefined : { name: vertex }, spec, [])
      assert.deepStrictEqual(told, { _tag: "Failed", kind, message })
    })
  }

  it("the root of a repository is not called a directory that is missing", () => {
    const vertex = { name: "[internal] load git source https://github.com/acme/shop.git#0f3c" }
    const told = describeFailure(failure(), vertex, { ...spec, contextPath: "" }, [])
    assert.strictEqual(told.kind, "repository_not_accessible")
  })

  it("the same words with other structure are another failure: texts decide nothing", () => {
    const text = "failed to read dockerfile: open Dockerfile: no such file or directory"
    assert.strictEqual(describeFailure(failure({ text }), undefined, spec, []).kind, "unknown")
    assert.strictEqual(describeFailure(failure({ text, exitCode: 2 }), undefined, spec, []).kind, "command_failed")
  })

  const deniedText = 'failed to load LLB: source "git://evil.example/x.git" denied by policy: source denied by policy'
  const denyAll = [{ action: "deny", pattern: ".*" }] as const

  it("a source that the policy denies is named to the user", () => {
    const told = describeFailure(failure({ text: deniedText }), undefined, spec, denyAll)
    assert.strictEqual(told.kind, "source_denied")
    assert.include(told.message, "a build may not read git://evil.example/x.git,")
  })

  it("what BuildKit calls denied and the policy allows, or what only quotes it, is not called denied", () => {
    assert.strictEqual(describeFailure(failure({ text: deniedText }), undefined, spec, []).kind, "unknown")
    const quoted = failure({ text: `${deniedText}, says the Dockerfile` })
    assert.strictEqual(describeFailure(quoted, undefined, spec, denyAll).kind, "unknown")
    const command = failure({ text: deniedText, exitCode: 1 })
    assert.strictEqual(describeFailure(command, undefined, spec, denyAll).kind, "command_failed")
  })

  it("a message is at most 500 characters however long what it quotes is", () => {
    const vertex = { name: `RUN ${"x".repeat(10_000)}` }
    assert.isAtMost(describeFailure(failure({ exitCode: 1 }), vertex, spec, []).message.length, 500)
  })

  it("what went away may be built again; what failed by itself may not", () => {
    for (const code of [status.UNAVAILABLE, status.CANCELLED, status.DEADLINE_EXCEEDED, status.INTERNAL]) {
      assert.isTrue(isLost(failure({ code })))
    }
    assert.isFalse(isLost(failure()))
    assert.isFalse(isLost(failure({ code: status.CANCELLED, details: ["ExitMessage"], exitCode: 1 })))
  })
})
