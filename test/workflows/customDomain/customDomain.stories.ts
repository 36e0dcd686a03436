import { Effect, type Layer } from "effect"
import type { MatrixOptions } from "effect-restate/testing"
import { CustomDomainService } from "../../../src/contract/CustomDomainService.ts"
import { seedCustomDomain, seedDeployment, seedProject, seedRoute } from "../../support/memory/seeds.ts"
import { advance, ControlPlane, type Services } from "../../support/workflows/ControlPlane.ts"
import {
  Certificates,
  controlApi,
  customDomains,
  domain,
  publishAll,
  publishOwnership,
  retryVerification,
  verifyDomain,
  withDomain
} from "../../support/workflows/CustomDomains.ts"
import { answerOf } from "../../support/workflows/queries.ts"
import type { Story } from "../../support/workflows/Story.ts"

type More = Layer.Layer.Success<ReturnType<typeof customDomains>>

const duplicates = { duplicates: true }
const thorough = { duplicates: true, pairs: 60 }

/** Ends with every certificate that was asked for, each domain once: a second request for the same is answered by its service. */
const story = (run: Effect.Effect<unknown, unknown, Services | More>, matrix: MatrixOptions): Story<More> => ({
  run: Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* run
    yield* engine.drain
    const { ordered } = yield* Certificates
    return [...new Set(ordered.map((request) => JSON.stringify(request)))]
  }),
  world: { more: customDomains() },
  matrix
})

/** A run is cut short by the deletion of its domain: a day of checks would be the same ones again. */
const someChecks = Effect.zipRight(advance(50_000), controlApi.remove)

export const domainStories = {
  "VerifyDomain of a domain that is ready": story(
    Effect.gen(function* () {
      yield* withDomain()
      yield* seedDeployment("shop", "d_1", { status: "ready" })
      yield* publishAll
      yield* Effect.flatMap(verifyDomain, answerOf)
    }),
    thorough
  ),
  "VerifyDomain of a domain that becomes ready": story(
    Effect.gen(function* () {
      yield* withDomain()
      yield* publishOwnership
      yield* verifyDomain
      yield* advance(20_000)
      yield* publishAll
    }),
    duplicates
  ),
  "VerifyDomain of a domain that is deleted": story(
    Effect.zipRight(Effect.zipRight(withDomain(), verifyDomain), someChecks),
    duplicates
  ),
  "VerifyDomain of a domain without a row": story(Effect.zipRight(seedProject("shop"), verifyDomain), duplicates),
  "VerifyDomain of a name that serves another project": story(
    Effect.gen(function* () {
      yield* withDomain()
      yield* seedProject("other")
      yield* seedRoute("other", "elsewhere.example.com")
      yield* seedRoute("other", domain)
      yield* publishAll
      yield* verifyDomain
      yield* advance(10_000)
      yield* controlApi.remove
    }),
    duplicates
  ),
  "VerifyDomain of a verified domain that lost its route": story(
    Effect.zipRight(withDomain({ verification_status: "verified" }), verifyDomain),
    thorough
  ),
  "VerifyDomain while another run is under way": story(
    Effect.gen(function* () {
      yield* withDomain()
      yield* verifyDomain
      yield* advance(20_000)
      yield* verifyDomain
      yield* publishAll
    }),
    duplicates
  ),
  "RetryVerification of a domain that failed": story(
    Effect.gen(function* () {
      yield* withDomain({ verification_status: "failed", verification_error: "old", check_attempts: 9 })
      yield* publishAll
      yield* Effect.flatMap(retryVerification, answerOf)
    }),
    thorough
  ),
  "VerifyDomain under another spelling than the canonical one": story(
    Effect.gen(function* () {
      yield* withDomain({ domain: `${domain}.` })
      yield* publishAll
      const { engine } = yield* ControlPlane
      yield* answerOf(engine.submit(CustomDomainService, `${domain}.`, "VerifyDomain", {}))
    }),
    duplicates
  ),
  "VerifyDomain of a name that another row has": story(
    Effect.gen(function* () {
      yield* withDomain({ verification_status: "verified" })
      yield* seedCustomDomain("shop", `${domain}.`)
      const { engine } = yield* ControlPlane
      yield* answerOf(engine.submit(CustomDomainService, `${domain}.`, "VerifyDomain", {}))
    }),
    duplicates
  ),
  "VerifyDomain of a key that is no domain name": story(
    Effect.gen(function* () {
      yield* withDomain({ domain: "a_b.example.com" })
      const { engine } = yield* ControlPlane
      yield* answerOf(engine.submit(CustomDomainService, "a_b.example.com", "VerifyDomain", {}))
    }),
    duplicates
  ),
  "CheckDomain of a run that was replaced": story(
    Effect.gen(function* () {
      yield* withDomain()
      const { engine } = yield* ControlPlane
      yield* engine.call(CustomDomainService, domain, "CheckDomain", { nonce: "old" })
    }),
    duplicates
  )
} satisfies Record<string, Story<More>>
