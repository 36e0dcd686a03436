import { Context, Effect, Layer } from "effect"
import { Contract, type Input, implement, step } from "effect-restate"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import { CustomDomainService } from "../../../src/contract/CustomDomainService.ts"
import { CertificateSettings, type ChallengeRules } from "../../../src/services/certificate/CertificateSettings.ts"
import { DomainStore } from "../../../src/services/customDomain/DomainStore.ts"
import { PlatformZones } from "../../../src/services/customDomain/PlatformZones.ts"
import { CustomDomainWorkflows } from "../../../src/workflows/customDomain/CustomDomainWorkflows.ts"
import { MemoryDns, type MemoryDnsOptions, memoryDns } from "../memory/MemoryDns.ts"
import { type Draft, MemoryTables, transaction } from "../memory/MemoryTables.ts"
import { namesOf, seedCustomDomain, seedProject } from "../memory/seeds.ts"
import type { Tables } from "../memory/Tables.ts"
import { World } from "../memory/World.ts"
import { named } from "../named.ts"
import { apex, ControlPlane, type ControlPlaneOptions, Engine, on } from "./ControlPlane.ts"
import { rows } from "./queries.ts"

export const domain = named("app.example.com")
export const domainId = `dom_${domain}`
export const target = `target-${domain}.cname.unkey.test`
export const token = `token-${domain}`
export const shop = namesOf("shop")

/** A request for a certificate, and what stood in the tables when it arrived. */
export interface Ordered extends Input<typeof CertificateService, "ProcessChallenge"> {
  readonly hasRoute: boolean
  readonly hasChallenge: boolean
}

/** The certificates that were asked for, in the order in which the requests arrived, each delivery once. */
export class Certificates extends Context.Tag("test/Certificates")<
  Certificates,
  { readonly ordered: ReadonlyArray<Ordered> }
>() {}

/** CertificateService as far as a verification sees it. */
const AsSeen = Contract.object(CertificateService.name, {
  ProcessChallenge: CertificateService.handlers.ProcessChallenge
})

/** It takes note. */
const standIn = (ordered: Array<Ordered>) =>
  implement(AsSeen, {
    ProcessChallenge: (request) =>
      Effect.gen(function* () {
        const world = yield* World
        const noted = Effect.gen(function* () {
          const { acme_challenges, custom_domains, frontline_routes } = yield* world.dump
          const row = custom_domains.find((it) => it.domain === request.domain)
          ordered.push({
            ...request,
            hasRoute: frontline_routes.some((it) => it.fully_qualified_domain_name === request.domain),
            hasChallenge: acme_challenges.some((it) => it.domain_id === row?.id)
          })
        })
        yield* step("note", noted)
        return { certificateId: "cert_1", status: "success" }
      })
  })

/** A change of the rows just before the store is called, by a concurrent writer. */
export interface Interference {
  readonly before?: Partial<Record<"find" | "begin" | "record" | "activate", (draft: Draft) => void>>
}

const interfered = ({ before = {} }: Interference) =>
  Effect.gen(function* () {
    const store = yield* DomainStore
    const change = transaction(yield* MemoryTables)
    const first = (name: keyof NonNullable<Interference["before"]>) =>
      change(`before ${name}`, (draft) => before[name]?.(draft))
    return DomainStore.of({
      find: (name) => Effect.zipRight(first("find"), store.find(name)),
      beginVerification: (run) => Effect.zipRight(first("begin"), store.beginVerification(run)),
      recordAttempt: (attempt) => Effect.zipRight(first("record"), store.recordAttempt(attempt)),
      resolveSpelling: store.resolveSpelling,
      reject: store.reject,
      endVerification: store.endVerification,
      activate: (request, decide) => Effect.zipRight(first("activate"), store.activate(request, decide))
    })
  })

/** Deletes the domain with what belongs to it, as the control API does in one transaction. */
export const removeDomain = (draft: Draft): void => {
  const removeFrom = <Row>(rows: Array<Row>, isRemoved: (row: Row) => boolean) => {
    rows.splice(0, rows.length, ...rows.filter((row) => !isRemoved(row)))
  }
  const ids = draft.custom_domains.filter((row) => row.domain === domain).map(({ id }) => id)
  removeFrom(draft.frontline_routes, (row) => row.fully_qualified_domain_name === domain)
  removeFrom(draft.acme_challenges, (row) => ids.includes(row.domain_id))
  removeFrom(draft.custom_domains, (row) => ids.includes(row.id))
}

