import { Array as Arr, Effect, Layer } from "effect"
import type { Invocation } from "effect-restate/testing"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import { CustomDomainService } from "../../../src/contract/CustomDomainService.ts"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { seededFacts } from "../memory/certificateSeeds.ts"
import { MemoryDns } from "../memory/MemoryDns.ts"
import { namesOf, seedCustomDomain, seedDeployment, targetOf, tokenOf } from "../memory/seeds.ts"
import { named } from "../named.ts"
import { ControlPlane, on } from "./ControlPlane.ts"
import { certificates } from "./certificates.ts"
import { gitSource, submission } from "./commands.ts"
import { buildsHaveEnded, type Day, domainsAreServed, upkeepIsDone } from "./dayInvariants.ts"
import { dayOfCommands, type Planned } from "./dayOfCommands.ts"
import {
  certifiedOf,
  countsOf,
  customOf,
  type DayOptions,
  isBusy,
  lifeOf,
  nameOf,
  previewOf,
  seedDay
} from "./daySeeds.ts"
import { idleSearch } from "./idlePreviews.ts"
import { holdsAlways, holdsAtTheEnd } from "./invariants.ts"
import { journalBytes, rows } from "./queries.ts"
import { randomBuilds, randomFate, randomFaults } from "./simulation.ts"
import { submitCheck, submitRefill, upkeep } from "./Upkeep.ts"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** One in so many journal points is where an attempt dies, and how often the whole process does. */
const faultEvery = 300
const restartEvery = 2 * hour

const repeated = (day: Day, isRepeated: boolean, submit: Effect.Effect<Invocation, never, ControlPlane>) =>
  Effect.gen(function* () {
    day.asked.push(yield* submit)
    if (isRepeated) day.asked.push(yield* submit)
  })

const deploy = (day: Day, { isFromGit, isPreview, isRepeated, project }: Extract<Planned, { _tag: "Deploy" }>) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const name = nameOf(project)
    day.deployments += 1
    const id = `d_${name}_${day.deployments}`
    const { previewId, productionId, projectId } = namesOf(name)
    yield* seedDeployment(name, id, {
      created_at: engine.time.now,
      environment_id: isPreview ? previewId : productionId,
      git_branch: isPreview ? `branch-${day.deployments}` : "main"
    })
    const submit = submission(DeployService, "Deploy")
    yield* repeated(
      day,
      isRepeated,
      isFromGit
        ? submit(id, { deploymentId: id, command: [], git: gitSource })
        : submit(projectId, { deploymentId: id, command: [], dockerImage: { image: `${id}:1` } })
    )
  })

/** A deployment of the project that has become ready. */
const readyOf = (project: number) =>
  Effect.map(rows, ({ deployments, projects }) => {
    const { projectId } = namesOf(nameOf(project))
    const live = projects.find(({ id }) => id === projectId)?.live_deployment_id ?? ""
    const ready = deployments.filter((row) => row.project_id === projectId && row.status === "ready")
    return { live, projectId, target: ready.at(-1)?.id ?? live }
  })

const switchTraffic = (day: Day, { _tag, project }: Extract<Planned, { _tag: "Promote" | "Rollback" }>) =>
  Effect.gen(function* () {
    const { live, projectId, target } = yield* readyOf(project)
    day.asked.push(
      _tag === "Promote"
        ? yield* submission(DeployService, "Promote")(projectId, { targetDeploymentId: target })
        : yield* submission(DeployService, "Rollback")(projectId, {
            sourceDeploymentId: live,
            targetDeploymentId: target
          })
    )
  })

const publish = (domain: string) =>
  Effect.gen(function* () {
    const dns = yield* MemoryDns
    yield* dns.set("TXT", `_unkey.${domain}`, [`Unkey-Domain-Verify=${tokenOf(domain)}`])
    yield* dns.set("CNAME", domain, [targetOf(domain)])
  })

/** Something that happens later in the day. */
interface Later {
  readonly at: number
  readonly act: Effect.Effect<void, never, MemoryDns>
}

