import { Context, Effect, Layer, type Option } from "effect"
import { Frontline, frontline } from "../simulators/Frontline.ts"
import { Route53Server, type Route53ServerShape, route53Server } from "../simulators/Route53Server.ts"
import { ChallengeTestServer, challengeTestServer } from "./ChallengeTestServer.ts"
import { optionalPart } from "./Optional.ts"
import { Pebble, pebble } from "./Pebble.ts"

export interface CertificationParts {
  readonly authority: Context.Tag.Service<Pebble>
  /** All of DNS, as the worker and the authority see it. */
  readonly dns: Context.Tag.Service<ChallengeTestServer>
  /** Where the authority looks for answers to HTTP-01. */
  readonly frontline: Context.Tag.Service<Frontline>
  /** Where the worker answers DNS-01: what is written there appears in DNS. */
  readonly zones: Route53ServerShape
}

/** Everything outside of the worker that it takes to verify a domain and to obtain a certificate; none without Pebble. */
export class Certification extends Context.Tag("ctrl-worker/dev/Certification")<
  Certification,
  Option.Option<CertificationParts>
>() {}

/** To which owners of wildcard domains delegate their challenges. */
export const delegationDomain = "challenges.test"

const zonesOf = (apex: string) =>
  Layer.unwrapEffect(
    Effect.map(ChallengeTestServer, ({ addTxt, clearTxt }) =>
      route53Server({
        zones: [apex, delegationDomain],
        publish: (name, values) =>
          Effect.zipRight(
            clearTxt(name),
            Effect.forEach(values, (value) => addTxt(name, value), { discard: true })
          )
      })
    )
  )

const authority = Layer.unwrapEffect(Effect.map(Frontline, ({ port }) => pebble({ httpPort: port })))

/** With a hosted zone of that name and one for delegated challenges. The frontline reads the database of the context. */
export const certification = (apex: string) =>
  optionalPart(
    Certification,
    "custom domains and certificates",
    Layer.merge(authority, zonesOf(apex)).pipe(
      Layer.provideMerge(frontline()),
      // The first to start, because it is the one that may be missing.
      Layer.provideMerge(challengeTestServer({ answersHttp: false }))
    ),
    Effect.all({ authority: Pebble, dns: ChallengeTestServer, frontline: Frontline, zones: Route53Server })
  )
