import { Clock, Effect, Option, Schema } from "effect"
import { annotate } from "effect-restate"
import type { DomainName } from "../../names/DomainName.ts"
import { CertificateStore, type CertifiedDomain } from "../../services/certificate/CertificateStore.ts"
import { Pki } from "../../services/certificate/Pki.ts"
import { databaseStep } from "../databaseStep.ts"
import { fingerprint } from "../identifiers.ts"
import { retryForTwoMinutes } from "../retry.ts"
import { DomainView } from "./issuance.ts"

/** Identifies a chain: 24 characters hold 124 bits. */
export const digestOf = (chain: string): string => fingerprint([chain], 24)

const viewOf = (domain: CertifiedDomain) =>
  Effect.gen(function* () {
    const { certificate, challenge, hasRoute, id, name, workspaceId } = domain
    const view = { id, workspaceId, name, hasRoute, status: challenge?.status ?? null }
    if (certificate === null) return { ...view, certificate: null }
    const facts = yield* Effect.option((yield* Pki).inspect(certificate.chain))
    return {
      ...view,
      certificate: {
        id: certificate.id,
        workspaceId: certificate.workspaceId,
        digest: digestOf(certificate.chain),
        facts: Option.getOrNull(facts)
      }
    }
  })

const LoadedDomain = Schema.Struct({ at: Schema.Number, domain: Schema.NullOr(DomainView) })

const readDomain = (name: DomainName) =>
  Effect.gen(function* () {
    const found = yield* (yield* CertificateStore).find(name)
    const domain = Option.isNone(found) ? null : yield* viewOf(found.value)
    return { at: yield* Clock.currentTimeMillis, domain }
  })

const annotateOwner = ({ domain }: typeof LoadedDomain.Type) =>
  domain === null ? Effect.void : annotate({ workspace_id: domain.workspaceId })

/** The domain's rows and the time of the read. */
export const loadDomain = (name: DomainName) =>
  Effect.tap(databaseStep("load-domain", readDomain(name), { output: LoadedDomain }), annotateOwner)

/** `loadDomain` with two minutes of retries, for one domain of many. */
export const loadDomainBriefly = (name: DomainName) =>
  Effect.tap(
    databaseStep("load-domain", readDomain(name), { output: LoadedDomain, retry: retryForTwoMinutes }),
    annotateOwner
  )
