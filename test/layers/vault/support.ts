import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { NodeFileSystem } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { Effect, Exit, Inspectable, Layer, Logger, Option, Redacted, Tracer } from "effect"
import { VaultServer } from "../../../dev/simulators/VaultServer.ts"
import { HashicorpVaultLive, type HashicorpVaultOptions } from "../../../src/layers/vault/HashicorpVaultLive.ts"
import type { VaultLogin } from "../../../src/layers/vault/hashicorp/login.ts"
import type { Vault } from "../../../src/services/vault/Vault.ts"

/** A folder that is deleted with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "vault-test-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

export const givenToken = (token: string): VaultLogin => ({ method: "token", token: Redacted.make(token) })

export const hashicorpVault = (url: string, login: VaultLogin, more: Partial<HashicorpVaultOptions> = {}) =>
  HashicorpVaultLive({
    url,
    namespace: Option.none(),
    transitMount: "transit",
    associatedData: true,
    caFile: Option.none(),
    login,
    ...more
  }).pipe(Layer.provide(NodeFileSystem.layer))

/** The server's vault, with this login. */
export const vaultOf = <E>(
  login: Effect.Effect<VaultLogin, E, VaultServer>,
  more: Partial<HashicorpVaultOptions> = {}
): Layer.Layer<Vault, unknown, VaultServer> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { url } = yield* VaultServer
      return hashicorpVault(url, yield* login, more)
    })
  )

export const asAppRole = (token: { readonly ttl: number; readonly maxTtl?: number; readonly renewable?: boolean }) =>
  Effect.gen(function* () {
    const { roleId, secretId } = yield* (yield* VaultServer).allowAppRole(token)
    return { method: "approle", mount: "approle", roleId, secretId: Redacted.make(secretId) } satisfies VaultLogin
  })

/** All printed forms of a value. */
export const shown = (value: unknown): string =>
  [
    inspect(value, { depth: 30, showHidden: true }),
    Inspectable.toStringUnknown(value),
    String(value),
    value instanceof Error ? `${value.message}${value.stack}${inspect(value.cause)}` : ""
  ].join("\n")

/** Runs an effect; returns its exit, log lines and spans. */
export const traces = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<string, never, R> =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const spans: Array<Tracer.Span> = []
    const logger = Logger.make((entry) => {
      lines.push(shown(entry))
    })
    const native = yield* Effect.tracer
    const tracer = Tracer.make({
      span: (...args) => {
        const span = native.span(...args)
        spans.push(span)
        return span
      },
      context: (execution) => execution()
    })
    const exit = yield* Effect.exit(effect).pipe(
      Effect.withTracer(tracer),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
    const ended = spans.map((span) => shown([span.name, span.status, [...span.attributes]]))
    return [
      shown(exit),
      shown(Exit.match(exit, { onFailure: (cause) => cause, onSuccess: () => "" })),
      ...lines,
      ...ended
    ].join("\n")
  })

/** A text and its encoded forms. */
export const assertHides = (text: string, secrets: ReadonlyArray<string>): void => {
  for (const secret of secrets)
    for (const form of [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)])
      assert.notInclude(text, form)
}