/** CustomDomainService on the engine, with DNS in memory and a stand-in for certificates. */
export const customDomains = (options: MemoryDnsOptions & Interference & Partial<ChallengeRules> = {}) =>
  Layer.effect(
    Certificates,
    Effect.gen(function* () {
      const engine = yield* Engine
      const ordered: Array<Ordered> = []
      yield* engine
        .serve(CustomDomainWorkflows)
        .pipe(
          Effect.provideServiceEffect(DomainStore, interfered(options)),
          Effect.provideService(PlatformZones, [named(apex)])
        )
      yield* engine.serve(standIn(ordered))
      return { ordered }
    })
  ).pipe(
    Layer.provide(
      Layer.succeed(CertificateSettings, {
        isEnabled: true,
        hasDnsProvider: true,
        infrastructure: [],
        platformApexes: ["unkey.test"],
        delegationDomain: options.delegationDomain === undefined ? "challenges.test" : options.delegationDomain
      })
    ),
    Layer.provideMerge(memoryDns(options))
  )

type More = Layer.Layer.Success<ReturnType<typeof customDomains>>

/** Runs a test on a control plane that also verifies domains. */
export const withDomains = (
  options: MemoryDnsOptions & Interference & Partial<ChallengeRules> & Omit<ControlPlaneOptions<never>, "more"> = {}
) => on<More>({ ...options, more: customDomains(options) })

/** The shop with an unverified custom domain. */
export const withDomain = Effect.fnUntraced(function* (columns: Partial<Tables["custom_domains"]> = {}) {
  yield* seedProject("shop")
  yield* seedCustomDomain("shop", domain, columns)
})

/** What the owner of the domain writes into their zone. */
export const publishOwnership = Effect.flatMap(MemoryDns, (dns) =>
  dns.set("TXT", `_unkey.${domain}`, ["v=spf1 -all", `Unkey-Domain-Verify=${token.toUpperCase()}`])
)
export const publishCname = Effect.flatMap(MemoryDns, (dns) => dns.set("CNAME", domain, [`${target.toUpperCase()}.`]))
export const publishAll = Effect.zipRight(publishOwnership, publishCname)

const submission = (handler: "VerifyDomain" | "RetryVerification") =>
  Effect.map(ControlPlane, ({ engine }) => engine.submit(CustomDomainService, domain, handler, {}))

/** What a caller sends, through the ingress. */
export const verifyDomain = submission("VerifyDomain")
export const retryVerification = submission("RetryVerification")

export const domainRow = Effect.flatMap(rows, ({ custom_domains }) =>
  Effect.fromNullable(custom_domains.find((row) => row.domain === domain))
)

/** What the domain's object remembers: nothing once no run goes on. */
export const stateOfRun = Effect.map(ControlPlane, ({ engine }) => engine.stateOf(CustomDomainService.name, domain))

/** Checks that have looked at DNS or at the row, of whatever run. */
export const looks = Effect.map(
  ControlPlane,
  ({ engine }) =>
    engine.invocations.filter(({ entries }) => entries.some(({ name }) => name === "look-at-domain")).length
)

/**
 * The control API as it is: it stores the id of the invocation that it sent, cancels that one before it sends another or
 * deletes, and resets the row after it has sent.
 */
export const controlApi = {
  add: Effect.gen(function* () {
    const world = yield* World
    const { id } = yield* verifyDomain
    yield* world.update("custom_domains", { domain }, { invocation_id: id })
  }),
  retry: Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const world = yield* World
    engine.cancel((yield* domainRow).invocation_id ?? "")
    const { id } = yield* verifyDomain
    // The sent run may get as far as it likes before the row is reset.
    yield* engine.settle
    yield* world.update(
      "custom_domains",
      { domain },
      {
        verification_status: "pending",
        check_attempts: 0,
        verification_error: null,
        last_checked_at: null,
        invocation_id: id
      }
    )
  }),
  remove: Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    engine.cancel((yield* domainRow).invocation_id ?? "")
    yield* transaction(yield* MemoryTables)("remove", removeDomain)
  })
}
