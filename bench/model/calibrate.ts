import { type Costs, type Demand, demandOf } from "./predict.ts"

/** Processor time of each part in milliseconds. */
export interface PartTimes {
  readonly worker: number
  readonly restate: number
  readonly database: number
  readonly driver: number
}

/** One load, as it was measured. */
export interface Point {
  readonly regions: number
  readonly inFlight: number
  readonly deploys: number
  readonly perSecond: number
  readonly meanMillis: number
  readonly p99Millis: number
  readonly seconds: number
  readonly times: PartTimes
  /** Processors that other programs left. */
  readonly processors: number
  /** Attempts that ran at the same time, on average. */
  readonly attempts: number
}

export interface Measured {
  /** Processor time per second without a deploy: polls, probes, gauges. */
  readonly idle: PartTimes
  /** Alone and with some in flight, in the smallest and in the largest number of regions. */
  readonly alone: readonly [Point, Point]
  readonly loaded: readonly [Point, Point]
  readonly changesPerSecond: number
  readonly changesPerDeploy: number
  readonly statements: Demand
  readonly statementMillis: number
}

/** The line through two values. */
const through = ([few, many]: readonly [Point, Point], valueOf: (point: Point) => number): Demand => {
  const perRegion = (valueOf(many) - valueOf(few)) / (many.regions - few.regions)
  return { base: valueOf(few) - perRegion * few.regions, perRegion }
}

const perDeploy = (part: keyof PartTimes, idle: PartTimes) => (point: Point) =>
  Math.max(0, point.times[part] - idle[part] * point.seconds) / point.deploys

/** Costs from the points that are measured for it alone: nothing is fitted to the points that are predicted. */
export const calibrate = ({ alone, changesPerSecond, idle, loaded, ...measured }: Measured): Costs => {
  const timesOf = (part: keyof PartTimes) => through(loaded, perDeploy(part, idle))
  const [worker, restate, database, driver] = [
    timesOf("worker"),
    timesOf("restate"),
    timesOf("database"),
    timesOf("driver")
  ]
  const regionLock = (1000 / changesPerSecond) * measured.changesPerDeploy
  const busy = (regions: number) =>
    // The worker's time counts for its thread and for the machine, as in the stations of the model.
    [worker, worker, restate, database, driver].reduce(
      (sum, demand) => sum + demandOf(demand, regions),
      regionLock * regions
    )
  return {
    worker,
    restate,
    database,
    driver,
    regionLock,
    statements: measured.statements,
    statement: measured.statementMillis,
    attempts: Math.max(1, ...loaded.map(({ attempts, inFlight }) => attempts / inFlight)),
    wait: through(alone, ({ meanMillis, regions }) => Math.max(0, meanMillis - busy(regions)))
  }
}
