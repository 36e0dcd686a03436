import { readFile } from "node:fs/promises"
import { Array as Arr, Effect, Either, Layer, Option, Schema } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { AcmeClientLive } from "../layers/acme/AcmeClientLive.ts"
import { isChain } from "../layers/acme/chains.ts"
import { PkiLive } from "../layers/PkiLive.ts"
import { type DomainName, domainName, wildcardOf } from "../names/DomainName.ts"
import type { Acme } from "../services/certificate/Acme.ts"
import type { ChallengeRules } from "../services/certificate/CertificateSettings.ts"
import type { Pki } from "../services/certificate/Pki.ts"
import { ChallengeRecord, delegatedLabelLength } from "../services/dns/ChallengeRecord.ts"

type Apexes = Pick<WorkerConfigShape, "availableRegions" | "defaultDomain" | "regionalDomain">

/** Regions whose names form no domain name below the apex, and the wildcards of the others. */
export const regionalWildcards = ({ availableRegions, regionalDomain }: Apexes) =>
  Arr.partitionMap(Option.isNone(regionalDomain) ? [] : availableRegions, (region) =>
    Either.mapLeft(
      Either.flatMap(domainName(`${region}.${Option.getOrElse(regionalDomain, () => "")}`), wildcardOf),
      ({ message }) => ({ region, problem: message })
    )
  )

/** The platform's own wildcards: all generated host names, and those of each region. */
export const infrastructureDomains = (apexes: Apexes): ReadonlyArray<DomainName> => {
  const [, regional] = regionalWildcards(apexes)
  return [...Option.toArray(Either.getRight(wildcardOf(apexes.defaultDomain))), ...regional]
}

export const platformZones = ({ defaultDomain, regionalDomain }: Apexes): ReadonlyArray<DomainName> => [
  defaultDomain,
  ...Option.toArray(regionalDomain)
]

type Challenged = Apexes & { readonly acme: Pick<WorkerConfigShape["acme"], "delegationDomain"> }

/** The settings that decide which records may be written. */
export const challengeRules = (config: Challenged): ChallengeRules => ({
  platformApexes: platformZones(config),
  delegationDomain: Option.getOrNull(Option.map(config.acme.delegationDomain, (domain) => domain.toLowerCase()))
})

/** One record of each kind that this configuration can need: per wildcard of the platform, and for customers. */
export const challengeRecords = (config: Challenged) => {
  const { delegationDomain, platformApexes } = challengeRules(config)
  const named = (domain: string, record: ChallengeRecord | null) => (record === null ? [] : [{ domain, record }])
  return [
    ...infrastructureDomains(config).flatMap((domain) =>
      named(domain.replace(/^\*\./, ""), ChallengeRecord.ofPlatform(domain, platformApexes))
    ),
    ...(delegationDomain === null
      ? []
      : named(delegationDomain, ChallengeRecord.delegated("0".repeat(delegatedLabelLength), delegationDomain)))
  ]
}

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
