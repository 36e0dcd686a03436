import { readFile } from "node:fs/promises"
import { Effect, Layer, Option, Schema } from "effect"
import { WorkerConfig } from "../config.ts"
import { AcmeClientLive } from "../layers/acme/AcmeClientLive.ts"
import { isChain } from "../layers/acme/chains.ts"
import { PkiLive } from "../layers/PkiLive.ts"
import type { Acme } from "../services/certificate/Acme.ts"
import type { Pki } from "../services/certificate/Pki.ts"

/** The file of `acme.directory_ca_file` cannot be used. */
export class DirectoryCaUnusable extends Schema.TaggedError<DirectoryCaUnusable>()("DirectoryCaUnusable", {
  file: Schema.String,
  problem: Schema.Literal("cannot be read", "holds no certificates in PEM")
}) {
  override get message(): string {
    return `cannot trust the certificate authority: ${this.file} ${this.problem}. Check acme.directory_ca_file`
  }
}

const readAuthorities = (file: string): Effect.Effect<string, DirectoryCaUnusable> =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: () => new DirectoryCaUnusable({ file, problem: "cannot be read" })
  }).pipe(
    Effect.filterOrFail(isChain, () => new DirectoryCaUnusable({ file, problem: "holds no certificates in PEM" }))
  )

const client = Effect.gen(function* () {
  const { acme } = yield* WorkerConfig
  const authorities = yield* Effect.transposeOption(Option.map(acme.directoryCaFile, readAuthorities))
  return AcmeClientLive({
    directoryUrl: acme.directoryUrl,
    contactEmail: `acme@${acme.emailDomain}`,
    profile: Option.getOrUndefined(acme.profile),
    externalAccount: Option.getOrUndefined(acme.externalAccount),
    preferredChain: Option.getOrUndefined(acme.preferredChain),
    certificateAuthorities: Option.getOrUndefined(authorities)
  })
})

/** The configured certificate authority, and the keys and signing requests for it. Makes no request at start-up. */
export const CertificateAuthority: Layer.Layer<Acme | Pki, DirectoryCaUnusable, WorkerConfig> = Layer.merge(
  Layer.unwrapEffect(client),
  PkiLive
)
