import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Ref } from "effect"
import fc from "fast-check"
import { emptyQueue, type SlotQueue, Ticket } from "../../src/services/builds/SlotQueue.ts"
import { AcmeProblem } from "../../src/services/certificate/Acme.ts"
import { ChallengeStatus } from "../../src/services/certificate/CertificateStore.ts"
import { VerificationStatus } from "../../src/services/customDomain/DomainStore.ts"
import { DeploymentStatus } from "../../src/services/deploy/Deployment.ts"
import * as leases from "../../src/workflows/builds/slotLease.ts"
import * as slots from "../../src/workflows/builds/slotQueue.ts"
import { request } from "../../src/workflows/builds/slotRequest.ts"
import { seedCertificate, seedChallenge, seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import type { CaRequest } from "../support/memory/MemoryCa.ts"
import { MemoryTables } from "../support/memory/MemoryTables.ts"
import type { Rows } from "../support/memory/Tables.ts"
import { named } from "../support/named.ts"
import { ControlPlane, on } from "../support/workflows/ControlPlane.ts"
import {
  customDomains,
  domain,
  domainId,
  publishAll,
  verifyDomain,
  withDomain
} from "../support/workflows/CustomDomains.ts"
import { certificates, processChallenge, renewAll, startOfTime } from "../support/workflows/certificates.ts"
import * as commands from "../support/workflows/commands.ts"
import type { Story } from "../support/workflows/Story.ts"
import { pending, withLive } from "../support/workflows/seeds.ts"
import { gitStories } from "../workflows/builds/builds.stories.ts"
import { certificateStories } from "../workflows/certificate/certificate.stories.ts"
import { domainStories } from "../workflows/customDomain/customDomain.stories.ts"
import { deployStories } from "../workflows/deploy/deploy.stories.ts"
import { domainProofStories } from "../workflows/domainProof/domainProof.stories.ts"
import { codeBlocks, fileOf, sectionOf } from "./Markdown.ts"

const document = fileOf("docs/architecture.md")

/** The arrows of the diagram below a heading, as `from --> to`. */
const arrowsOf = (heading: string): ReadonlyArray<string> => {
  const diagram = codeBlocks(sectionOf(document, `## ${heading}`)).find(({ info }) => info === "mermaid")?.code ?? ""
  return Array.from(diagram.matchAll(/^ +(\S+ --> [^\s:]+)/gm), ([, arrow = ""]) => arrow)
}

const statesOf = (arrows: ReadonlyArray<string>) => new Set(arrows.flatMap((arrow) => arrow.split(" --> ")))

/** Whether an arrow leads from one state to another, rather than from or to the end of a row. */
const isChange = (arrow: string) => !arrow.includes("[*]")

type Statuses = (rows: Rows) => ReadonlyMap<string, string>

const statusesOf: Readonly<Record<string, Statuses>> = {
  Deployment: ({ deployments }) => new Map(deployments.map(({ id, status }) => [id, status])),
  "Custom domain": (rows) => new Map(rows.custom_domains.map((row) => [row.id, row.verification_status])),
  Certificate: (rows) => new Map(rows.acme_challenges.map((row) => [row.domain_id, row.status]))
}

/** Calls `see` with all rows before and after every transaction: the stores share this one `Ref`. */
const observe = (tables: Ref.Ref<Rows>, see: (before: Rows, after: Rows) => void) =>
  Effect.sync(() => {
    const modify = tables.modify.bind(tables)
    const observed: typeof tables.modify = (change) =>
      modify((before) => {
        const [answer, after] = change(before)
        see(before, after)
        return [answer, after]
      })
    Object.assign(tables, { modify: observed })
  })

const changesOf = (statuses: Statuses, before: Rows, after: Rows): ReadonlyArray<string> => {
  const earlier = statuses(before)
  return [...statuses(after)].flatMap(([id, status]) => {
    const former = earlier.get(id)
    return former === undefined || former === status ? [] : [`${former} --> ${status}`]
  })
}

/** What every story changed, by diagram. */
const changesIn = <More>({ run, world }: Story<More>) =>
  Effect.gen(function* () {
    const seen = new Map(Object.keys(statusesOf).map((diagram) => [diagram, new Set<string>()]))
    yield* observe(yield* MemoryTables, (before, after) => {
      for (const [diagram, statuses] of Object.entries(statusesOf))
        for (const change of changesOf(statuses, before, after)) seen.get(diagram)?.add(change)
    })
    yield* Effect.exit(run)
    yield* (yield* ControlPlane).engine.drain
    return seen
  }).pipe(on(world))

const hour = 3_600_000
const host = named("shop.example.com")

/** No order is accepted before then. */
const rejectedUntil =
  (until: number) =>
  ({ at, operation }: CaRequest) =>
    operation === "new-order" && at < until
      ? new AcmeProblem({
          operation,
          type: "rejectedIdentifier",
          status: 403,
          detail: "",
          subproblems: [],
          retryAfter: null
        })
      : undefined

/** What the stories of the crash matrix do not reach. */
const further = {
  deploy: {
    run: withLive.pipe(Effect.zipRight(pending("d_2", 2)), Effect.zipRight(commands.deploy("d_2"))),
    world: { refuses: (operation) => operation === "RouteStore.transact" },
    matrix: {}
  } satisfies Story,
  domains: [
    // Nothing is published for more than a day.
    Effect.zipRight(withDomain(), verifyDomain),
    withDomain().pipe(
      Effect.zipRight(seedChallenge(domain, { domain_id: domainId, status: "failed" })),
      Effect.zipRight(publishAll),
      Effect.zipRight(verifyDomain)
    )
  ].map((run) => ({ run, world: { more: customDomains() }, matrix: {} })),
  certificates: [
    ...[hour, 365 * 24 * hour].map((until) => ({
      run: Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* seedVerifiedDomain(host)
        yield* processChallenge(host)
        yield* engine.advance("40 hours")
        yield* renewAll()
      }),
      world: { more: certificates({ ca: { refuse: rejectedUntil(startOfTime + until) } }) },
      matrix: {}
    })),
    {
      run: Effect.gen(function* () {
        yield* seedVerifiedDomain(host)
        yield* seedCertificate(host, startOfTime, startOfTime + 90 * 24 * hour)
        yield* processChallenge(host)
      }),
      world: { more: certificates({}) },
      matrix: {}
    }
  ]
}

