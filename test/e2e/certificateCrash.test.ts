import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { namesOf } from "../support/memory/seeds.ts"
import { sized } from "../support/size.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { CrashGate } from "./support/CrashGate.ts"
import { certificateStack } from "./support/certificateStack.ts"
import { assertCertified, assertMadeAtCa, processChallenge, sendChallenge } from "./support/certificates.ts"
import { unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { killAtPlaces, oneSubjectEach, spread, stopAtPlaces } from "./support/killAtPlaces.ts"

const { workspaceId } = namesOf("shop")
const domainOf = (subject: string) => `${subject}.customer.test`
const seed = (subject: string) => seedVerifiedDomain(domainOf(subject))
const send = (subject: string) => sendChallenge(domainOf(subject))

const gate = new CrashGate()

/** The crash matrix of the workflow has all places on the simulated engine. */
const disturbed = sized(6, Number.POSITIVE_INFINITY)

/** Everything that an issuance tells Restate, once there is an account. */
const placesOfIssuance = Effect.gen(function* () {
  yield* Effect.forEach(["first", "whole"], seed)
  yield* processChallenge(domainOf("first"))
  return yield* gate.record("whole", processChallenge(domainOf("whole")))
})

const assertOneCertificate = (subject: string) =>
  Effect.zipRight(assertCertified(domainOf(subject), workspaceId), assertMadeAtCa(domainOf(subject), 1))

layer(certificateStack({ inspect: gate.inspect }), { excludeTestServices: true, timeout: "1 minute" })(
  "an issuance that is disturbed at any of its messages",
  (it) => {
    it.effect("ends with the one certificate of its one order when the worker is killed there", () =>
      Effect.gen(function* () {
        const all = yield* placesOfIssuance
        assert.include(all.join("\n"), "Run result finalize-order")
        const places = oneSubjectEach("killed", spread(all, disturbed))
        yield* Effect.forEach(places.keys(), seed, { concurrency: 8 })
        for (const reply of yield* killAtPlaces(gate, places, send)) assert.deepInclude(reply, { status: 200 })
        yield* Effect.forEach(places.keys(), assertOneCertificate)
      })
    )

    it.effect("releases the domain when it is killed there, and the next caller gets the certificate", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const all = yield* gate.record("again", Effect.zipRight(seed("again"), processChallenge(domainOf("again"))))
        const places = oneSubjectEach("given-up", spread(all, disturbed))
        yield* Effect.forEach(places.keys(), seed, { concurrency: 8 })
        const invocations = yield* stopAtPlaces(gate, places, send)
        yield* Effect.forEach(invocations, restate.kill)
        yield* inRealTime(
          Effect.timeout(
            eventually("free keys", unfinished, (left) => left.length === 0),
            "5 seconds"
          )
        )
        yield* Effect.forEach(places.keys(), (subject) => processChallenge(domainOf(subject)), {
          concurrency: "unbounded"
        })
        yield* eventually("the end of every invocation", unfinished, (left) => left.length === 0)
        yield* Effect.forEach(places.keys(), assertOneCertificate)
      })
    )
  }
)
