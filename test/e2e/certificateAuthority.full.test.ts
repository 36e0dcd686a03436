import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { namesOf } from "../support/memory/seeds.ts"
import { certificateStack } from "./support/certificateStack.ts"
import {
  assertCertified,
  assertMadeAtCa,
  processChallenge,
  reissue,
  untilIssuancesEnd
} from "./support/certificates.ts"

const { workspaceId } = namesOf("shop")
const domains = ["one", "two", "three"].map((name) => `${name}.customer.test`)

/** Percentages. A CA without either is the one of all other files. */
for (const ca of [
  { nonceRejection: 50, authorizationReuse: 50 },
  { nonceRejection: 90, authorizationReuse: 0 },
  { nonceRejection: 0, authorizationReuse: 100 }
]) {
  const name = `a CA that refuses ${ca.nonceRejection} of 100 nonces and reuses ${ca.authorizationReuse} of 100 proofs`
  layer(certificateStack({ pebble: ca }), { excludeTestServices: true, timeout: "1 minute" })(name, (it) => {
    it.effect("is given one order for each certificate, first or renewed", () =>
      Effect.gen(function* () {
        yield* Effect.forEach(domains, seedVerifiedDomain)
        yield* Effect.forEach(domains, (domain) => processChallenge(domain), { concurrency: "unbounded" })
        yield* untilIssuancesEnd
        for (const domain of domains) {
          yield* assertCertified(domain, workspaceId)
          yield* assertMadeAtCa(domain, 1)
        }
        yield* Effect.forEach(domains, reissue, { concurrency: "unbounded" })
        yield* untilIssuancesEnd
        for (const domain of domains) {
          yield* assertCertified(domain, workspaceId)
          yield* assertMadeAtCa(domain, 2)
        }
      })
    )
  })
}