const observedChanges = Effect.gen(function* () {
  const all = [
    ...(yield* Effect.forEach(Object.values<Story>({ ...deployStories, ...gitStories }), changesIn)),
    yield* changesIn(further.deploy),
    ...(yield* Effect.forEach([...Object.values(domainStories), ...further.domains], changesIn)),
    ...(yield* Effect.forEach(Object.values(domainProofStories), changesIn)),
    ...(yield* Effect.forEach([...Object.values(certificateStories), ...further.certificates], changesIn))
  ]
  return (diagram: string) => new Set(all.flatMap((seen) => [...(seen.get(diagram) ?? [])]))
}).pipe(Effect.cached, Effect.runSync)

describe("the state diagrams of the architecture", () => {
  it.each([
    ["Deployment", DeploymentStatus.literals],
    ["Custom domain", VerificationStatus.literals],
    ["Certificate", ChallengeStatus.literals],
    ["Build", Ticket.fields.state.literals]
  ] as const)("have the states of the schema: %s", (heading, literals) => {
    assert.sameMembers([...statesOf(arrowsOf(heading))], ["[*]", ...literals])
  })

  for (const heading of Object.keys(statusesOf))
    it.effect(`have the transitions that the stories make: ${heading}`, () =>
      Effect.gen(function* () {
        const changes = (yield* observedChanges)(heading)
        assert.sameMembers(arrowsOf(heading).filter(isChange), [...changes])
      })
    )

  it("name steps that are in the code or in a recorded journal", () => {
    const textsIn = (folder: string) =>
      readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(ts|json)$/.test(name))
        .map((name) => fileOf(`${folder}${name}`))
        .join("\n")
    const steps = `${textsIn("src/workflows/")}${textsIn("test/workflows/fixtures/")}`
    const diagrams = codeBlocks(document).filter(({ info }) => info === "mermaid")
    const named = diagrams.flatMap(({ code }) => code.match(/(?<=\s)[a-z]+(?:-[a-z]+)+\b/g) ?? [])
    assert.isAbove(named.length, 20)
    assert.deepStrictEqual(
      named.filter((name) => !steps.includes(`"${name}"`) && !steps.includes(`"run ${name}"`)),
      []
    )
  })

  it("have the transitions that the queue of build slots makes", () => {
    const holder = fc.integer({ min: 0, max: 3 }).map((nth) => ({ deploymentId: `d_${nth}`, buildId: `bld_${nth}` }))
    const message = fc.record({
      operation: fc.constantFrom(...operations),
      holder,
      waited: fc.constantFrom(0, slots.heartbeatInterval, slots.leaseDuration)
    })
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
        let queue = emptyQueue
        let now = 0
        for (const { holder: asking, operation, waited } of messages) {
          now += waited
          const context = { now, limit: 1 }
          const { queue: next } = applied[operation](queue, asking, context)
          for (const change of ticketChanges(queue, next)) seen.add(change)
          queue = next
        }
      }),
      { numRuns: 500, seed: 1 }
    )
    assert.sameMembers([...arrowsOf("Build")], [...seen])
  })
})

/** What the handlers of BuildSlotService do with the queue. */
const applied = {
  request: (queue: SlotQueue, holder: slots.Holder, context: slots.TransitionContext) =>
    request(queue, { ...holder, isProduction: false, createdAt: 0, line: "", bell: holder.deploymentId }, context),
  renew: leases.renew,
  release: leases.release,
  reclaimed: leases.reclaimed,
  sweep: (queue: SlotQueue, _: slots.Holder, context: slots.TransitionContext) => leases.sweep(queue, context)
}
/** Requests are twice as likely, so that builds wait. */
const operations = ["request", "request", "renew", "release", "reclaimed", "sweep"] as const

/** A deployment can have several reclaimed tickets, so tickets are told apart by their place among those of a build. */
const ticketStates = ({ tickets }: SlotQueue) =>
  new Map(tickets.map(({ buildId, state }) => [`${buildId} ${state === "reclaimed"}`, { buildId, state }]))

const ticketChanges = (before: SlotQueue, after: SlotQueue): ReadonlyArray<string> => {
  const [earlier, later] = [ticketStates(before), ticketStates(after)]
  const gone = [...earlier].filter(([id]) => !later.has(id)).map(([, ticket]) => ticket)
  const added = [...later].filter(([id]) => !earlier.has(id)).map(([, ticket]) => ticket)
  const moved = [...later].flatMap(([id, { state }]) => {
    const former = earlier.get(id)?.state
    return former === undefined || former === state ? [] : [`${former} --> ${state}`]
  })
  const reclaimed = added.filter(({ state }) => state === "reclaimed").map(({ buildId }) => buildId)
  return [
    ...moved,
    ...gone.map(({ buildId, state }) =>
      state === "building" && reclaimed.includes(buildId) ? "building --> reclaimed" : `${state} --> [*]`
    ),
    ...added.filter(({ state }) => state !== "reclaimed").map(({ state }) => `[*] --> ${state}`)
  ]
}
