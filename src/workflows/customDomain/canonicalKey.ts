import { Clock, Effect, Either, Schema } from "effect"
import { call, key } from "effect-restate"
import { CustomDomainService } from "../../contract/CustomDomainService.ts"
import { InvalidRequest } from "../../contract/errors.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { tenantDomainName } from "../../names/tenantDomain.ts"
import { DomainStore } from "../../services/customDomain/DomainStore.ts"
import { PlatformZones } from "../../services/customDomain/PlatformZones.ts"
import { databaseStep } from "../databaseStep.ts"

/** Handlers that start a run. */
export type StartHandler = "VerifyDomain" | "RetryVerification"

/**
 * The domain of the key, in its canonical spelling. Refuses a key that is not a valid tenant domain, and the tenant's
 * row with this text.
 */
export const domainOfKey = Effect.gen(function* () {
  const stored = yield* key
  const read = tenantDomainName(stored, yield* PlatformZones)
  if (Either.isRight(read)) return read.right
  const problem = read.left.message
  const at = yield* Clock.currentTimeMillis
  const domains = yield* DomainStore
  yield* databaseStep("refuse-domain", domains.reject({ stored, problem, at }))
  return yield* new InvalidRequest({ field: "key", problem })
})

/**
 * Forwards a start under a non-canonical spelling to the canonical key, so that all spellings share one run. The row
 * with this text must be the one that the name belongs to.
 */
export const forwardToCanonicalKey = (domain: DomainName, stored: string, handler: StartHandler) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const at = yield* Clock.currentTimeMillis
    const problem = yield* databaseStep("settle-spelling", domains.resolveSpelling({ domain, stored, at }), {
      output: Schema.NullOr(Schema.String)
    })
    if (problem !== null) return yield* new InvalidRequest({ field: "key", problem })
    return yield* call(CustomDomainService, domain, handler, {})
  })
