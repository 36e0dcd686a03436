import { Array as Arr, Effect } from "effect"
import { seedCertified } from "../memory/certificateSeeds.ts"
import { seedKey } from "../memory/keySeeds.ts"
import { MemoryUsage } from "../memory/MemoryUsage.ts"
import { namesOf, seedProject } from "../memory/seeds.ts"
import { World } from "../memory/World.ts"
import { startOfTime } from "./certificates.ts"
import { seedLive, seedReady } from "./seeds.ts"

const day = 86_400_000

/** How many projects live through which day. */
export interface DayOptions {
  readonly projects: number
  readonly seed: number
}

export const nameOf = (nth: number) => `p${nth}`
export const previewOf = (nth: number) => `d_p${nth}_preview`
export const certifiedOf = (nth: number) => `c${nth}.example.com`
export const customOf = (nth: number) => `app${nth}.example.net`
const keyOf = (nth: number) => `key_${nth}`

/** Age in days of the n-th certificate at midnight; one of 60 or more is due. */
const ageOf = (nth: number) => (70 + nth * 31) % 75
export const lifeOf = (nth: number) => [startOfTime - ageOf(nth) * day, startOfTime + (90 - ageOf(nth)) * day] as const
/** Clear of the day on which a suggested window begins or ends. */
export const isDue = (nth: number) => ageOf(nth) >= 62
export const isFresh = (nth: number) => ageOf(nth) <= 57

/** One in so many of each. */
const every = { preview: 4, certificate: 5, key: 2, exceeded: 20 }

interface Counts {
  readonly previews: ReadonlyArray<number>
  readonly certificates: ReadonlyArray<number>
  readonly keys: ReadonlyArray<number>
  readonly exceeded: ReadonlyArray<number>
}

export const countsOf = ({ projects }: DayOptions): Counts => {
  const some = (each: number) => Arr.makeBy(Math.max(1, Math.floor(projects / each)), (nth) => nth)
  return {
    previews: some(every.preview),
    certificates: some(every.certificate),
    keys: some(every.key),
    exceeded: some(every.exceeded)
  }
}

/** Half of the previews have requests all day; the others had none for long. */
export const isBusy = (nth: number) => nth % 2 === 0

/** What is there at midnight: projects with a live deployment, previews, certificates, keys and quotas. */
export const seedDay = (options: DayOptions) =>
  Effect.gen(function* () {
    const counts = countsOf(options)
    const world = yield* World
    const usage = yield* MemoryUsage
    for (let nth = 0; nth < options.projects; nth++) {
      const name = nameOf(nth)
      yield* seedProject(name, { regions: { eu: 1, us: 1 } })
      yield* seedReady(name, `d_${name}_0`, { version: 2 * nth + 1, environment_id: namesOf(name).productionId })
      yield* seedLive(name, `d_${name}_0`)
    }
    for (const nth of counts.previews)
      yield* seedReady(nameOf(nth), previewOf(nth), {
        version: 2 * nth + 2,
        environment_id: namesOf(nameOf(nth)).previewId
      })
    for (const nth of counts.certificates) yield* seedCertified(certifiedOf(nth), ...lifeOf(nth))
    for (const nth of counts.keys) yield* seedKey(keyOf(nth))
    for (const nth of counts.exceeded) {
      const { workspaceId: workspace_id } = namesOf(nameOf(nth))
      yield* world.insert("quota", { workspace_id, requests_per_month: 1000, logs_retention_days: 7 })
      usage.use(2030, 1, workspace_id, 2000)
    }
  })
