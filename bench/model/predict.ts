/** What one deploy takes: a part of its own, and a part for each of its regions. */
export interface Demand {
  readonly base: number
  readonly perRegion: number
}

/** What one deploy costs, in milliseconds unless it says otherwise. Measured, see `measure.ts`. */
export interface Costs {
  /** Processor time of each part. The driver is the load generator with its simulated krane. */
  readonly worker: Demand
  readonly restate: Demand
  readonly database: Demand
  readonly driver: Demand
  /** Time for which a deploy holds the row lock of one of its regions. */
  readonly regionLock: number
  /** SQL statements of the worker, and how long one occupies a connection. */
  readonly statements: Demand
  readonly statement: number
  /** Attempts that run at the same time for one deploy. */
  readonly attempts: number
  /** What is left of a deploy that is alone, without what it needs of each station: network, disks, the time between two polls. */
  readonly wait: Demand
}

/** Everything on one machine, with so many processors left by other programs; or every part on machines of its own. */
export type Placement =
  | { readonly _tag: "Shared"; readonly processors: number }
  | { readonly _tag: "Apart"; readonly restate: number; readonly database: number }

export interface Setting {
  readonly placement: Placement
  /** Deploys that callers keep open at the same time. */
  readonly inFlight: number
  /** Of each deploy. All deploys go to the same ones. */
  readonly regions: number
  /** Worker processes. One uses at most one processor. */
  readonly replicas: number
  /** `database.pool_size` and `restate.concurrent_attempts` of each. */
  readonly poolSize: number
  readonly concurrentAttempts: number
}

export interface Prediction {
  readonly perSecond: number
  /** Mean time from a call to its answer. */
  readonly millis: number
  /** The resource that sets the highest rate that is possible, and this rate. */
  readonly bottleneck: string
  readonly mostPerSecond: number
}

/** A resource that deploys queue for. */
interface Station {
  readonly name: string
  readonly demand: number
  readonly servers: number
}

export const demandOf = ({ base, perRegion }: Demand, regions: number): number => base + perRegion * regions

/**
 * On a shared machine a deploy queues for the one thread of its worker and, together with all other parts, for the processors;
 * both are stations, because either can be the one that is busy.
 */
const processorsOf = (costs: Costs, { placement, regions, replicas }: Setting): ReadonlyArray<Station> => {
  const of = (part: "worker" | "restate" | "database" | "driver") => demandOf(costs[part], regions)
  const worker = { name: "worker processor", demand: of("worker"), servers: replicas }
  const all = of("worker") + of("restate") + of("database") + of("driver")
  return placement._tag === "Shared"
    ? [worker, { name: "processors", demand: all, servers: placement.processors }]
    : [
        worker,
        { name: "Restate processors", demand: of("restate"), servers: placement.restate },
        { name: "database processors", demand: of("database"), servers: placement.database }
      ]
}

/** Deploys wait for the lock of each region by itself; a deploy holds one at a time. */
const locksOf = ({ regionLock }: Costs, { regions }: Setting): ReadonlyArray<Station> =>
  Array.from({ length: regions }, (_, nth) => ({
    name: `row lock of region ${nth + 1}`,
    demand: regionLock,
    servers: 1
  }))

/** Its time is part of other stations already, so it is a limit and no station. */
const poolOf = (costs: Costs, { poolSize, regions, replicas }: Setting): Station => ({
  name: "connection pool",
  demand: demandOf(costs.statements, regions) * costs.statement,
  servers: poolSize * replicas
})

const rateOf = ({ demand, servers }: Station): number =>
  demand > 0 ? (1000 * servers) / demand : Number.POSITIVE_INFINITY

const lowest = (stations: ReadonlyArray<Station>): Station =>
  stations.reduce((one, other) => (rateOf(other) < rateOf(one) ? other : one))

/**
 * Throughput of a closed queueing network by exact mean value analysis (Reiser and Lavenberg, 1980). A station of several
 * servers is one fast server and a delay (Seidmann, 1987).
 */
const meanValues = (stations: ReadonlyArray<Station>, wait: number, customers: number): number => {
  const demands = stations.map(({ demand, servers }) => demand / servers)
  const delay = stations.reduce(
    (sum, { demand, servers }) => sum + Math.max(0, (demand * (servers - 1)) / servers),
    wait
  )
  let queues = demands.map(() => 0)
  let perMilli = 0
  for (let present = 1; present <= customers; present++) {
    const times = demands.map((demand, nth) => demand * (1 + (queues[nth] ?? 0)))
    perMilli = present / (delay + times.reduce((sum, time) => sum + time, 0))
    queues = times.map((time) => perMilli * time)
  }
  return perMilli * 1000
}

/** Deploys that run at the same time; others wait for an attempt. */
const admitted = ({ attempts }: Costs, { concurrentAttempts, inFlight, replicas }: Setting): number =>
  Math.max(1, Math.min(inFlight, Math.floor((concurrentAttempts * replicas) / attempts)))

/** What a setting gives, from what one deploy costs. */
export const predict = (costs: Costs, setting: Setting): Prediction => {
  const stations = [...processorsOf(costs, setting), ...locksOf(costs, setting)]
  const limit = lowest([...stations, poolOf(costs, setting)])
  const queued = meanValues(stations, demandOf(costs.wait, setting.regions), admitted(costs, setting))
  const perSecond = Math.min(queued, rateOf(limit))
  return {
    perSecond,
    millis: (setting.inFlight * 1000) / perSecond,
    bottleneck: limit.name,
    mostPerSecond: rateOf(limit)
  }
}
