import { assert, describe, it } from "@effect/vitest"
import { status } from "@grpc/grpc-js"
import { Effect, Layer, Logger, Redacted } from "effect"
import { buildkitServer, type Play } from "../../../dev/simulators/BuildkitServer.ts"
import { type Certificates, makeCertificates } from "../../../dev/simulators/certificates.ts"
import { BuildkitBuilderLive } from "../../../src/layers/builder/BuildkitBuilderLive.ts"
import type { BuildkitTls } from "../../../src/layers/builder/buildkit/BuildkitClient.ts"
import { sandboxName } from "../../../src/layers/builder/sandboxName.ts"
import { isSourceAllowed, type SourceRule, sourcePolicyOf } from "../../../src/layers/builder/sourcePolicy.ts"
import { NoBuildVariables } from "../../../src/layers/mysql/BuildVariablesLive.ts"
import { Builder } from "../../../src/services/builds/Builder.ts"
import { build, hasEnded, pollUntil, request, until } from "../../support/builds/builds.ts"
import { gitHubWithTokens } from "../../support/builds/MemoryGitHub.ts"
import { openGit } from "../../support/builds/openGit.ts"
import { recordedTelemetry } from "../../support/builds/recordedTelemetry.ts"
import { registryStub } from "../../support/builds/registryStub.ts"
import { MemoryBuildLedger } from "../../support/memory/MemoryBuildLedger.ts"

const sha = "7".repeat(40)
const digest = `sha256:${"d".repeat(64)}`
const gitToken = "ghs_canary-git"
const password = "canary-registry-password"

const at = (millis: number) => ({ seconds: Math.floor(millis / 1000), nanos: (millis % 1000) * 1_000_000 })
const vertex = (change: object) => ({
  digest: "sha256:step",
  name: "[1/1] RUN make",
  cached: false,
  started: at(1_000),
  completed: null,
  error: "",
  ...change
})

/** google.rpc.Status as BuildKit sends it: details are JSON under a type's name. */
const rpcStatus = (details: Readonly<Record<string, object>>): Buffer => {
  const part = (tag: number, content: Buffer) => Buffer.concat([Buffer.from([tag, content.length]), content])
  return Buffer.concat(
    Object.entries(details).map(([type, value]) =>
      part(
        0x1a,
        Buffer.concat([
          part(0x0a, Buffer.from(`github.com/moby/buildkit/errdefs.${type}+json`)),
          part(0x12, Buffer.from(JSON.stringify(value)))
        ])
      )
    )
  )
}

interface Stage {
  readonly play: Play
  readonly certificates?: Certificates
  readonly tls?: BuildkitTls
  /** The registry's response to a request without credentials. */
  readonly challenge?: string
  /** Null for a daemon without the Info call. */
  readonly version?: string | null
}

/** A builder on a simulated daemon; returns the daemon and the recorded telemetry. */
const staged = ({ certificates, challenge, play, tls, version }: Stage) =>
  Effect.gen(function* () {
    const daemon = yield* buildkitServer(play, certificates ?? null, version)
    const { asked, http } = registryStub(challenge)
    const gitUrl = yield* openGit(gitToken)
    const { telemetry, told } = recordedTelemetry()
    const layer = BuildkitBuilderLive({
      buildkit: { address: daemon.address, ...(tls === undefined ? {} : { tls }) },
      gitUrl,
      registry: {
        url: "https://registry.example.com/team/",
        username: "builder",
        password: Redacted.make(password),
        insecure: false
      }
    }).pipe(
      Layer.provide([
        MemoryBuildLedger,
        NoBuildVariables,
        telemetry,
        http,
        gitHubWithTokens({ "1": gitToken, "2": "ghs_other" })
      ])
    )
    return { asked, daemon, gitUrl, told, layer }
  })

const succeed: Play = () => Promise.resolve({ digest })