const addDomain = (day: Day, later: Array<Later>, planned: Extract<Planned, { _tag: "AddDomain" }>) =>
  Effect.gen(function* () {
    const dns = yield* MemoryDns
    const name = customOf(day.domains.length)
    const { setup } = planned
    day.domains.push({ name, isEverRight: setup._tag !== "Never" })
    yield* seedCustomDomain(nameOf(planned.project), name)
    if (setup._tag !== "Right") yield* dns.set("CNAME", name, ["elsewhere.example.org"])
    if (setup._tag !== "Never") later.push({ at: planned.at + setup.after, act: publish(name) })
    const submit = submission(CustomDomainService, "VerifyDomain")(named(name), {})
    yield* repeated(day, planned.isRepeated, submit)
  })

/** What the schedules fire, in milliseconds since midnight. */
const jobs = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  const scan = Effect.sync(() => engine.submit(DeployService, "global", "ScaleDownIdlePreviewDeployments", {}))
  const renew = Effect.sync(() =>
    engine.submit(CertificateService, "global", "RenewExpiringCertificates", { daysBeforeExpiry: 0 })
  )
  const scans = Arr.makeBy(day / (15 * minute), (nth) => ({ at: nth * 15 * minute, act: scan }))
  const restarts = Arr.makeBy(day / restartEvery, (nth) => ({
    at: nth * restartEvery + 7 * minute + 300,
    act: Effect.sync(() => engine.crash())
  }))
  return [
    ...scans,
    ...restarts,
    { at: 0, act: submitRefill("2030-01-01") },
    { at: 3 * hour, act: renew },
    { at: 15 * hour, act: submitCheck("2030-01") }
  ]
})

const perform = (day: Day, later: Array<Later>, planned: Planned) => {
  switch (planned._tag) {
    case "Deploy":
      return deploy(day, planned)
    case "AddDomain":
      return addDomain(day, later, planned)
    default:
      return switchTraffic(day, planned)
  }
}

const liveThrough = (options: DayOptions, day: Day) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const startedAt = engine.time.now
    const later: Array<Later> = []
    const commands = dayOfCommands(options.projects, options.seed).map((planned) => ({
      at: planned.at,
      act: perform(day, later, planned)
    }))
    const checks = Arr.makeBy(24, (nth) => ({ at: (nth + 1) * hour - 1, act: holdsAlways(day) }))
    const agenda = [...(yield* jobs), ...commands, ...checks].sort((one, other) => one.at - other.at)
    for (const { act, at } of agenda) {
      for (const due of later.filter((it) => it.at <= at)) {
        yield* engine.advance(Math.max(0, startedAt + due.at - engine.time.now))
        yield* due.act
        later.splice(later.indexOf(due), 1)
      }
      if (startedAt + at > engine.time.now) yield* engine.advance(startedAt + at - engine.time.now)
      yield* act
    }
    yield* Effect.forEach(later, ({ act }) => act, { discard: true })
    yield* engine.drain
  })

/** What was done that day, for a line in the log. */
export interface DayReport {
  readonly deploys: number
  readonly domains: number
  readonly invocations: number
  /** Of all journaled answers. */
  readonly journalBytes: number
}

/** A day of production in virtual time: a function of the seed. Dies when an invariant breaks. */
export const productionDay = (options: DayOptions): Effect.Effect<DayReport, unknown> => {
  const { certificates: certified, previews } = countsOf(options)
  const issuedBefore = certified.map((nth) => seededFacts(certifiedOf(nth), ...lifeOf(nth)))
  const more = Layer.mergeAll(
    upkeep({ batchSize: 100 }),
    idleSearch({ busy: previews.filter(isBusy).map(previewOf) }),
    certificates({ verifiesDomains: true, ca: { issuedBefore } })
  )
  return Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const day: Day = { asked: [], wereLive: new Set(), domains: [], deployments: 0 }
    yield* seedDay(options)
    yield* liveThrough(options, day)
    yield* holdsAlways(day)
    yield* holdsAtTheEnd(day)
    yield* buildsHaveEnded
    yield* domainsAreServed(day)
    yield* upkeepIsDone(options)
    const bytes = engine.invocations.map((invocation) => journalBytes(invocation).total)
    return {
      deploys: day.deployments,
      domains: day.domains.length,
      invocations: bytes.length,
      journalBytes: bytes.reduce((sum, size) => sum + size, 0)
    }
  }).pipe(
    on({
      faults: randomFaults(options.seed, faultEvery),
      startOf: randomFate(options.seed),
      shuffleSeed: options.seed,
      builder: randomBuilds(options.seed),
      github: {},
      more
    })
  )
}
