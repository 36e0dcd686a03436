import { Effect, Layer } from "effect"
import { MemoryRestate } from "effect-restate/testing"
import { Acme, AcmeProblem } from "../../../src/services/certificate/Acme.ts"
import { recordValue } from "../../../src/workflows/certificate/prove/dnsRecord.ts"
import { acmeContract, CaWorld, type PresentedChallenge } from "../../services/Acme.contract.ts"
import { Engine } from "../workflows/ControlPlane.ts"
import { seedChallenge, seedDomain } from "./certificateSeeds.ts"
import { memoryCa } from "./MemoryCa.ts"
import { MemoryDns, memoryDns } from "./MemoryDns.ts"
import { memoryPki } from "./MemoryPki.ts"
import { memoryTables } from "./MemoryTables.ts"
import { memoryWorld } from "./MemoryWorld.ts"
import { seedRoute } from "./seeds.ts"
import type { World } from "./World.ts"

const refusedName = "refused.contract.test"

const refused = new AcmeProblem({
  operation: "new-order",
  type: "rejectedIdentifier",
  status: 400,
  detail: "an unknown name",
  subproblems: [],
  retryAfter: null
})

/** HTTP-01 uses the rows of a domain, DNS-01 its records. */
const present = ({ keyAuthorization, name, token, type }: PresentedChallenge) =>
  Effect.gen(function* () {
    if (type === "http-01") {
      yield* seedDomain(name)
      yield* seedRoute("shop", name, { sticky: "live" })
      return yield* seedChallenge(name, { token, authorization: keyAuthorization })
    }
    const { set, txt } = yield* MemoryDns
    const record = `_acme-challenge.${name}`
    return yield* set("TXT", record, [...txt(record), recordValue(keyAuthorization)])
  })

const caWorld = Layer.effect(
  CaWorld,
  Effect.map(Effect.context<Acme | MemoryDns | World>(), (context) =>
    CaWorld.of({
      present: (challenge) => Effect.provide(present(challenge), context),
      anotherClient: Effect.provide(Acme, context),
      refusedName
    })
  )
)

// Validates the test double that certificate stories use: it keeps the promises of a real CA. Time does not advance here, so it
// validates and issues at once.
acmeContract(
  "memory",
  caWorld.pipe(
    Layer.provideMerge(
      memoryCa({
        delay: 0,
        refuse: ({ name, operation }) => (operation === "new-order" && name === refusedName ? refused : undefined)
      })
    ),
    Layer.provideMerge(Layer.merge(memoryDns(), memoryPki({ freshKeys: true }))),
    Layer.provideMerge(Layer.merge(memoryWorld, memoryTables)),
    Layer.provide(Layer.sync(Engine, () => new MemoryRestate()))
  )
)
