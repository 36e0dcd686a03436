import { Effect } from "effect"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import {
  domainId,
  seedCertified,
  seedChallenge,
  seedDomain,
  seedPlatformWildcard,
  seedVerifiedDomain
} from "../../support/memory/certificateSeeds.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { seedRoute } from "../../support/memory/seeds.ts"
import { named } from "../../support/named.ts"
import { ControlPlane, type Services } from "../../support/workflows/ControlPlane.ts"
import {
  type CertificatesOptions,
  certificates,
  type Doubles,
  delegate,
  processChallenge,
  refusedUntil,
  reissue,
  renewAll,
  seedWildcard,
  settled,
  startOfTime
} from "../../support/workflows/certificates.ts"
import type { Story } from "../../support/workflows/Story.ts"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** The number of polls must not affect what is observed: a lost acknowledgement adds a poll. */
const story = <E>(
  run: Effect.Effect<unknown, E, Services | Doubles>,
  options: CertificatesOptions = {},
  matrix: Story["matrix"] = { duplicates: true }
): Story<Doubles> => ({
  run: Effect.all({ answer: run, settled }),
  matrix,
  world: { more: certificates({ ...options, dns: { looksUntilInSync: 0 } }) }
})

const wildcard = "*.example.com"
const host = named("shop.example.com")

/** A certificate of 10 days of which so many have passed. */
const certified = (daysOld: number) =>
  seedCertified(host, startOfTime - daysOld * day, startOfTime + (10 - daysOld) * day)

export const certificateStories: Readonly<Record<string, Story<Doubles>>> = {
  "ProcessChallenge of a host name": story(Effect.zipRight(seedVerifiedDomain(host), processChallenge(host))),
  "ProcessChallenge of a wildcard whose record is delegated": story(
    Effect.zipRight(seedWildcard(wildcard), processChallenge(wildcard))
  ),
  "ProcessChallenge of the platform's wildcard": story(
    Effect.zipRight(seedPlatformWildcard("*.unkey.test"), processChallenge("*.unkey.test"))
  ),
  "ProcessChallenge of a wildcard that is delegated later": story(
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(wildcard)
      yield* (yield* MemoryDns).set("CNAME", "_acme-challenge.example.com", { _tag: "Failed", reason: "timeout" })
      const answer = yield* processChallenge(wildcard)
      yield* delegate(wildcard)
      yield* engine.advance("1 hour")
      return answer
    })
  ),
  "ProcessChallenge of a domain that has a certificate": story(
    Effect.gen(function* () {
      yield* certified(1)
      return yield* processChallenge(host)
    })
  ),
  "ProcessChallenge while the CA limits orders": story(
    Effect.zipRight(seedVerifiedDomain(host), processChallenge(host)),
    { ca: { refuse: refusedUntil(startOfTime + 2 * hour, "new-order", { type: "rateLimited", status: 429 }) } }
  ),
  "ProcessChallenge of a wildcard that a CAA record forbids at first": story(
    Effect.zipRight(seedWildcard(wildcard), processChallenge(wildcard)),
    { ca: { refuse: refusedUntil(startOfTime + hour, "finalize", { type: "caa", status: 403 }) } }
  ),
  "ProcessChallenge of a host name that is not served yet": story(
    Effect.zipRight(seedVerifiedDomain(host), processChallenge(host)),
    {
      ca: {
        finds: (_, at) => (at < startOfTime + 2 * minute ? { type: "unauthorized", detail: "not served" } : undefined)
      }
    }
  ),
  "ProcessChallenge while certificates cannot be stored": story(
    Effect.zipRight(seedVerifiedDomain(host), processChallenge(host)),
    { refusesCertificates: (now) => now < startOfTime + 30_000 }
  ),
  "ProcessChallenge of a domain whose route comes later": story(
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedDomain(host)
      yield* seedChallenge(host)
      const answer = yield* processChallenge(host)
      yield* engine.advance("10 seconds")
      yield* seedRoute("shop", host)
      return answer
    })
  ),
  "ProcessChallenge of an unknown domain": story(processChallenge(host)),
  "ProcessChallenge while ACME is disabled": story(Effect.zipRight(seedVerifiedDomain(host), processChallenge(host)), {
    settings: { isEnabled: false }
  }),
  "ProcessChallenge under another key": story(
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* certified(1)
      const input = { workspaceId: "", domain: host }
      return yield* Effect.either(engine.call(CertificateService, domainId(host), "ProcessChallenge", input))
    })
  ),
  "ReissueCertificate of a certificate that is young": story(
    Effect.zipRight(certified(1), reissue(host)),
    {},
    // A second delivery is a second reissue, as it was asked for.
    {}
  ),
  "ContinueIssuance with an old nonce": story(
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      const input = { nonce: "old", domain: host }
      return yield* Effect.either(engine.call(CertificateService, host, "ContinueIssuance", input))
    })
  ),
  "RenewExpiringCertificates of a certificate that is due": story(Effect.zipRight(certified(9.6), renewAll())),
  "RenewExpiringCertificates of a certificate that is due today": story(Effect.zipRight(certified(6), renewAll())),
  "RenewExpiringCertificates of what is missing": story(
    Effect.gen(function* () {
      yield* seedDomain("*.half.example.com")
      yield* seedRoute("shop", "*.half.example.com")
      return yield* renewAll()
    }),
    {}
  ),
  "RenewExpiringCertificates beside rows that do not fit": story(
    Effect.gen(function* () {
      yield* certified(1)
      yield* seedDomain("a_b.example.com")
      yield* seedDomain(`${host}.`)
      return yield* renewAll()
    })
  ),
  "RenewExpiringCertificates of a platform whose name a tenant has": story(
    Effect.gen(function* () {
      yield* seedDomain("*.unkey.test")
      return yield* renewAll()
    }),
    { settings: { infrastructure: [named("*.unkey.test")] } }
  )
}