describe("the BuildKit builder", () => {
  it.scopedLive("asks for exactly that commit, directory, Dockerfile and platform, and for a push", () =>
    Effect.gen(function* () {
      const { daemon, gitUrl, layer } = yield* staged({ play: succeed })
      const asked = request(sha, { contextPath: " /apps/api/ ", dockerfilePath: "docker/Dockerfile" })
      const state = yield* Effect.provide(build(asked), layer)
      const image = `registry.example.com/team/ws-01/proj-0-a:${asked.deploymentId}`
      assert.deepStrictEqual(state, {
        _tag: "Succeeded",
        image,
        digest,
        externalBuildId: null,
        depotProjectId: null
      })
      const [solve] = daemon.solves
      assert.strictEqual(solve?.frontend, "dockerfile.v0")
      assert.deepStrictEqual(solve?.frontendAttrs, {
        platform: "linux/amd64",
        context: `${gitUrl}/acme/shop.git#${sha}:apps/api`,
        filename: "docker/Dockerfile",
        cmdline: "dockerfile.v0",
        "build-arg:BUILDKIT_CACHE_MOUNT_NS": "ws_1",
        "build-arg:BUILDKIT_SANDBOX_HOSTNAME": sandboxName("ws_1")
      })
      const attrs = { name: image, push: "true", store: "false", "oci-mediatypes": "true" }
      assert.deepStrictEqual(solve?.exporters, [{ type: "image", attrs }])
      assert.deepStrictEqual(solve?.exporterAttrsDeprecated, attrs, "for daemons before 0.13")
      const site = { gitUrl, registryUrl: "registry.example.com/team", registryKnowsPasswordsOnly: false }
      const rules = sourcePolicyOf(site, { repository: "acme/shop", commitSha: sha })
      assert.deepStrictEqual(
        solve?.sourcePolicy.rules.map(({ action, selector }) => [action, selector.identifier, selector.matchType]),
        rules.map(({ action, pattern }) => [action === "deny" ? 1 : 0, pattern, 2])
      )
      assert.notInclude(JSON.stringify(solve), gitToken)
      assert.notInclude(JSON.stringify(solve), password)
    })
  )

  it.scopedLive("gives the git token to its host alone, and opens no files and no agent", () =>
    Effect.gen(function* () {
      const answers: Array<unknown> = []
      const { gitUrl, layer } = yield* staged({
        play: async ({ ask }) => {
          const host = new URL(gitUrl).host
          answers.push(await ask.secret(`GIT_AUTH_TOKEN.${host}`))
          answers.push(await ask.secret("GIT_AUTH_TOKEN"), await ask.secret("GIT_AUTH_TOKEN.evil.example.com"))
          answers.push(await ask.method("/moby.filesync.v1.FileSync/DiffCopy"))
          answers.push(await ask.method("/moby.sshforward.v1.SSH/ForwardAgent"))
          return { digest }
        }
      })
      yield* Effect.provide(build(request(sha)), layer)
      assert.deepStrictEqual(answers, [
        gitToken,
        status.NOT_FOUND,
        status.NOT_FOUND,
        status.UNIMPLEMENTED,
        status.UNIMPLEMENTED
      ])
    })
  )

  it.scopedLive(
    "where the registry has tokens the password stays here, and a push gets one for its own repository",
    () =>
      Effect.gen(function* () {
        const answers: Array<unknown> = []
        const own = "repository:team/ws-01/proj-0-a"
        const { asked, layer } = yield* staged({
          play: async ({ ask }) => {
            answers.push(await ask.authority("registry.example.com"), await ask.authority("other.example.com"))
            answers.push(await ask.credentials("registry.example.com"), await ask.credentials("docker.io"))
            answers.push(await ask.token("registry.example.com", [`${own}:pull,push`, "repository:team/other:pull"]))
            answers.push(await ask.token("registry.example.com", ["repository:team/other:pull,push"]))
            answers.push(await ask.token("other.example.com", [`${own}:pull,push`]))
            return { digest }
          }
        })
        yield* Effect.provide(build(request(sha)), layer)
        assert.deepStrictEqual(answers, [
          status.OK,
          status.UNAVAILABLE,
          { username: "", secret: "" },
          { username: "", secret: "" },
          `token-for-${own}:pull,push`,
          "token-for-repository:team/other:pull,push",
          status.PERMISSION_DENIED
        ])
        const basic = `Basic ${Buffer.from(`builder:${password}`).toString("base64")}`
        assert.deepStrictEqual(
          asked.map(({ authorization }) => authorization),
          [undefined, basic, undefined],
          "the challenge, a token as the pusher, an anonymous token"
        )
      })
  )

  it.scopedLive("where the registry knows passwords only they are given to it alone", () =>
    Effect.gen(function* () {
      const answers: Array<unknown> = []
      const { daemon, layer } = yield* staged({
        challenge: 'Basic realm="registry"',
        play: async ({ ask }) => {
          answers.push(await ask.credentials("registry.example.com"), await ask.credentials("docker.io"))
          answers.push(await ask.authority("registry.example.com"))
          return { digest }
        }
      })
      yield* Effect.provide(build(request(sha)), layer)
      assert.deepStrictEqual(answers, [
        { username: "builder", secret: password },
        { username: "", secret: "" },
        status.UNAVAILABLE
      ])
      const rules = (daemon.solves[0]?.sourcePolicy.rules ?? []).map(
        ({ action, selector }): SourceRule => ({
          action: action === 1 ? "deny" : "allow",
          pattern: selector.identifier
        })
      )
      assert.isTrue(isSourceAllowed(rules, "docker-image://docker.io/library/node:24"))
      assert.isFalse(isSourceAllowed(rules, "docker-image://registry.evil.example/team/image:1"))
    })
  )

  const versions: ReadonlyArray<readonly [version: string | null, isTaken: boolean]> = [
    [null, false],
    ["v0.10.6", false],
    ["v0.9.0", false],
    ["v0.11.0", true],
    ["v0.25.1", true],
    // The BuildKit version that Docker Engine 28 reports.
    ["v0.0.0+unknown", true]
  ]
  for (const [version, isTaken] of versions) {
    it.scopedLive(
      `a daemon that calls itself ${version} ${isTaken ? "builds" : "is refused: it would read anything"}`,
      () =>
        Effect.gen(function* () {
          const { daemon, layer } = yield* staged({ play: succeed, version })
          const state = yield* Effect.provide(build(request(sha)), layer)
          if (isTaken) return assert.strictEqual(state._tag, "Succeeded")
          assert.include(state, { _tag: "Failed", kind: "builder_too_old" })
          assert.lengthOf(daemon.solves, 0)
        })
    )
  }

  it.scopedLive("tells every event before the end, also a message of many megabytes", () =>
    Effect.gen(function* () {
      const { layer, told } = yield* staged({
        play: async ({ emit }) => {
          emit({ vertexes: [vertex({})], logs: [] })
          const log = { vertex: "sha256:step", timestamp: at(1_500), stream: 1, message: Buffer.alloc(9_000_000, "x") }
          emit({ vertexes: [], logs: [log] })
          emit({ vertexes: [vertex({ completed: at(2_000) })], logs: [] })
          return { digest }
        }
      })
      assert.strictEqual((yield* Effect.provide(build(request(sha)), layer))._tag, "Succeeded")
      assert.deepStrictEqual(
        told.map((event) =>
          event._tag === "Step" ? [event.startedAt, event.completedAt] : [event.at, event.text.length]
        ),
        [
          [1_000, null],
          [1_500, 9_000_000],
          [1_000, 2_000]
        ]
      )
    })
  )

  it.scopedLive("shows none of its secrets in steps, outputs and failures, also one that comes in two chunks", () =>
    Effect.gen(function* () {
      const chunk = (text: string) => ({
        vertexes: [],
        logs: [{ vertex: "sha256:step", timestamp: at(1_500), stream: 1, message: Buffer.from(text) }]
      })
      const header = Buffer.from(`x-access-token:${gitToken}`).toString("base64")
      const { layer, told } = yield* staged({
        play: async ({ emit }) => {
          emit({ vertexes: [vertex({ name: `RUN login ${password}` })], logs: [] })
          emit(chunk(`token ${gitToken.slice(0, 5)}`))
          emit(chunk(`${gitToken.slice(5)}; header ${header}; password ${password}; and ${gitToken.slice(0, 4)}`))
          const error = `cannot log in with ${password}`
          emit({ vertexes: [vertex({ name: `RUN login ${password}`, completed: at(2_000), error })], logs: [] })
          const details = rpcStatus({ Vertex: { digest: "sha256:step" } })
          return { code: status.UNKNOWN, text: `${error} and ${gitToken}`, details }
        }
      })
      const lines: Array<unknown> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => lines.push(message))
      )
      const state = yield* Effect.provide(build(request(sha)), Layer.provideMerge(layer, logger))
      assert.include(JSON.stringify(state), "RUN login [secret]")
      assert.include(JSON.stringify(lines), "cannot log in with [secret] and [secret]")
      const outputs = told.flatMap((event) => (event._tag === "Output" ? [event.text] : []))
      // A prefix of the token without the rest is shown at the end.
      const said = `token [secret]; header [secret]; password [secret]; and ${gitToken.slice(0, 4)}`
      assert.strictEqual(outputs.join(""), said)
      for (const secret of [gitToken, password, header]) {
        assert.notInclude(JSON.stringify([told, state, lines]), secret)
      }
    })
  )

  it.scopedLive(
    "of several steps that end with errors the one that the daemon blames is told, with its exit code",
    () =>
      Effect.gen(function* () {
        const { layer } = yield* staged({
          play: async ({ emit }) => {
            const cut = vertex({ digest: "sha256:cut", name: "RUN lint", completed: at(2_000), error: "cancelled" })
            const failing = vertex({ digest: "sha256:bad", name: "RUN test", completed: at(2_000), error: "exit" })
            emit({ vertexes: [cut, failing], logs: [] })
            const details = rpcStatus({ ExitMessage: { Code: 3 }, Vertex: { digest: "sha256:bad" } })
            return { code: status.UNKNOWN, text: "words", details }
          }
        })
        assert.deepStrictEqual(yield* Effect.provide(build(request(sha)), layer), {
          _tag: "Failed",
          kind: "command_failed",
          message: "RUN test ended with exit code 3; its output is in the build's log"
        })
      })
  )

  it.scopedLive("a build of an id that runs or has ended is attached to, never started twice", () =>
    Effect.gen(function* () {
      let finish: (ended: { digest: string }) => void = () => undefined
      const { daemon, layer } = yield* staged({
        play: ({ emit }) => {
          emit({ vertexes: [vertex({})], logs: [] })
          return new Promise((resolve) => {
            finish = resolve
          })
        }
      })
      yield* Effect.gen(function* () {
        const builder = yield* Builder
        const asked = request(sha)
        yield* Effect.all([builder.start(asked), builder.start(asked), builder.start(asked)], { concurrency: 3 })
        const running = yield* pollUntil(
          asked.buildId,
          (state) => state._tag === "Running" && /make/.test(state.detail)
        )
        assert.deepStrictEqual(running, { _tag: "Running", detail: "[1/1] RUN make" })
        finish({ digest })
        yield* pollUntil(asked.buildId, hasEnded)
        yield* builder.start(asked)
        assert.strictEqual((yield* builder.poll(asked.buildId))._tag, "Succeeded")
        assert.lengthOf(daemon.solves, 1)
      }).pipe(Effect.provide(layer))
    })
  )

  it.scopedLive("a cancelled build is cancelled on the daemon, and one cancelled before it starts never starts", () =>
    Effect.gen(function* () {
      const { daemon, layer } = yield* staged({ play: () => Promise.resolve(null) })
      yield* Effect.gen(function* () {
        const builder = yield* Builder
        const asked = request(sha)
        yield* builder.start(asked)
        yield* until(() => daemon.solves.length === 1)
        yield* builder.cancel(asked.buildId)
        yield* until(() => daemon.cancelled.length === 1)
        assert.include(yield* builder.poll(asked.buildId), { _tag: "Failed", kind: "cancelled" })

        const late = request(sha)
        yield* builder.cancel(late.buildId)
        yield* builder.start(late)
        assert.include(yield* builder.poll(late.buildId), { _tag: "Failed", kind: "cancelled" })
        assert.lengthOf(daemon.solves, 1)
      }).pipe(Effect.provide(layer))
    })
  )

  it.scopedLive("when the builder goes, its builds are cancelled with it", () =>
    Effect.gen(function* () {
      const { daemon, layer } = yield* staged({ play: () => Promise.resolve(null) })
      yield* Effect.gen(function* () {
        const builder = yield* Builder
        yield* builder.start(request(sha))
        yield* until(() => daemon.solves.length === 1)
      }).pipe(Effect.provide(layer))
      yield* until(() => daemon.cancelled.length === 1)
    })
  )

  it.scopedLive("a daemon that dies, or is unreachable, leaves the build unknown: it may be started again", () =>
    Effect.gen(function* () {
      const { daemon, layer } = yield* staged({ play: () => Promise.resolve(null) })
      yield* Effect.gen(function* () {
        const builder = yield* Builder
        const asked = request(sha)
        yield* builder.start(asked)
        yield* until(() => daemon.solves.length === 1)
        yield* Effect.sync(daemon.die)
        assert.deepStrictEqual(yield* pollUntil(asked.buildId, hasEnded), { _tag: "Unknown" })
        yield* builder.start(asked)
        assert.deepStrictEqual(yield* pollUntil(asked.buildId, hasEnded), { _tag: "Unknown" })
      }).pipe(Effect.provide(layer))
    })
  )

  it.scopedLive(
    "nothing reaches the daemon that the repository's owner, or the shape of the request, does not allow",
    () =>
      Effect.gen(function* () {
        const { daemon, layer } = yield* staged({ play: succeed })
        yield* Effect.gen(function* () {
          const builder = yield* Builder
          const refused = (change: object) => Effect.flip(builder.start(request(sha, change)))
          assert.include(yield* refused({ installationId: 2n }), { reason: "repository_not_accessible" })
          assert.include(yield* refused({ installationId: 9n }), { reason: "repository_not_accessible" })
          assert.include(yield* refused({ installationId: null }), { reason: "repository_not_accessible" })
          assert.include(yield* refused({ repository: "acme/shop.git#main" }), {
            reason: "invalid",
            field: "repository"
          })
          assert.lengthOf(daemon.solves, 0)
        }).pipe(Effect.provide(layer))
      })
  )

  it.scopedLive("with mutual TLS both sides prove who they are, and a stranger builds nothing", () =>
    Effect.gen(function* () {
      const certificates = yield* Effect.promise(() => makeCertificates("buildkit.example"))
      const strangers = yield* Effect.promise(() => makeCertificates("buildkit.example"))
      const tlsWith = (client: Certificates["client"]): BuildkitTls => ({
        ca: certificates.ca,
        client: { certificate: client.certificate, key: Redacted.make(client.key) },
        serverName: "buildkit.example"
      })
      const ours = yield* staged({ play: succeed, certificates, tls: tlsWith(certificates.client) })
      assert.strictEqual((yield* Effect.provide(build(request(sha)), ours.layer))._tag, "Succeeded")
      const theirs = yield* staged({ play: succeed, certificates, tls: tlsWith(strangers.client) })
      assert.strictEqual((yield* Effect.provide(build(request(sha)), theirs.layer))._tag, "Unknown")
      assert.lengthOf(theirs.daemon.solves, 0)
    })
  )
})
