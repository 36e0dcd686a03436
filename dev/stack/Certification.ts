import { Context, Effect, Layer, type Option } from "effect"
import { Frontline, frontline } from "../simulators/Frontline.ts"
import { Route53Server, type Route53ServerShape, route53Server } from "../simulators/Route53Server.ts"
import { ChallengeTestServer, challengeTestServer } from "./ChallengeTestServer.ts"
import { optionalPart } from "./Optional.ts"
import { Pebble, pebble } from "./Pebble.ts"

export interface CertificationParts {
  readonly authority: Context.Tag.Service<Pebble>
  /** DNS for the worker and the CA. */
  readonly dns: Context.Tag.Service<ChallengeTestServer>
  /** Port of the CA's HTTP-01 requests. */
  readonly frontline: Context.Tag.Service<Frontline>
  /** The worker's DNS provider for DNS-01; its records appear in DNS. */
  readonly zones: Route53ServerShape
}

/** All external services for verifying domains and issuing certificates; none without Pebble. */
export class Certification extends Context.Tag("ctrl-worker/dev/Certification")<
  Certification,
  Option.Option<CertificationParts>
>() {}

/** The domain to which customers delegate DNS-01 challenges of wildcards. */
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

/** With a hosted zone of that name and one for delegated challenges. Frontline reads the database of the context. */
export const certification = (apex: string) =>
  optionalPart(
    Certification,
    "custom domains and certificates",
    Layer.merge(authority, zonesOf(apex)).pipe(
      Layer.provideMerge(frontline()),
      // Started first, because it may be unavailable.
      Layer.provideMerge(challengeTestServer({ answersHttp: false }))
    ),
    Effect.all({ authority: Pebble, dns: ChallengeTestServer, frontline: Frontline, zones: Route53Server })
  )
